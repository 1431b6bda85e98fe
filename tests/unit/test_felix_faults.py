"""Whatever Felix does, BIRD's series are served within the scrape's own time."""

from __future__ import annotations

import logging
import pathlib
import time

import pytest

from calicometrics.bird.client import BirdSocket
from calicometrics.collectors.base import Collector
from calicometrics.collectors.endpoints import EndpointsCollector
from calicometrics.collectors.felix import FelixCollector
from calicometrics.collectors.felix_summaries import FelixSummariesCollector
from calicometrics.exporter import Exporter
from calicometrics.rounds import Round
from calicometrics.sources import HttpSource
from calicometrics.testing.bird import FakeBird
from calicometrics.testing.endpoint import FakeEndpoint

DATA = pathlib.Path(__file__).parents[1] / "data"
PAGE = (DATA / "founding/felix_metrics.prom").read_text()
SCRAPE = 1.0  # seconds that the scrape grants


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        ("refuse", "connection"),
        ("hang", "timeout"),
        ("hang-mid", "timeout"),
        ("cut", "cut"),
        ("drip", "timeout"),
        ("redirect", "redirect"),
        ("bomb", "larger than"),
        ("unavailable", "503"),
    ],
)
def test_birds_series_are_served_in_the_scrapes_time_whatever_felix_does(fault: str, reason: str) -> None:
    with (
        FakeBird.from_directory(DATA / "bird/1.6.8/calico-mixed") as bird,
        FakeEndpoint(PAGE, fault=fault) as felix,
    ):
        pages = {"felix": HttpSource(felix.url, timeout=60, max_page=1024 * 1024)}
        with Exporter({"bird": BirdSocket(bird.path)}, pages) as exporter:
            began = time.monotonic()
            done = exporter.round(timeout=SCRAPE)
            took = time.monotonic() - began
    success = {result.name: result.success for result in done.collectors}
    assert success == {
        "bird_status": True,
        "bird_protocols": True,
        "bgp_timers": True,
        "felix_summaries": False,
    }
    (error,) = next(result.errors for result in done.collectors if result.name == "felix_summaries")
    assert error.startswith(felix.url), "the error names the page"
    assert reason in error
    up = next(family for family in done.families if family.name == "bird_up")
    assert len(up.rows) == 16
    assert took < SCRAPE + 2


def test_felix_that_is_down_costs_only_its_own_series() -> None:
    with FakeEndpoint(PAGE) as gone:
        url = gone.url
    with FakeBird.from_directory(DATA / "bird/1.6.8/calico-mixed") as bird:
        with Exporter({"bird": bird.path}, {"felix": HttpSource(url)}) as exporter:
            done = exporter.round()
    assert [family.name for family in done.families if family.name == "bird_up"] == ["bird_up"]
    assert done.collectors[-1].errors[0].startswith(f"{url}: connect: connection refused")


def test_a_cut_page_is_never_half_a_page() -> None:
    with FakeEndpoint(PAGE, fault="cut") as felix, Exporter({}, {"felix": HttpSource(felix.url)}) as exporter:
        done = exporter.round()
        assert not [family for family in done.families if family.name.startswith("felix_")]
        felix.fault = None
        assert len([family for family in exporter.round().families if family.name.startswith("felix_")]) == 11


SUMMARY = """\
# TYPE felix_rounds counter
felix_rounds 12345
# TYPE felix_apply_seconds summary
felix_apply_seconds_sum 5
felix_apply_seconds_count 12345
"""
PASSING_ON = {
    "felix": FelixCollector,
    "felix_summaries": FelixSummariesCollector,
    "endpoints": EndpointsCollector,
}


def passed_on(collector: str, page: str | bytes) -> Round:
    """A round of one collector that passes a page on; the page is Felix', or an endpoint's."""
    made: Collector = PASSING_ON[collector]()
    name = "typha" if collector == "endpoints" else "felix"
    with FakeEndpoint(page) as endpoint:
        with Exporter({}, {name: HttpSource(endpoint.url)}, collectors=[made]) as exporter:
            return exporter.round()


@pytest.mark.parametrize("collector", PASSING_ON)
@pytest.mark.parametrize(
    ("page", "reason"),
    [
        (SUMMARY[:-4], "the last line does not end with a line feed: the page is cut off"),
        (SUMMARY[:-1], "the last line does not end with a line feed: the page is cut off"),
        ("<html>\n<body>hi</body></html>\n", "an HTML or XML document, not the text format"),
        ("", "there is no metric family on it"),
        ("# TYPE felix_rounds counter\n", "there is no metric family on it"),
        (SUMMARY.encode("utf-16"), "the last line does not end with a line feed: the page is cut off"),
        ("out of luck\n", "expected a number as the value"),
    ],
    ids=["cut in a number", "no last line feed", "html", "empty", "no samples", "utf-16", "no metrics"],
)
def test_a_page_that_is_cut_or_none_is_an_error_of_its_source(
    collector: str, page: str | bytes, reason: str
) -> None:
    """An answer that ends with its connection tells no length: only the page's last line feed says that it is whole."""
    (result,) = passed_on(collector, page).collectors
    assert not result.success
    assert result.families == ()
    (error,) = result.errors
    assert error.startswith("typha: " if collector == "endpoints" else "felix: ")
    assert reason in error


@pytest.mark.parametrize("collector", PASSING_ON)
def test_a_bad_line_is_told_and_the_rest_of_its_page_is_served(collector: str) -> None:
    (result,) = passed_on(collector, SUMMARY + "felix_bad x\n").collectors
    assert not result.success
    assert "felix_apply_seconds" in [family.name for family in result.families]
    (error,) = result.errors
    assert error.startswith("line 6: typha: " if collector == "endpoints" else "line 6: felix: ")


def test_of_many_bad_lines_the_first_ones_are_told_once(caplog: pytest.LogCaptureFixture) -> None:
    page = SUMMARY + "".join(f"felix_bad_{n}\n" for n in range(100))
    with FakeEndpoint(page) as felix, caplog.at_level(logging.INFO):
        collectors = [FelixCollector(), FelixSummariesCollector()]
        with Exporter({}, {"felix": HttpSource(felix.url)}, collectors=collectors) as exporter:
            first, _ = exporter.round(), exporter.round()
            assert [len(result.errors) for result in first.collectors] == [10, 10]
            assert len(caplog.records) == 10
            felix.page = SUMMARY
            assert exporter.round().success
