"""From the recorded lines of RPKI protocols to typed details."""

from __future__ import annotations

import pathlib

import pytest

from calicometrics import ParseError
from calicometrics.bird.model import Protocol, Timer
from calicometrics.bird.parser import ProtocolParser
from calicometrics_rpki import RpkiSession, RpkiState
from calicometrics_rpki.kind import RPKI

DATA = pathlib.Path(__file__).parent / "data"


def parse(text: str, problems: list[ParseError] | None = None) -> Protocol:
    (protocol,) = ProtocolParser([RPKI]).parse(text, problems=problems)
    return protocol


def recorded(scenario: str) -> Protocol:
    return parse((DATA / scenario / "show_protocols_all.raw").read_text(encoding="utf-8"))


def session(*lines: str) -> RpkiSession:
    detail = "".join(f"  {line}\n" for line in lines)
    header = "Name       Proto      Table      State  Since         Info\n"
    protocol = parse(f"{header}rpki1      RPKI       ---        up     11:41:07.742  Established\n{detail}")
    assert isinstance(protocol.detail, RpkiSession)
    assert protocol.extra == ()
    return protocol.detail


@pytest.mark.parametrize(
    ("version", "remaining", "protocol_version", "missing"),
    [("2.0.12", 0.317, 1, ()), ("2.19.2", 2.241, 2, ("aspa",)), ("3.3.2", 2.266, 2, ("aspa",))],
)
def test_a_cache_that_cannot_be_reached(
    version: str, remaining: float, protocol_version: int, missing: tuple[str, ...]
) -> None:
    protocol = recorded(version)
    assert protocol.detail == RpkiSession(
        state=RpkiState.TRANSPORT_ERROR,
        cache_server="10.9.0.99",
        transport="Unprotected over TCP",
        protocol_version=protocol_version,
        retry_timer=Timer(remaining, 5),
        missing_channels=missing,
    )
    assert protocol.extra == ()
    assert [(channel.name, channel.routes) for channel in protocol.channels] == [
        ("roa4", None),
        ("roa6", None),
    ]


def test_a_cache_that_has_told_its_data() -> None:
    protocol = recorded("2.0.12-established")
    assert protocol.detail == RpkiSession(
        state=RpkiState.ESTABLISHED,
        cache_server="127.0.0.1",
        cache_port=35817,
        transport="Unprotected over TCP",
        protocol_version=1,
        session_id=17,
        serial_number=42,
        last_update=3.099,
        refresh_timer=Timer(3596.9, 3600),
        retry_timer=None,
        expire_timer=Timer(7196.9, 7200),
    )
    assert protocol.extra == ()
    assert [(c.name, c.routes.imported) for c in protocol.channels if c.routes is not None] == [
        ("roa4", 2),
        ("roa6", 1),
    ]


def test_channels_that_are_not_configured_are_named() -> None:
    lines = ("Status:           Established", "No roa4 channel", "No aspa channel")
    assert session(*lines).missing_channels == ("roa4", "aspa")


@pytest.mark.parametrize("transport", ["TCP-MD5", "SSHv2"])
def test_every_transport_is_kept_as_printed(transport: str) -> None:
    assert session(f"Transport:        {transport}").transport == transport


def test_the_states_in_which_the_cache_answers() -> None:
    assert [state for state in RpkiState if state.connected] == [
        RpkiState.ESTABLISHED,
        RpkiState.SYNC_START,
        RpkiState.SYNC_RUNNING,
    ]


def test_an_unknown_state_keeps_its_text() -> None:
    state = session("Status:           Dreaming").state
    assert state is not None
    assert (str(state), state.known, state.connected) == ("Dreaming", False, False)


def test_a_protocol_that_is_down_has_no_detail() -> None:
    header = "Name       Proto      Table      State  Since         Info\n"
    assert parse(f"{header}rpki1      RPKI       ---        down   11:41:07.742  \n").detail is None


def test_a_line_that_does_not_match_is_told_and_kept() -> None:
    problems: list[ParseError] = []
    header = "Name       Proto      Table      State  Since         Info\n"
    protocol = parse(
        f"{header}rpki1      RPKI       ---        up     11:41:07.742  \n  Serial number:    many\n",
        problems,
    )
    assert protocol.extra == ("Serial number:    many",)
    assert "expected a number or ---" in str(problems[0])
