"""A protocol kind is foreign code: what fails of it costs its own protocols' details and nothing else."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from calicometrics.bird.grammar import Value
from calicometrics.bird.kinds import ProtocolKind
from calicometrics.bird.parser import ProtocolParser, parse_protocols
from calicometrics.errors import ParseError

TEXT = """\
name     proto    table    state  since       info
bmp1     BMP      ---      up     2026-11-22
  Station:        10.0.0.1
  Channel ipv4
    State:          UP
    Sent:           7
bmp2     BMP      ---      up     2026-11-22
  Station:        10.0.0.2
static1  Static   master   up     2026-11-22
"""


def kind(
    build: Callable[[Any], object] = dict,
    build_channel: Callable[[Any], object] = dict,
    convert: Callable[[str], object] | None = None,
) -> ProtocolKind:
    station = Value("an address", r"\S+", convert)
    return ProtocolKind(
        "BMP", {"Station": ("station", station)}, build, {"Sent": ("sent", station)}, build_channel
    )


def broken(_: object) -> object:
    raise ZeroDivisionError("no")


@pytest.mark.parametrize(
    ("failing", "problems"),
    [
        (
            kind(build=broken),
            [
                (3, "bmp1: its kind cannot make an object of it: ZeroDivisionError: no"),
                (8, "bmp2: its kind cannot make an object of it: ZeroDivisionError: no"),
            ],
        ),
        (
            kind(build_channel=broken),
            [(5, "bmp1: its kind cannot make an object of it: ZeroDivisionError: no")],
        ),
    ],
)
def test_a_kind_that_cannot_build_costs_its_details(
    failing: ProtocolKind, problems: list[tuple[int, str]]
) -> None:
    parser = ProtocolParser([failing])
    for _ in range(2):  # the second reply is the same, and what was wrong is told again
        found: list[ParseError] = []
        protocols = parser.parse(TEXT, problems=found)
        assert [protocol.name for protocol in protocols] == ["bmp1", "bmp2", "static1"]
        assert [
            (error.line, error.reason.removeprefix("show protocols all: ")) for error in found
        ] == problems
    with pytest.raises(ParseError, match="ZeroDivisionError"):
        parse_protocols(TEXT, kinds=[failing])


def test_a_conversion_that_fails_leaves_its_line_unread() -> None:
    found: list[ParseError] = []
    protocols = parse_protocols(TEXT, kinds=[kind(convert=broken)], problems=found)
    assert protocols[0].extra == ("Station:        10.0.0.1",)
    assert protocols[0].channels[0].extra == ("Sent:           7",)
    assert len(found) == 3
    assert "Station: ZeroDivisionError: no, not '10.0.0.1'" in str(found[0])
