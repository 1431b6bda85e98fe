"""docs/reliability.md says nothing that is not so."""

from __future__ import annotations

import json
import pathlib
import re

import pytest

ROOT = pathlib.Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "reliability.md").read_text(encoding="utf-8")
NAMED = sorted(set(re.findall(r"`(test_\w+)`", PAGE)))


@pytest.fixture(scope="module")
def existing() -> set[str]:
    files = [*(ROOT / "tests").rglob("test_*.py"), *(ROOT / "plugins").glob("*/tests/test_*.py")]
    text = "\n".join(path.read_text(encoding="utf-8") for path in files)
    return set(re.findall(r"^ *(?:async )?def (test_\w+)\(", text, re.MULTILINE))


@pytest.mark.parametrize("name", NAMED)
def test_a_test_named_on_the_page_exists(existing: set[str], name: str) -> None:
    assert name in existing


def test_each_hazard_names_a_test() -> None:
    rows = [line for line in PAGE.partition("\n## ")[0].splitlines() if line.startswith("| ")][1:]
    assert rows
    for row in rows:
        assert "`test_" in row.split(" | ")[2], row


def test_the_figures_of_the_soak_are_those_of_its_results() -> None:
    results = json.loads((ROOT / "tests" / "soak" / "results.json").read_text(encoding="utf-8"))
    assert results["problems"] == {}
    for key in ("pages", "counters", "felix_faults", "felix_resets", "reloads", "restarts", "agents"):
        assert re.search(rf"\| {key} \| {results[key]:,} \|", PAGE), key
    for key in ("descriptors", "threads", "rss_mb"):
        row = rf"\| {key} \| {results['early'][key]:.0f} \| {results['late'][key]:.0f} \|"
        assert re.search(row, PAGE), key
    assert " · ".join(map(str, results["rss_course_mb"])) in PAGE


def test_every_fuzz_target_is_on_the_page() -> None:
    targets = {path.name for path in (ROOT / "tests" / "fuzz").glob("fuzz_*.py")}
    assert targets == set(re.findall(r"`(fuzz_\w+\.py)`", PAGE))
