"""From recorded replies of real daemons to OSPF's models."""

from __future__ import annotations

import pathlib

import pytest

from calicometrics import ParseError
from calicometrics_ospf import (
    AreaNetwork,
    NeighborState,
    OspfArea,
    OspfInstance,
    OspfNeighbor,
    parse_neighbors,
    parse_ospf,
)

DATA = pathlib.Path(__file__).parent / "data"


def text(scenario: str, command: str) -> str:
    return (DATA / scenario / f"{command}.raw").read_text(encoding="utf-8")


def instance(name: str, count: int) -> OspfInstance:
    """What the recordings tell: one backbone, whose neighbors are all adjacent."""
    area = OspfArea(
        "0.0.0.0",
        stub=False,
        nssa=False,
        transit=False,
        interfaces=count,
        neighbors=count,
        adjacent_neighbors=count,
    )
    return OspfInstance(name, rfc1583=False, stub_router=False, tick=1, area_count=1, lsas=9, areas=(area,))


@pytest.mark.parametrize("version", ["2.0.12", "2.19.2", "3.3.2"])
def test_ospf_for_ipv4_and_for_ipv6_are_two_instances(version: str) -> None:
    assert parse_ospf(text(version, "show_ospf")) == [instance("ospf1", 2), instance("ospf6", 1)]


def test_the_reply_of_bird_1_is_read() -> None:
    assert parse_ospf(text("1.6.8", "show_ospf")) == [instance("ospf1", 2)]


@pytest.mark.parametrize("version", ["1.6.8", "2.0.12"])
def test_areas_have_types_and_ranges(version: str) -> None:
    (found,) = parse_ospf(text(f"{version}-two-areas", "show_ospf"))
    assert (found.name, found.area_count, found.lsas, found.extra) == ("ospf-1", 2, 4, ())
    backbone, nssa = found.areas
    assert (backbone.nssa, backbone.nssa_translation, backbone.adjacent_neighbors) == (False, None, 1)
    assert nssa == OspfArea(
        "0.0.0.7",
        stub=False,
        nssa=True,
        transit=False,
        nssa_translation=True,
        interfaces=0,
        neighbors=0,
        adjacent_neighbors=0,
        networks=(
            AreaNetwork("10.64.0.0/10", advertised=True, active=False),
            AreaNetwork("10.128.0.0/10", advertised=False, active=False),
        ),
    )


def test_ranges_of_external_routes_are_told_from_the_others() -> None:
    reply = (
        "ospf1:\n\tArea: 0.0.0.7 (7) \n\t\tNSSA translation:\tYes (run down)\n"
        "\t\tArea networks:\n\t\t\t10.64.0.0/10\tAdvertise\tActive\n"
        "\t\tArea external networks:\n\t\t\t10.128.0.0/10\tHidden\t\n"
    )
    (area,) = parse_ospf(reply)[0].areas
    assert area.nssa_translation is True
    assert area.networks == (
        AreaNetwork("10.64.0.0/10", advertised=True, active=True),
        AreaNetwork("10.128.0.0/10", advertised=False, active=False, external=True),
    )


@pytest.mark.parametrize(("word", "value"), [("enable", True), ("enabled", True), ("disabled", False)])
def test_rfc1583_compatibility_is_read_in_every_spelling(word: str, value: object) -> None:
    assert parse_ospf(f"ospf1:\nRFC1583 compatibility: {word}\n")[0].rfc1583 is value


def test_a_protocol_that_is_not_up_says_nothing_else() -> None:
    assert parse_ospf("1014-ospf1: is not up\n0000 \n") == [OspfInstance("ospf1", up=False)]
    assert parse_neighbors("1013-ospf1: is not up\n0000 \n") == []


def test_unknown_lines_survive() -> None:
    assert parse_ospf("ospf1:\nGraceful restart: aware\n")[0].extra == ("Graceful restart: aware",)


@pytest.mark.parametrize(
    ("reply", "message"),
    [
        (
            "ospf1:\nNumber of areas: many\n",
            "line 2: show ospf: expected a number, not 'Number of areas: many'",
        ),
        ("Number of areas: 1\n", "line 1: show ospf: expected the name of a protocol"),
        ("ospf1:\n\t\tStub:\tNo\n", "line 2: show ospf: expected an area, not 'Stub:"),
    ],
)
def test_a_wrong_line_is_an_error_that_names_it(reply: str, message: str) -> None:
    with pytest.raises(ParseError, match=message):
        parse_ospf(reply)


def neighbor(address: str, dead: float, protocol: str = "ospf1") -> OspfNeighbor:
    return OspfNeighbor(protocol, "10.9.0.2", 1, NeighborState.FULL, "DR", dead, "va", address)


@pytest.mark.parametrize(
    ("version", "dead"), [("1.6.8", 8.0), ("2.0.12", 7.998), ("2.19.2", 6.0), ("3.3.2", 6.004)]
)
def test_the_neighbors_of_every_version_are_read(version: str, dead: float) -> None:
    assert parse_neighbors(text(version, "show_ospf_neighbors_ospf1")) == [
        neighbor("10.9.0.2", dead),
        neighbor("10.10.0.5", dead),
    ]


def test_a_neighbor_of_ospfv3_has_its_link_local_address() -> None:
    assert parse_neighbors(text("2.0.12", "show_ospf_neighbors_ospf6")) == [
        neighbor("fe80::40de:94ff:fe8a:e272", 7.424, "ospf6")
    ]


@pytest.mark.parametrize(("version", "dead"), [("1.6.8", 4.0), ("2.0.12", 3.902)])
def test_a_neighbor_on_a_link_without_election_is_ptp(version: str, dead: float) -> None:
    assert parse_neighbors(text(f"{version}-two-areas", "show_ospf_neighbors_ospf-1")) == [
        OspfNeighbor("ospf-1", "10.2.0.1", 1, NeighborState.FULL, "PtP", dead, "v", "10.2.0.1")
    ]


@pytest.mark.parametrize(("printed", "seconds"), [("02:05", 125.0), ("-Inf-", None), ("0.250", 0.25)])
def test_the_dead_timer_is_in_seconds(printed: str, seconds: float | None) -> None:
    (found,) = parse_neighbors(f"ospf1:\n10.9.0.2\t  1\t2-Way/Other\t{printed}\tva         10.9.0.2\n")
    assert (found.dead_timer, found.state, found.role) == (seconds, NeighborState.TWO_WAY, "Other")


def test_a_wrong_row_is_an_error_that_names_it() -> None:
    with pytest.raises(
        ParseError, match="line 2: show ospf neighbors: expected a row of the table, not '10.9.0.2 Full'"
    ):
        parse_neighbors("ospf1:\n10.9.0.2 Full\n")
