"""Whatever Felix does, BIRD's series are served within the scrape's own time."""

from __future__ import annotations

import pathlib
import time

import pytest

from calicometrics.bird.client import BirdSocket
from calicometrics.exporter import Exporter
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
