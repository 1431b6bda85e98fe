"""RPKI as a protocol kind: the lines that ``rpki_show_proto_info`` of BIRD's ``proto/rpki/rpki.c`` prints."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from calicometrics import ProtocolKind
from calicometrics.bird.grammar import FLAG, NUMBER, TEXT, TIMER, WORD, Value
from calicometrics_rpki.model import RpkiSession, RpkiState

if TYPE_CHECKING:
    from collections.abc import Mapping

    from calicometrics.bird.grammar import Fields

CHANNELS = ("roa4", "roa6", "aspa")


def _number(text: str | None) -> int | None:
    return None if text is None else int(text)


def _seconds(text: str | None) -> float | None:
    return None if text is None else float(text)


STATE = Value("the state of a session", r"\S+", RpkiState.of)  # Transport-Error
NUMBER_OR_NONE = Value("a number or ---", r"(\d+)|---", _number)  # 42
AGE = Value("an age or ---", r"before (\d+(?:\.\d+)?) s|---", _seconds)  # before 12.345 s

SESSION: Fields = {
    "Cache server": ("cache_server", WORD),  # rtr.example.net
    "Cache port": ("cache_port", NUMBER),  # 3323
    "Status": ("state", STATE),  # Established
    "Transport": ("transport", TEXT),  # Unprotected over TCP
    "Protocol version": ("protocol_version", NUMBER),  # 2
    "Session ID": ("session_id", NUMBER_OR_NONE),  # 17
    "Serial number": ("serial_number", NUMBER_OR_NONE),  # 42
    "Last update": ("last_update", AGE),  # before 12.345 s
    "Refresh timer": ("refresh_timer", TIMER),  # 3587.655/3600
    "Retry timer": ("retry_timer", TIMER),  # 0.317/5
    "Expire timer": ("expire_timer", TIMER),  # 7187.655/7200
    **{f"No {channel} channel": (f"no_{channel}", FLAG) for channel in CHANNELS},
}


def _session(values: Mapping[str, Any]) -> RpkiSession:
    rest = dict(values)
    missing = tuple(channel for channel in CHANNELS if rest.pop(f"no_{channel}", False))
    return RpkiSession(**rest, missing_channels=missing)


RPKI = ProtocolKind(proto="RPKI", fields=SESSION, build=_session)
