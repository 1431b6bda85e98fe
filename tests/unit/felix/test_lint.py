"""Findings about metric names: unknown, gone, mistyped, and none about what may be anybody's."""

import pytest

from calicometrics import dashboard, rules
from calicometrics.errors import SourceError
from calicometrics.felix.lint import Finding, lint_expression, lint_files, lint_text

OURS = {"bird_bgp_peer_up", "bird_hold_timer_current", "calicometrics_build_info"}


def complaints(expression, known=()):
    return [(finding.name, finding.message) for finding in lint_expression(expression, known)]


@pytest.mark.parametrize(
    "expression",
    [
        "felix_host",
        'felix_int_dataplane_apply_time_seconds{quantile="0.99"}',
        "rate(felix_exec_time_micros_sum[5m]) / rate(felix_exec_time_micros_count[5m])",
        "histogram_quantile(0.9, rate(felix_collector_dumpstats_latency_seconds_bucket[5m]))",
        "felix_bpf_conntrack_expired + felix_bpf_conntrack_expired_total",
        "typha_ping_latency + ipam_blocks + calico_migration_phase + wireguard_meta + goldmane_num_streams",
    ],
)
def test_names_that_exist_are_no_findings(expression):
    assert complaints(expression) == []


@pytest.mark.parametrize(
    "expression",
    [
        "up",
        "felix",
        "node_load1",
        "bird_protocol_up",
        "calicometrics_x",
        "felix_x:rate5m",
        "my_felix_x",
        "go_goroutines",
    ],
)
def test_names_of_nobody_we_know_are_no_findings(expression):
    assert complaints(expression) == []


@pytest.mark.parametrize(
    ("name", "message"),
    [
        (
            "felix_ipset_errors_total",
            "Felix has no such metric, up to Calico v3.33; is it felix_ipset_errors?",
        ),
        (
            "felix_bpf_conntrack_maglev_entries",
            "Felix has no such metric, up to Calico v3.33; is it felix_bpf_conntrack_maglev_entries_total?",
        ),
        ("felix_resync_stat", "Felix has no such metric, up to Calico v3.33; is it felix_resync_state?"),
        (
            "felix_exec_time_micros_bucket",
            "Felix has no such metric, up to Calico v3.33; is it felix_exec_time_micros_count?",
        ),
        (
            "typha_conections_active",
            "Typha has no such metric, up to Calico v3.33; is it typha_connections_active?",
        ),
        (
            "ipam_pool_size",
            "kube-controllers has no such metric, up to Calico v3.33; is it ipam_ippool_size?",
        ),
        ("felix_denied_packets", "Felix has no such metric, up to Calico v3.33"),
        (
            "calico_denied_packets",
            "open-source Calico has no such metric: it is one of Calico Enterprise and Calico Cloud",
        ),
        (
            "felix_collector_dumpstats_latency_seconds",
            (
                "a histogram has no series of this name, but felix_collector_dumpstats_latency_seconds_bucket, "
                "felix_collector_dumpstats_latency_seconds_sum and felix_collector_dumpstats_latency_seconds_count"
            ),
        ),
        ("felix_active_local_tags", "gone since Calico v3.23, v3.22 was the last to have it"),
        ("felix_iptables_lock_retries", "gone since Calico v3.32, v3.31 was the last to have it"),
        (
            "felix_route_table_list_seconds_sum",
            (
                "gone since Calico v3.29, v3.28 was the last to have it; use felix_route_table_resync_seconds_sum or "
                "felix_route_table_partial_resync_seconds_sum"
            ),
        ),
    ],
)
def test_a_name_that_does_not_exist_is_a_finding_with_the_reason(name, message):
    assert complaints(f"rate({name}[5m]) > 0") == [(name, message)]


def test_names_of_ours_are_checked_when_they_are_given():
    expression = "bird_bgp_peer_up == 0 and bird_hold_timer_curent and calicometrics_nonsense"
    assert complaints(expression) == []
    assert complaints(expression, OURS) == [
        ("bird_hold_timer_curent", "calicometrics has no such metric; is it bird_hold_timer_current?"),
        ("calicometrics_nonsense", "calicometrics has no such metric"),
    ]


def test_a_known_name_is_known_in_every_namespace():
    assert complaints("felix_custom", {"felix_custom"}) == []


RULES = """\
groups:
  - name: a
    rules:
      - record: felix_own
        expr: sum(felix_host)
      - alert: A
        expr: |
          felix_own > 1
            or felix_nonsense > 1
"""


def test_a_documents_findings_have_the_line_and_the_expression():
    (finding,) = lint_text(RULES)
    expression = "felix_own > 1\n            or felix_nonsense > 1"
    assert finding == Finding(
        "felix_nonsense", "Felix has no such metric, up to Calico v3.33", expression, None, 7
    )
    assert str(finding) == "-:7: felix_nonsense: Felix has no such metric, up to Calico v3.33"


def test_what_one_file_records_another_may_use(tmp_path):
    recording, using = tmp_path / "recording.yaml", tmp_path / "dashboard.json"
    recording.write_text("- record: felix_own\n  expr: felix_host\n")
    using.write_text('{"targets": [\n{"expr": "felix_own"},\n{"expr": "felix_other"}]}\n')
    (finding,) = lint_files([recording, str(using)])
    assert (finding.file, finding.line, finding.name) == (str(using), 3, "felix_other")
    assert str(finding).startswith(f"{using}:3: felix_other: Felix has no such metric")
    assert [finding.name for finding in lint_files([using])] == ["felix_own", "felix_other"]


def test_recording_a_name_does_not_put_our_namespaces_to_the_test():
    assert lint_text("- record: felix_own\n  expr: bird_protocol_up\n") == []


def test_a_file_that_cannot_be_read_is_an_error_that_names_it(tmp_path):
    with pytest.raises(SourceError, match="none.yaml: open: no such file"):
        lint_files([tmp_path / "none.yaml"])


def test_our_own_rules_and_dashboard_ask_for_names_that_exist():
    assert lint_text(rules.render()) == []
    assert lint_text(rules.render(original=True)) == []
    assert [finding for one in dashboard.expressions() for finding in lint_expression(one)] == []
