"""docs/metrics.md is what `calicometrics metrics` prints of the recordings."""

from __future__ import annotations

import json
import pathlib
import re

from calicometrics.cli import main
from calicometrics.collectors import built_in_collectors
from calicometrics.felix.catalogue import catalogue
from calicometrics.own_families import OWN_FAMILIES
from calicometrics.sinks.health import SPECS as SPECS_OF_SINKS
from calicometrics.sinks.statsd import DROPPED

ROOT = pathlib.Path(__file__).parents[2]
SCENARIOS = (
    "3.3.2/epoch",
    "2.0.12/epoch",
    "1.6.8/epoch",
    "2.0.12/recovery",
    "1.6.8/errors",
    "2.0.12/neighbor-restarts",
)
COMMAND = ("metrics", "--all", *(f"--examples={ROOT}/tests/data/bird/{scenario}" for scenario in SCENARIOS))
SPECS = [
    *(spec for collector in built_in_collectors() for spec in collector.families),
    *OWN_FAMILIES,
    *SPECS_OF_SINKS,
    DROPPED,
]


def page() -> str:
    return (ROOT / "docs/metrics.md").read_text()


def test_the_page_is_not_stale(capsys) -> None:
    assert main(COMMAND) == 0
    assert capsys.readouterr().out == page(), f"calicometrics {' '.join(COMMAND)} > docs/metrics.md"


def test_every_family_has_its_row_and_an_example() -> None:
    text = page()
    for spec in SPECS:
        assert f"| `{spec.name}` | {spec.type} |" in text
        example = re.search(rf"^{spec.name}\{{(.*)\}} \S+$", text, re.MULTILINE)
        assert example is not None, spec.name
        assert set(re.findall(r'(\w+)="', example[1])) == set(spec.all_label_names), spec.name


def test_pages_that_are_passed_through_have_what_is_known_of_them() -> None:
    text = page()
    for collector, component, wanted in (
        ("felix_summaries", "felix", lambda entry: entry.type == "summary"),
        ("felix", "felix", lambda entry: True),
        ("endpoints", "typha", lambda entry: True),
        ("endpoints", "kube-controllers", lambda entry: True),
    ):
        section = text.partition(f"\n## {collector}\n")[2].partition("\n## ")[0]
        entries = [entry for entry in catalogue() if entry.component == component and wanted(entry)]
        assert entries
        for entry in entries:
            if collector != "felix_summaries" or entry.name.startswith("felix_"):
                assert f"| `{entry.name}` | {component} | {entry.type or ''} |" in section, entry.name
    summaries = text.partition("\n## felix_summaries\n")[2].partition("\n## ")[0]
    assert "`felix_resync_state`" in summaries
    assert "| counter |" not in summaries


def test_the_families_of_pages_are_in_the_json_too(capsys) -> None:
    assert main(["metrics", "--all", "--format=json"]) == 0
    shown = json.loads(capsys.readouterr().out)
    assert "felix_int_dataplane_apply_time_seconds" in {entry["name"] for entry in shown["felix_summaries"]}
    assert {"typha", "kube-controllers"} <= {entry["component"] for entry in shown["endpoints"]}


def test_every_family_of_bird_names_the_line_it_comes_from() -> None:
    assert [spec.name for spec in SPECS if spec.name.startswith("bird_") and not spec.source] == []


def test_the_page_says_which_collectors_are_on() -> None:
    text = page()
    for collector in built_in_collectors():
        _, _, section = text.partition(f"\n## {collector.name}\n")
        said = section.strip().partition("\n")[0]
        assert ("on by default" in said) == collector.enabled_by_default, collector.name


def test_without_examples_there_are_none(capsys) -> None:
    assert main(("metrics",)) == 0
    out = capsys.readouterr().out
    assert "For example" not in out
    assert "bird_memory" not in out
