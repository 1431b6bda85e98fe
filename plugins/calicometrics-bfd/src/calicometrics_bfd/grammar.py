"""The grammar of ``show bfd sessions`` and ``show bfd sessions all``: pyparsing rules, and tables of label → rule.

Sources: BIRD 1.6.8, 2.0.12, 2.19.2 and 3.3.2, ``proto/bfd/bfd.c``; the long form is not in 1.6.8 and 2.0.12.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from calicometrics.bird.grammar import NAME, NUMBER, TEXT, WORD, Value
from calicometrics.bird.model import Timer
from calicometrics_bfd.model import BfdSession, BfdState

if TYPE_CHECKING:
    from collections.abc import Mapping

    Labels = Mapping[str, tuple[str, Value]]


def _session(address: str, interface: str, state: str, since: str, interval: str, timeout: str) -> BfdSession:
    return BfdSession(
        protocol="",
        address=address,
        interface=None if interface == "---" else interface,
        state=BfdState.of(state),
        since=since,
        transmit_interval=float(interval),
        detect_time=float(timeout),
    )


def _timer(remaining: str | None, configured: str | None) -> Timer | None:
    return None if remaining is None or configured is None else Timer(float(remaining), float(configured))


PROTOCOL = Value("the name of a protocol", r"(\S+):", str)  # bfd1:
NOT_UP = Value("a protocol that is not up", r"\S+: is not up")  # bfd1: is not up
TITLE = Value("the title of the table", r"IP address +Interface +State +Since +Interval +Timeout *")
# Since has blanks in some time formats; of all columns only that one can.
ROW = Value(
    "a row of the table",
    r"(\S+) +(\S+) +(\S+) +(\S.*?) +(\d+\.\d+) +(\d+\.\d+) *",
    _session,
)  # 10.9.0.2                  va         Up         04:45:14.478    0.100    0.500

STATE = Value("a BFD state", r"\S+", BfdState.of)  # AdminDown
SECONDS = Value("seconds", r"\d+(?:\.\d+)?", float)  # 0.100
TIMER = Value(
    "a timer, remaining / configured", r"(\d+(?:\.\d+)?) */ *(\d+(?:\.\d+)?)|---", _timer
)  # 0.074 / 0.100
YES_NO = Value("Yes or No", r"Yes|No", lambda text: text == "Yes")

SESSION: Labels = {
    "Address": ("address", WORD),  # 10.9.0.2
    "Interface": ("interface", NAME),  # va
    "Session type": ("session_type", TEXT),  # Multihop
    "Session state": ("state", STATE),  # Up
    "Remote state": ("remote_state", STATE),  # Up
    "Last state change": ("since", TEXT),  # 04:28:28.732
    "Local diagnostic": ("local_diagnostic", TEXT),  # Control detection time expired
    "Remote diagnostic": ("remote_diagnostic", TEXT),  # None
    "Local discriminator": ("local_discriminator", NUMBER),  # 1928716149
    "Remote discriminator": ("remote_discriminator", NUMBER),  # 3756836179
    "Transmit timer": ("transmit", TIMER),  # 0.074 / 0.100
    "Detect timer": ("detect", TIMER),  # 0.438 / 0.500
}
ENDS: Mapping[str, str] = {"Local parameters": "local", "Remote parameters": "remote"}
PARAMETERS: Labels = {
    "Min TX interval": ("min_tx_interval", SECONDS),  # 0.100
    "Min RX interval": ("min_rx_interval", SECONDS),  # 0.010
    "Demand mode": ("demand_mode", YES_NO),  # No
    "Multiplier": ("multiplier", NUMBER),  # 5
}
