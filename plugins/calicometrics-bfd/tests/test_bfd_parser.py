"""From recorded replies of real daemons to BFD sessions."""

from __future__ import annotations

import pathlib

import pytest

from calicometrics import ParseError
from calicometrics_bfd import BfdParameters, BfdSession, BfdState, parse_sessions
from calicometrics_bfd.parser import read_sessions

DATA = pathlib.Path(__file__).parent / "data"


def text(scenario: str, *, long: bool = False) -> str:
    name = "show_bfd_sessions_all.raw" if long else "show_bfd_sessions.raw"
    return (DATA / scenario / name).read_text(encoding="utf-8")


def short(interface: str | None, since: str) -> BfdSession:
    return BfdSession("bfd1", "10.9.0.2", interface, BfdState.UP, since, 0.1, 0.5)


@pytest.mark.parametrize(
    ("version", "sessions"),
    [
        ("1.6.8", [short("va", "04:44:34")]),
        ("1.6.8-epoch", [short("va", "1795409214")]),
        ("2.0.12", [short("va", "04:45:14.478"), short(None, "04:45:14.478")]),
        ("2.19.2", [short(None, "04:28:28.732"), short("va", "04:28:28.731")]),
        ("2.19.2-custom", [short(None, "23.11.2026 04:33:16"), short("va", "23.11.2026 04:33:16")]),
        ("3.3.2", [short("va", "04:28:58.820"), short(None, "04:28:58.821")]),
    ],
)
def test_the_table_of_every_version_and_time_format_is_read(version: str, sessions: list[BfdSession]) -> None:
    assert parse_sessions(text(version)) == sessions


def test_the_long_form_tells_everything() -> None:
    multihop, direct = parse_sessions(text("2.19.2", long=True))
    ends = BfdParameters(0.1, 0.01, demand_mode=False, multiplier=5)
    assert multihop == BfdSession(
        protocol="bfd1",
        address="10.9.0.2",
        interface=None,
        state=BfdState.UP,
        since="04:28:28.732",
        transmit_interval=0.1,
        detect_time=0.5,
        session_type="Multihop",
        remote_state=BfdState.UP,
        local_diagnostic="None",
        remote_diagnostic="None",
        local_discriminator=1928716149,
        remote_discriminator=3756836179,
        transmit_remaining=0.074,
        detect_remaining=0.438,
        local=ends,
        remote=ends,
    )
    assert (direct.interface, direct.session_type, direct.detect_remaining) == ("va", "Direct", 0.455)
    assert direct.local == BfdParameters(0.1, 0.1, demand_mode=False, multiplier=5)


@pytest.mark.parametrize("version", ["2.19.2", "2.19.2-custom", "3.3.2"])
def test_both_forms_agree_and_leave_no_line_unread(version: str) -> None:
    table, long = parse_sessions(text(version)), parse_sessions(text(version, long=True))
    assert {(s.address, s.interface, s.state, s.since, s.transmit_interval, s.detect_time) for s in long} == {
        (s.address, s.interface, s.state, s.since, s.transmit_interval, s.detect_time) for s in table
    }
    assert [session.extra for session in long] == [(), ()]


@pytest.mark.parametrize("code", ["plain", "verbose"])
def test_what_birdc_prints_is_read_as_the_socket_is(code: str) -> None:
    lines = text("2.19.2", long=True).splitlines()[1:-1]
    if code == "plain":
        shown = [line.removeprefix("1020-").removeprefix(" ") for line in lines]
    else:
        shown = [line if line.startswith("1020-") else f"     {line[1:]}" for line in lines]
    assert parse_sessions("\n".join(shown) + "\n") == parse_sessions(text("2.19.2", long=True))


def test_a_session_that_is_down_has_no_time_of_detection() -> None:
    (session,) = parse_sessions(text("2.0.12-down"))
    assert session == BfdSession("bfd1", "10.2.0.1", None, BfdState.DOWN, "11:41:00.712", 1.0, 0.0)


def test_several_protocols_keep_their_own_sessions() -> None:
    reply = (
        "1020-bfd1:\n"
        " IP address                Interface  State      Since         Interval  Timeout\n"
        " 10.9.0.2                  va         Init       04:45:14.478    0.100    0.500\n"
        " \n bfd2: is not up\n \n bfd3:\n"
        " IP address                Interface  State      Since         Interval  Timeout\n"
        " fe80::1                   vb         AdminDown  04:45:15.000    1.000    0.000\n"
        "0000 \n"
    )
    assert [(s.protocol, s.address, s.state) for s in parse_sessions(reply)] == [
        ("bfd1", "10.9.0.2", BfdState.INIT),
        ("bfd3", "fe80::1", BfdState.ADMIN_DOWN),
    ]


def test_an_unknown_state_and_unknown_lines_survive() -> None:
    reply = "bfd1:\n  Address:              10.9.0.2\n  Session state:        Sleeping\n  Echo mode: On\n"
    (session,) = parse_sessions(reply)
    assert str(session.state) == "Sleeping"
    assert session.state is not None
    assert not session.state.known
    assert session.extra == ("Echo mode: On",)
    assert session.local is None


def test_a_timer_that_does_not_run_is_absent() -> None:
    (session,) = parse_sessions("bfd1:\n  Address:              10.9.0.2\n  Detect timer:         ---\n")
    assert (session.detect_remaining, session.detect_time) == (None, None)


def test_lines_before_any_address_make_no_session() -> None:
    assert parse_sessions("bfd1:\n  Multiplier:         5\n") == []


def test_a_wrong_line_is_an_error_that_names_it() -> None:
    with pytest.raises(
        ParseError, match="line 3: show bfd sessions: expected a row of the table, not 'what'"
    ):
        parse_sessions("0001 BIRD 2.0.12 ready.\n1020-bfd1:\n what\n0000 \n")
    with pytest.raises(
        ParseError, match="line 3: show bfd sessions: expected a number, not 'Multiplier: many'"
    ):
        parse_sessions("bfd1:\n  Local parameters:\n    Multiplier: many\n")


def test_a_wrong_line_costs_no_other_session() -> None:
    reply = read_sessions("bfd1:\nwhat\n10.9.0.2  va  Up  04:45:14.478  0.100  0.500\n")
    assert reply.sessions == (short("va", "04:45:14.478"),)
    assert [problem.line for problem in reply.problems] == [2]


def test_an_error_of_bird_is_raised() -> None:
    with pytest.raises(ParseError, match="There is no BFD protocol running"):
        parse_sessions(text("1.6.8-none"))
