"""The page on performance is what the results say, and says of each target whether it is met."""

from __future__ import annotations

import json
import pathlib

import pytest
from benchmarks import report

RESULTS = json.loads(report.RESULTS.read_text(encoding="utf-8"))


def test_the_page_is_made_of_the_results() -> None:
    assert report.PAGE.read_text(encoding="utf-8") == report.page(RESULTS), "python -m benchmarks.report"


def test_the_plot_is_there() -> None:
    assert "<svg" in report.PLOT.read_text(encoding="utf-8")


def test_every_target_is_on_the_page_as_met_or_missed() -> None:
    page = report.page(RESULTS)
    lines = report.targets(RESULTS)
    assert len(lines) == 10
    for line in lines:
        verdict = "met" if line.met else "**missed**"
        assert f"| {line.what} | {line.target} | {line.figure} | {verdict} |" in page


@pytest.mark.parametrize(("figure", "met"), [(9.99, False), (10.0, True)])
def test_a_target_is_met_from_its_figure_on(figure: float, met: bool) -> None:
    results = json.loads(json.dumps(RESULTS))
    results["bird3_tenth_changed"]["warm_ratio"] = figure
    assert report.targets(results)[0].met is met


def test_the_results_are_those_of_ten_thousand_peers_of_which_all_changed_too() -> None:
    for key, share in (
        ("bird3_tenth_changed", 0.1),
        ("bird3_all_changed", 1.0),
        ("bird1_tenth_changed", 0.1),
    ):
        assert (RESULTS[key]["peers"], RESULTS[key]["share_changed"]) == (10_000, share)
    assert [one["peers"] for one in RESULTS["growth"]] == [1_000, 10_000, 100_000]
    assert pathlib.Path(report.PLOT).stat().st_size < 200_000
