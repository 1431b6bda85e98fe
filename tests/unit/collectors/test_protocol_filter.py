"""Which protocols have series: names and kinds."""

from __future__ import annotations

import pathlib

import pytest

from calicometrics.bird.recorded import RecordedBird
from calicometrics.collectors.bgp_timers import BgpTimersCollector
from calicometrics.collectors.bird_protocols import BirdProtocolsCollector
from calicometrics.collectors.protocol_filter import NameOptions, ProtocolOptions
from calicometrics.snapshot import Snapshot


def instances(collector, data: pathlib.Path) -> set[str]:
    """The protocols that have any series in the recording of BIRD 2.0.12."""
    directory = data / "bird/2.0.12/calico-mixed"
    replies = {
        command.replace("_", " "): (directory / f"{command}.raw").read_text()
        for command in ("show_protocols_all", "show_status")
    }
    return {
        dict(sample.labels)["bird_protocol_instance"]
        for family in collector.collect(Snapshot({"bird": RecordedBird(replies)}))
        for sample in family.samples()
    }


def test_every_protocol_has_series_unless_told_otherwise(data: pathlib.Path) -> None:
    found = instances(BirdProtocolsCollector(), data)
    assert {"Node_10_9_0_2", "Mesh_10_9_0_3", "kernel1", "device1"} <= found


def test_a_pattern_is_held_against_the_whole_name(data: pathlib.Path) -> None:
    assert instances(BirdProtocolsCollector(ProtocolOptions(include=("kernel", "Mesh_.*"))), data) == {
        "Mesh_10_9_0_3"
    }


def test_what_is_excluded_stays_out_though_it_is_included(data: pathlib.Path) -> None:
    options = ProtocolOptions(include=("Node_.*",), exclude=(".*_[5-7]",))
    assert instances(BirdProtocolsCollector(options), data) == {"Node_10_9_0_2"}


def test_kinds_are_the_words_that_bird_prints_in_any_case(data: pathlib.Path) -> None:
    found = instances(
        BirdProtocolsCollector(ProtocolOptions(kinds=("bgp",), include=(".*_2|kernel.*",))), data
    )
    assert found == {"Node_10_9_0_2"}


def test_no_include_pattern_shows_nothing(data: pathlib.Path) -> None:
    assert instances(BirdProtocolsCollector(ProtocolOptions(include=())), data) == set()


def test_timers_are_chosen_by_name_too(data: pathlib.Path) -> None:
    assert "Node_10_9_0_2" in instances(BgpTimersCollector(), data)
    assert "Node_10_9_0_2" not in instances(BgpTimersCollector(NameOptions(exclude=("Node_.*",))), data)


def test_a_pattern_that_is_none_is_refused_by_its_text() -> None:
    with pytest.raises(ValueError, match=r"'exclude' has to be a regular expression, not '\(': missing"):
        NameOptions(exclude=("(",))
