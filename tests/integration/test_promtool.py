"""What is written as text, read by Prometheus' own parser: ``promtool check metrics`` (Debian package prometheus)."""

import importlib.util
import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from calicometrics.exposition.parser import parse_exposition
from calicometrics.exposition.writer import render_text

pytestmark = [
    pytest.mark.integration,
    pytest.mark.skipif(
        shutil.which("promtool") is None, reason="promtool is not installed (package prometheus)"
    ),
]

UNIT = Path(__file__).parents[1] / "unit" / "exposition"
CASES = UNIT / "cases"
# promtool's exit status when it has read a page and only dislikes its names; 1 is a page that it cannot read.
STYLE_ONLY = 3

spec = importlib.util.spec_from_file_location("strategies", UNIT / "strategies.py")
strategies = importlib.util.module_from_spec(spec)
spec.loader.exec_module(strategies)


def check(document):
    """Run promtool; return the line that it calls bad (None if none) and what it says."""
    run = subprocess.run(
        ["promtool", "check", "metrics"],
        input=document.encode("utf-8", "surrogateescape"),
        capture_output=True,
        check=False,
        timeout=30,
    )
    text = run.stderr.decode("utf-8", "replace")
    error = re.search(r"text format parsing error in line (\d+)", text)
    if error is None:
        assert run.returncode in {0, STYLE_ONLY}, text
    return (int(error[1]) if error else None), text


def written(families):
    return "".join(render_text(families))


def load(kind):
    cases = []
    for path in sorted(CASES.glob(f"{kind}/*.case")):
        head, _, document = path.read_bytes().partition(b"\n====\n")
        cases.append(
            pytest.param(json.loads(head), document.decode("utf-8", "surrogateescape"), id=path.stem)
        )
    return cases


def skip_if_newer(head):
    """Skip a case that Debian 12's promtool (2.42) is too old for; the case says so, and why."""
    if "newer" in head:
        pytest.skip(f"newer than promtool 2.42: {head['newer']}")


@pytest.mark.parametrize("page", ["felix_metrics.prom", "bird_metrics.prom"])
def test_the_founding_documents_pages_are_accepted(page):
    families = parse_exposition((CASES / page).read_text(encoding="utf-8"))

    assert check(written(families))[0] is None


@pytest.mark.parametrize(("head", "document"), load("good"))
def test_promtool_accepts_the_good_cases_and_what_is_written_of_them(head, document):
    skip_if_newer(head)
    assert check(document)[0] is None
    assert check(written(parse_exposition(document)))[0] is None


@pytest.mark.parametrize(("head", "document"), load("bad"))
def test_promtool_calls_the_same_line_bad(head, document):
    skip_if_newer(head)
    left_to_callers = head["reason"] == "with the same labels and timestamp"

    assert check(document)[0] == (None if left_to_callers else head["line"])


@settings(max_examples=60, deadline=None)  # each example starts a process
@given(st.lists(strategies.classic_pages(), min_size=1, max_size=4))
def test_promtool_accepts_hypothesis_made_families(pages):
    distinct = {family.name.removesuffix("_total"): family for page in pages for family in page}

    assert check(written(distinct.values()))[0] is None


def test_promtool_accepts_escapes_numbers_and_timestamps():
    document = 'a{b="\\\\ \\" \\n {}"} 1e+06 -5\na{b=""} NaN\nb{c="\u4eac\0"} -Inf 1520879607789\n'

    assert check(written(parse_exposition(document)))[0] is None
