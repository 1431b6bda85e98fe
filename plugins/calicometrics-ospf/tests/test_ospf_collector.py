"""The collector ``ospf`` on recorded replies, over a control socket."""

from __future__ import annotations

import pathlib

import pytest

import calicometrics_ospf
from calicometrics import BirdSocket, ParseError, Snapshot
from calicometrics.plugins import Plugin, Plugins
from calicometrics.testing.bird import FakeBird
from calicometrics_ospf.collector import OspfCollector
from calicometrics_ospf.commands import quoted

DATA = pathlib.Path(__file__).parent / "data"
Samples = dict[str, dict[tuple[str, ...], float]]
BACKBONE = "0.0.0.0"


def collect(bird: FakeBird) -> tuple[Samples, list[str]]:
    """One round: family → label values behind the daemon's → value; and what went wrong."""
    snapshot = Snapshot({"bird": BirdSocket(bird.path)})
    try:
        families = {
            family.name: {
                tuple(text for _, text in sample.labels[1:]): sample.value for sample in family.samples()
            }
            for family in OspfCollector().collect(snapshot)
        }
    finally:
        snapshot.close()
    return families, [str(failure) for failure in snapshot.failures]


def recorded(scenario: str) -> FakeBird:
    return FakeBird.from_directory(DATA / scenario)


def asked(bird: FakeBird) -> list[str]:
    return [command for command in bird.commands if command.startswith("show ospf")]


def up(*names: str) -> str:
    """A table of OSPF protocols that are up."""
    rows = "".join(
        f"1002-{name}      OSPF       master4    up     04:45:13.726  Running\n \n" for name in names
    )
    return f"2002-Name       Proto      Table      State  Since         Info\n{rows}0000 "


def test_areas_count_interfaces_neighbors_and_adjacencies() -> None:
    with recorded("2.0.12") as bird:
        families, failures = collect(bird)
        assert asked(bird) == ["show ospf", "show ospf neighbors ospf1", "show ospf neighbors ospf6"]
    assert failures == []
    counts = {("ospf1", BACKBONE): 2, ("ospf6", BACKBONE): 1}
    for what in ("interfaces", "neighbors", "adjacent_neighbors"):
        assert families[f"bird_ospf_area_{what}"] == counts
    assert families["bird_ospf_area_info"] == {(*area, "normal"): 1 for area in counts}
    assert families["bird_ospf_lsas"] == {("ospf1",): 9, ("ospf6",): 9}
    assert families["bird_ospf_stub_router"] == {("ospf1",): 0, ("ospf6",): 0}


def test_neighbors_have_state_role_and_timer() -> None:
    with recorded("2.0.12") as bird:
        families, _ = collect(bird)
    first = ("ospf1", "va", "10.9.0.2", "10.9.0.2")
    second = ("ospf1", "va", "10.10.0.5", "10.9.0.2")
    third = ("ospf6", "va", "fe80::40de:94ff:fe8a:e272", "10.9.0.2")
    assert families["bird_ospf_neighbor_adjacent"] == {first: 1, second: 1, third: 1}
    assert set(families["bird_ospf_neighbor_state"]) == {(*n, "Full") for n in (first, second, third)}
    assert set(families["bird_ospf_neighbor_role"]) == {(*n, "DR") for n in (first, second, third)}
    assert families["bird_ospf_neighbor_dead_remaining_seconds"] == {
        first: 7.998,
        second: 7.998,
        third: 7.424,
    }
    assert families["bird_ospf_neighbor_priority"] == {first: 1, second: 1, third: 1}


@pytest.mark.parametrize("version", ["1.6.8", "2.0.12"])
def test_a_name_that_is_no_plain_symbol_is_quoted(version: str) -> None:
    with recorded(f"{version}-two-areas") as bird:
        families, failures = collect(bird)
        assert asked(bird) == ["show ospf", "show ospf neighbors 'ospf-1'"]
    assert failures == []
    assert families["bird_ospf_area_info"] == {
        ("ospf-1", BACKBONE, "normal"): 1,
        ("ospf-1", "0.0.0.7", "nssa"): 1,
    }
    assert families["bird_ospf_neighbor_adjacent"] == {("ospf-1", "v", "10.2.0.1", "10.2.0.1"): 1}


def test_a_name_that_bird_would_not_allow_is_never_sent() -> None:
    assert quoted("ospf_1") == "ospf_1"
    assert quoted("1a.b:c") == "'1a.b:c'"
    with pytest.raises(ParseError, match="is no name that BIRD allows"):
        quoted("a' all")
    with FakeBird({"show protocols all": up("a'b"), "show ospf": "1014-a'b:\n0000 "}) as bird:
        _, failures = collect(bird)
        assert asked(bird) == ["show ospf"]
    assert failures == ['"a\'b" is no name that BIRD allows']


@pytest.mark.parametrize("scenario", ["2.0.12-none", "bgp only"])
def test_a_daemon_without_ospf_gets_no_command_and_has_no_rows(scenario: str) -> None:
    with recorded(scenario) if scenario == "2.0.12-none" else FakeBird({"show protocols all": up()}) as bird:
        families, failures = collect(bird)
        assert asked(bird) == []
    assert failures == []
    assert not any(families.values())


def test_bird_1_with_several_protocols_is_asked_for_each() -> None:
    replies = {
        "show protocols all": up("a", "b"),
        "show ospf": "9001 There are multiple OSPF protocols running",
        "show ospf a": "1014-a:\n Number of LSAs in DB:\t1\n0000 ",
        "show ospf b": "1014-b:\n Number of LSAs in DB:\t2\n0000 ",
        "show ospf neighbors a": "1013-a:\n0000 ",
        "show ospf neighbors b": "1013-b:\n0000 ",
    }
    with FakeBird(replies) as bird:
        families, failures = collect(bird)
    assert failures == []
    assert families["bird_ospf_lsas"] == {("a",): 1, ("b",): 2}


@pytest.mark.parametrize(
    "words", ["There is no OSPF protocol running", "ospf1: Not a protocol", "ospf1: Not a OSPF protocol"]
)
def test_a_protocol_that_goes_away_during_the_round_is_no_failure(words: str) -> None:
    gone = f"9001 {words}"
    replies = {"show protocols all": up("ospf1"), "show ospf": gone, "show ospf neighbors ospf1": gone}
    with FakeBird(replies) as bird:
        families, failures = collect(bird)
    assert failures == []
    assert not any(families.values())


def test_another_answer_of_bird_is_a_failure() -> None:
    with FakeBird({"show protocols all": up("ospf1")}) as bird:
        families, failures = collect(bird)
        assert asked(bird) == ["show ospf"]
    assert not any(families.values())
    assert "syntax error" in failures[0]


def test_neighbors_that_cannot_be_had_leave_the_areas() -> None:
    replies = {
        "show protocols all": up("a", "b"),
        "show ospf": "1014-a:\n Number of LSAs in DB:\t1\n0000 ",
        "show ospf neighbors a": "9001 out of memory",
        "show ospf neighbors b": "1013-b:\n 10.9.0.2\t  1\tInit/DR   \t 7.998\tva         10.9.0.2\n0000 ",
    }
    with FakeBird(replies) as bird:
        families, failures = collect(bird)
    assert families["bird_ospf_lsas"] == {("a",): 1}
    assert families["bird_ospf_neighbor_adjacent"] == {("b", "va", "10.9.0.2", "10.9.0.2"): 0}
    assert len(failures) == 1
    assert "show ospf neighbors a" in failures[0]


def test_a_neighbor_in_two_instances_of_one_link_is_told_once() -> None:
    row = " 10.9.0.2\t  1\tFull/DR   \t 7.998\tva         fe80::1\n"
    replies = {
        "show protocols all": up("ospf6"),
        "show ospf": "1014-ospf6:\n0000 ",
        "show ospf neighbors ospf6": f"1013-ospf6:\n{row}{row}0000 ",
    }
    with FakeBird(replies) as bird:
        families, failures = collect(bird)
    assert list(families["bird_ospf_neighbor_adjacent"]) == [("ospf6", "va", "fe80::1", "10.9.0.2")]
    assert failures == ["ospf6: the neighbor fe80::1 on va is there twice; the first one is shown"]


def test_areas_are_normal_stub_or_nssa() -> None:
    area = "\tArea: 0.0.0.{0} ({0}) \n \t\tStub:\t{1}\n \t\tNSSA:\t{2}\n "
    areas = area.format(1, "No", "No") + area.format(2, "Yes", "No") + area.format(3, "No", "Yes")
    replies = {
        "show protocols all": up("ospf1"),
        "show ospf": f"1014-ospf1:\n {areas.rstrip(' ')}0000 ",
        "show ospf neighbors ospf1": "1013-ospf1:\n0000 ",
    }
    with FakeBird(replies) as bird:
        families, _ = collect(bird)
    assert [labels[1:] for labels in families["bird_ospf_area_info"]] == [
        ("0.0.0.1", "normal"),
        ("0.0.0.2", "stub"),
        ("0.0.0.3", "nssa"),
    ]


def test_a_daemon_that_cannot_be_read_costs_no_other() -> None:
    with recorded("1.6.8") as bird, recorded("1.6.8") as broken:
        broken.fault = "cut"
        snapshot = Snapshot({"broken": BirdSocket(broken.path), "bird": BirdSocket(bird.path)})
        lsas = next(iter(OspfCollector().collect(snapshot)))
        snapshot.close()
    assert [dict(sample.labels)["bird_daemon"] for sample in lsas.samples()] == ["bird"]
    assert len(snapshot.failures) == 1
    assert broken.path in str(snapshot.failures[0])


def test_the_package_offers_the_collector() -> None:
    plugins, plugin = Plugins(), Plugin("ospf", "calicometrics-ospf", calicometrics_ospf.__version__)
    plugins.register(calicometrics_ospf, plugin)
    assert plugin.error is None
    assert plugins.collectors["ospf"] is OspfCollector
    assert OspfCollector.enabled_by_default
