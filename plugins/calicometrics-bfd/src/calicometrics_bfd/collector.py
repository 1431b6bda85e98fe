"""Collector ``bfd``: the BFD sessions of each BIRD daemon."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from calicometrics import CalicometricsError, Collector, Column, CommandError, FamilySpec
from calicometrics_bfd.model import BfdParameters, BfdState
from calicometrics_bfd.parser import Sessions, read_sessions

if TYPE_CHECKING:
    from collections.abc import Iterable

    from calicometrics import MetricFamily, Snapshot
    from calicometrics_bfd.model import BfdSession

COMMANDS = ("show bfd sessions all", "show bfd sessions")
"""The long form first; to a BIRD that lacks it, its last word is a syntax error."""

_ABSENT = ("There is no BFD protocol running", "syntax error")
_LABELS = ("bird_daemon", "bird_protocol_instance", "neighbor_address", "interface")
_ENDS = (Column("", (("end", "local"),)), Column("", (("end", "remote"),)))
_LONG = "not told by BIRD 1.6 and 2.0"

UP = FamilySpec(
    "bird_bfd_up",
    "gauge",
    "Whether the BFD session is Up; the interface is empty for a multihop session.",
    _LABELS,
    source="10.9.0.2  va  Up  04:45:14.478  0.100  0.500",
)
STATE = FamilySpec(
    "bird_bfd_state",
    "gauge",
    "Always 1; the session's present state is in the label of the same name: AdminDown, Down, Init or Up.",
    (*_LABELS, "bird_bfd_state"),
    source="Session state:        Up",
)
REMOTE_STATE = FamilySpec(
    "bird_bfd_remote_state",
    "gauge",
    f"Always 1; the state that the neighbor last announced; {_LONG}.",
    (*_LABELS, "bird_bfd_state"),
    source="Remote state:         Up",
)
LAST_CHANGE = FamilySpec(
    "bird_bfd_last_change_timestamp_seconds",
    "gauge",
    "When the session last changed its state, by the daemon's clock.",
    _LABELS,
    unit="seconds since the epoch",
    source="Last state change:    04:28:28.732",
)
INTERVAL = FamilySpec(
    "bird_bfd_transmit_interval_seconds",
    "gauge",
    "Seconds between two packets to the neighbor, as negotiated; 0 before the first.",
    _LABELS,
    unit="seconds",
    source="Transmit timer:       0.074 / 0.100",
)
DETECT = FamilySpec(
    "bird_bfd_detect_time_seconds",
    "gauge",
    "Seconds of silence after which the neighbor is taken for down; 0 before its first packet.",
    _LABELS,
    unit="seconds",
    source="Detect timer:         0.438 / 0.500",
)
REMAINING = FamilySpec(
    "bird_bfd_detect_remaining_seconds",
    "gauge",
    f"Seconds until the neighbor is taken for down unless a packet comes; {_LONG}.",
    _LABELS,
    unit="seconds",
    source="Detect timer:         0.438 / 0.500",
)
INFO = FamilySpec(
    "bird_bfd_info",
    "gauge",
    f"Always 1; whether the session is Direct or Multihop; {_LONG}.",
    (*_LABELS, "type"),
    source="Session type:         Multihop",
)
DIAGNOSTIC = FamilySpec(
    "bird_bfd_diagnostic",
    "gauge",
    f"Always 1; why each end's session last changed its state, in BIRD's words; {_LONG}.",
    (*_LABELS, "end", "diagnostic"),
    source="Local diagnostic:     None",
)
MIN_TX = FamilySpec(
    "bird_bfd_min_transmit_interval_seconds",
    "gauge",
    f"The shortest interval at which an end wants to send; {_LONG}.",
    _LABELS,
    _ENDS,
    unit="seconds",
    source="Min TX interval:    0.100",
)
MIN_RX = FamilySpec(
    "bird_bfd_min_receive_interval_seconds",
    "gauge",
    f"The shortest interval at which an end is ready to receive; {_LONG}.",
    _LABELS,
    _ENDS,
    unit="seconds",
    source="Min RX interval:    0.010",
)
MULTIPLIER = FamilySpec(
    "bird_bfd_detect_multiplier",
    "gauge",
    f"How many packets of an end may be missed before the session is down; {_LONG}.",
    _LABELS,
    _ENDS,
    unit="packets",
    source="Multiplier:         5",
)


class BfdCollector(Collector):
    """The BFD sessions of the daemons that run BFD; one that does not has no rows."""

    name = "bfd"
    help = "BFD sessions: state, last change, intervals, detection, diagnostics"
    enabled_by_default = True
    families: ClassVar = (
        UP,
        STATE,
        REMOTE_STATE,
        LAST_CHANGE,
        INTERVAL,
        DETECT,
        REMAINING,
        INFO,
        DIAGNOSTIC,
        MIN_TX,
        MIN_RX,
        MULTIPLIER,
    )

    def collect(self, snapshot: Snapshot) -> Iterable[MetricFamily]:
        """Return the families of all daemons' sessions; a daemon that cannot be read is noted."""
        families = {spec.name: spec.family() for spec in self.families}
        for daemon in snapshot.daemons:
            try:
                reply = sessions_of(snapshot, daemon)
            except CalicometricsError as error:
                snapshot.failures.append(error)
                continue
            snapshot.failures.extend(reply.problems)
            for session in reply.sessions:
                _add(families, snapshot, daemon, session)
        return families.values()


def sessions_of(snapshot: Snapshot, daemon: str) -> Sessions:
    """Return a daemon's sessions, as its version tells them; none when it runs no BFD.

    Raises:
        SourceError: The daemon could not be read.
        ParseError: It answered something else.
    """
    for command in COMMANDS:
        try:
            return snapshot.ask(daemon, command, read_sessions)
        except CommandError as error:
            if not any(words in str(error) for words in _ABSENT):
                raise
    return Sessions()


def _add(families: dict[str, MetricFamily], snapshot: Snapshot, daemon: str, session: BfdSession) -> None:
    labels = (daemon, session.protocol, session.address, session.interface or "")

    def add(spec: FamilySpec, value: float | None, *more: str) -> None:
        if value is not None:
            families[spec.name].add((*labels, *more), value)

    if session.state is not None:
        add(UP, float(session.state is BfdState.UP))
        add(STATE, 1, str(session.state))
    if session.remote_state is not None:
        add(REMOTE_STATE, 1, str(session.remote_state))
    instant = snapshot.clock(daemon).instant(session.since) if session.since is not None else None
    if instant is not None:
        add(LAST_CHANGE, instant.timestamp)
    add(INTERVAL, session.transmit_interval)
    add(DETECT, session.detect_time)
    add(REMAINING, session.detect_remaining)
    if session.session_type is not None:
        add(INFO, 1, session.session_type)
    for end, diagnostic in (("local", session.local_diagnostic), ("remote", session.remote_diagnostic)):
        if diagnostic is not None:
            add(DIAGNOSTIC, 1, end, diagnostic)
    local, remote = session.local or BfdParameters(), session.remote or BfdParameters()
    for spec, values in (
        (MIN_TX, (local.min_tx_interval, remote.min_tx_interval)),
        (MIN_RX, (local.min_rx_interval, remote.min_rx_interval)),
        (MULTIPLIER, (local.multiplier, remote.multiplier)),
    ):
        if values != (None, None):
            families[spec.name].add(labels, *values)
