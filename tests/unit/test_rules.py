"""The rules as data, the file they render to, and the pages they point at."""

import re
from pathlib import Path

import pytest
import yaml

from calicometrics import rules
from calicometrics.rules.emit import rule_file
from calicometrics.rules.model import Alert, Group, Record

ROOT = Path(__file__).parents[2]
RUNBOOKS = ROOT / "docs" / "runbooks"
ORIGINAL = {
    "calico_dataplane_failures_high_1h",
    "calico_dataplane_address_msg_batch_size_high_5m",
    "calico_dataplane_iface_msg_batch_size_high_5m",
    "calico_ipset_errors_high_1h",
    "calico_iptable_save_errors_high_1h",
    "calico_iptable_restore_errors_high_1h",
    "calico_node_down_5m",
    "bird_bgp_state_inactive_3m",
}
IMPROVED = list(rules.alerts())
BOTH = [*IMPROVED, *rules.alerts(original=True)]


def named(alert):
    return alert.name


def original(name):
    return next(alert for alert in rules.alerts(original=True) if alert.name == name)


def test_the_original_set_is_the_founding_documents_eight_rules():
    assert {alert.name for alert in rules.alerts(original=True)} == ORIGINAL


def test_the_original_expressions_are_the_documents():
    assert original("calico_node_down_5m").expr == 'up{job="calico-node"} == 0'
    assert original("bird_bgp_state_inactive_3m").expr == 'bird_bgp_state{bird_bgp_state!="Established"} == 1'
    assert original("calico_iptable_save_errors_high_1h").expr == (
        "absent(felix_iptables_save_errors) OR increase(felix_iptables_save_errors[1h]) > 5"
    )
    assert original("calico_dataplane_iface_msg_batch_size_high_5m").expr == (
        "absent(felix_int_dataplane_iface_msg_batch_size_sum)"
        " OR absent(felix_int_dataplane_iface_msg_batch_size_count)"
        " OR (felix_int_dataplane_iface_msg_batch_size_sum / felix_int_dataplane_iface_msg_batch_size_count) > 5"
    )


@pytest.mark.parametrize("original", [False, True])
def test_a_rendered_set_reads_back_as_the_rules_it_was_made_of(original):
    document = yaml.safe_load(rules.render(original, runbooks="https://docs.example/runbooks/"))
    groups = rules.groups(original=original)
    assert [group["name"] for group in document["groups"]] == [group.name for group in groups]
    for group, read in zip(groups, document["groups"], strict=True):
        for rule, found in zip(group.rules, read["rules"], strict=True):
            assert [line.strip() for line in found["expr"].splitlines()] == [
                line.strip() for line in rule.expr.strip().splitlines()
            ]
            if isinstance(rule, Record):
                assert found["record"] == rule.name
                continue
            assert found["alert"] == rule.name
            assert found.get("for", "") == rule.hold
            assert found["labels"] == {"severity": rule.severity}
            assert found["annotations"] == {
                "summary": rule.summary,
                "description": rule.description,
                "runbook_url": f"https://docs.example/runbooks/{rule.runbook}",
            }


def test_texts_with_quotes_backslashes_and_newlines_survive_the_rule_file():
    nasty = 'say "no" \\ to: {{ $labels.x }}\n# and é'
    text = rule_file([Group("g", (Alert("A", "up == 0", "info", nasty, nasty),))], "docs")
    (rule,) = yaml.safe_load(text)["groups"][0]["rules"]
    assert rule["annotations"]["summary"] == rule["annotations"]["description"] == nasty


def test_an_expression_whose_first_line_is_indented_keeps_its_lines():
    text = rule_file([Group("g", (Record("a:b:c", "\n      up\n    or\n      down\n    "),))], "docs")
    assert yaml.safe_load(text)["groups"][0]["rules"] == [{"record": "a:b:c", "expr": "  up\nor\n  down"}]


def test_the_custom_resource_holds_the_same_groups():
    resource = yaml.safe_load(rules.render_custom_resource())
    assert resource["kind"] == "PrometheusRule"
    assert resource["spec"] == yaml.safe_load(rules.render())
    assert yaml.safe_load(rules.render_custom_resource(original=True))["metadata"]["name"] == (
        "calicometrics-original"
    )


def test_each_rule_belongs_to_one_scope_and_those_that_count_nodes_to_the_clusters():
    every, node, cluster = (rules.groups(scope=scope) for scope in (None, "node", "cluster"))
    assert sorted(group.name for group in every) == sorted(group.name for group in (*node, *cluster))
    assert {rule.name for group in cluster for rule in group.rules} == {
        "BirdMeshIncomplete",
        "FelixMissing",
        "CalicometricsAbsent",
        "CalicometricsNodesMissing",
    }
    assert yaml.safe_load(rules.render(scope="cluster"))["groups"] == [
        group
        for group in yaml.safe_load(rules.render())["groups"]
        if group["name"] == "calicometrics.cluster"
    ]


def test_no_two_rules_of_both_sets_share_a_name():
    names = [rule.name for o in (False, True) for group in rules.groups(original=o) for rule in group.rules]
    assert len(names) == len(set(names))


@pytest.mark.parametrize("alert", IMPROVED, ids=named)
def test_an_improved_alert_says_what_it_is_and_how_bad(alert):
    assert alert.severity in {"critical", "warning", "info"}
    assert not alert.summary.endswith(".")
    assert alert.description.endswith(".")
    assert alert.summary.rstrip(".") not in alert.description


@pytest.mark.parametrize("alert", IMPROVED, ids=named)
def test_every_alert_has_a_runbook_that_says_what_how_and_what_to_do(alert):
    page = (RUNBOOKS / alert.runbook).read_text()
    assert page.startswith(f"# {alert.name}\n")
    for heading in ("## Meaning", "## Impact", "## Check", "## Act"):
        assert f"\n{heading}\n" in page, heading


def test_every_original_alert_has_its_section():
    page = (RUNBOOKS / "original.md").read_text()
    for alert in rules.alerts(original=True):
        assert f"\n## {alert.name}\n" in page
        assert alert.runbook == f"original.md#{alert.name}"


def test_no_runbook_is_left_of_an_alert_that_is_gone():
    pages = {path.name for path in RUNBOOKS.glob("*.md")}
    assert pages == {alert.runbook for alert in IMPROVED} | {"README.md", "original.md"}


def test_the_index_lists_every_alert_with_its_severity_and_hold():
    rows = re.findall(
        r"^\| \[(\w+)\]\(\1\.md\) \| (\w+) \| ([\w—]+) \|", (RUNBOOKS / "README.md").read_text(), re.MULTILINE
    )
    assert rows == [(alert.name, alert.severity, alert.hold or "—") for alert in IMPROVED]


def test_the_index_lists_every_recording_rule():
    page = (RUNBOOKS / "README.md").read_text()
    for group in rules.groups():
        for rule in group.rules:
            assert not isinstance(rule, Record) or f"| `{rule.name}` |" in page


@pytest.mark.parametrize("alert", BOTH, ids=named)
def test_every_alert_is_named_in_a_promtool_test(alert):
    tests = "\n".join(path.read_text() for path in (ROOT / "tests" / "rules").glob("*.test.yaml"))
    patterns = re.findall(r'alertname=~"([^"]+)"', tests)
    exact = f'alertname="{alert.name}"' in tests or f"alertname: {alert.name}\n" in tests
    assert exact or any(re.fullmatch(pattern, alert.name) for pattern in patterns)
