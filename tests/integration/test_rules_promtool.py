"""The rules in the hands of promtool: it parses them, and runs the cases of tests/rules."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from calicometrics import dashboard, rules

ROOT = Path(__file__).parents[2]
CASES = ROOT / "tests" / "rules"
PROMTOOL = shutil.which("promtool")

pytestmark = [
    pytest.mark.integration,
    pytest.mark.outside,
    pytest.mark.skipif(PROMTOOL is None, reason="needs promtool (Debian: prometheus)"),
]


def promtool(*arguments):
    return subprocess.run(
        [PROMTOOL, *map(str, arguments)], capture_output=True, text=True, timeout=100, check=False
    )


@pytest.fixture
def tree(tmp_path):
    """A copy of the cases beside freshly rendered rules, at the places that the cases name."""
    target = tmp_path / "deploy" / "prometheus"
    target.mkdir(parents=True)
    (target / "calicometrics.rules.yaml").write_text(rules.render())
    (target / "original.rules.yaml").write_text(rules.render(original=True))
    shutil.copytree(CASES, tmp_path / "tests" / "rules")
    return tmp_path


@pytest.mark.parametrize("name", ["calicometrics", "original"])
def test_promtool_accepts_the_rules_without_a_lint(tree, name):
    result = promtool("check", "rules", "--lint-fatal", tree / "deploy" / "prometheus" / f"{name}.rules.yaml")
    assert result.returncode == 0, result.stdout + result.stderr
    count = sum(len(group.rules) for group in rules.groups(original=name == "original"))
    assert f"SUCCESS: {count} rules found" in result.stdout


@pytest.mark.parametrize("case", sorted(CASES.glob("*.test.yaml")), ids=lambda path: path.name)
def test_the_cases_hold(tree, case):
    result = promtool("test", "rules", tree / "tests" / "rules" / case.name)
    assert result.returncode == 0, result.stdout + result.stderr


def test_an_alert_that_never_fires_breaks_a_case(tree):
    """The cases are no tests unless they can fail: with every alert silenced, promtool misses each one by name."""
    for name in ("calicometrics", "original"):
        path = tree / "deploy" / "prometheus" / f"{name}.rules.yaml"
        document = yaml.safe_load(path.read_text())
        for rule in (rule for group in document["groups"] for rule in group["rules"] if "alert" in rule):
            rule["expr"] = "vector(0) > 1"
        path.write_text(yaml.safe_dump(document))
    result = promtool("test", "rules", *sorted((tree / "tests" / "rules").glob("*.test.yaml")))
    assert result.returncode == 1
    missed = set(re.findall(r"\w+", result.stdout + result.stderr))
    everything = [*rules.alerts(), *rules.alerts(original=True)]
    assert [alert.name for alert in everything if alert.name not in missed] == []


def test_promtool_parses_every_expression_of_the_dashboard(tmp_path):
    panels = [
        {"record": f"panel:number:{number}", "expr": text}
        for number, text in enumerate(dashboard.expressions())
    ]
    path = tmp_path / "panels.yaml"
    path.write_text(yaml.safe_dump({"groups": [{"name": "panels", "rules": panels}]}))
    result = promtool("check", "rules", path)
    assert result.returncode == 0, result.stdout + result.stderr
    assert f"SUCCESS: {len(panels)} rules found" in result.stdout
