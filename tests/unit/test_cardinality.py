"""The series that each collector makes of one peer, as docs/cardinality.md tells them."""

from __future__ import annotations

import pathlib
import re

import pytest

from calicometrics.bird.recorded import RecordedBird
from calicometrics.collectors import built_in_collectors
from calicometrics.snapshot import Snapshot

ROOT = pathlib.Path(__file__).parents[2]
PAGE = (ROOT / "docs/cardinality.md").read_text()
ROWS = re.findall(
    r"^\| (established|not established)[^|]*\| (\S+) \| `(\S+)` \| (\d+) \| (\d+) \| (\d+) \|$",
    PAGE,
    re.MULTILINE,
)
COLLECTORS = {collector.name: collector for collector in built_in_collectors()}


def series(collector: str, version: str, peer: str | None = None) -> int:
    """How many series a collector makes of a recording, or of one peer in it."""
    directory = ROOT / f"tests/data/bird/{version}/calico-mixed"
    replies = {path.stem.replace("_", " "): path.read_text() for path in directory.glob("show_*.raw")}
    return sum(
        peer is None or dict(sample.labels).get("bird_protocol_instance") == peer
        for family in COLLECTORS[collector]().collect(Snapshot({"bird": RecordedBird(replies)}))
        for sample in family.samples()
    )


def test_the_page_has_rows() -> None:
    assert len(ROWS) == 6


@pytest.mark.parametrize(("state", "version", "peer", "channels", "protocols", "timers"), ROWS)
def test_the_series_of_a_peer_are_as_documented(
    state: str, version: str, peer: str, channels: str, protocols: str, timers: str
) -> None:
    text = (ROOT / f"tests/data/bird/{version}/calico-mixed/show_protocols_all.raw").read_text()
    assert (re.search(rf"{peer} +BGP .* Established ", text) is not None) == (state == "established")
    section = text.partition(f"-{peer} ")[2].partition("\n \n")[0]
    assert max(section.count("  Channel "), 1) == int(channels)
    assert series("bird_protocols", version, peer) == int(protocols)
    assert series("bgp_timers", version, peer) == int(timers)


@pytest.mark.parametrize("version", ["1.6.8", "2.0.12", "3.3.2"])
def test_a_summary_has_as_many_series_whatever_the_peers(version: str) -> None:
    (documented,) = re.findall(r"^`bgp_summary` has (\d+) series", PAGE, re.MULTILINE)
    assert series("bgp_summary", version) == int(documented)
