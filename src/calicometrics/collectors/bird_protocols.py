"""Collector ``bird_protocols``: every protocol instance, from ``show protocols all``."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from calicometrics.bird.model import BgpSession, ProtocolState
from calicometrics.collectors import channel_families, peer_families
from calicometrics.collectors.base import Collector
from calicometrics.collectors.protocol_filter import ProtocolOptions
from calicometrics.collectors.protocol_rows import ProtocolRows
from calicometrics.spec import FamilySpec

if TYPE_CHECKING:
    from collections.abc import Iterable

    from calicometrics.bird.clock import Clock, Instant
    from calicometrics.bird.model import Protocol
    from calicometrics.collectors.protocol_rows import Rows
    from calicometrics.families import MetricFamily, Row
    from calicometrics.snapshot import Snapshot

LABELS = ("bird_daemon", "bird_protocol_instance")
_ROW = "kernel1  Kernel   master   up     2018-08-03"

UP = FamilySpec("bird_up", "gauge", "Whether the protocol's state is up.", LABELS, source=_ROW)
LAST_CHANGE = FamilySpec(
    "bird_protocol_last_change_timestamp_seconds",
    "gauge",
    "When the protocol entered its state, by the daemon's clock; absent when the printed time does not tell.",
    LABELS,
    unit="seconds since the epoch",
    source=_ROW,
)
LAST_CHANGE_ACCURACY = FamilySpec(
    "bird_protocol_last_change_accuracy_seconds",
    "gauge",
    "How far the time of the last change may be off: after 20 hours BIRD prints the date alone.",
    LABELS,
    unit="seconds",
    source=_ROW,
)


class BirdProtocolsCollector(Collector):
    """Every protocol of each BIRD daemon, and its channels."""

    name = "bird_protocols"
    help = "every protocol instance: state, routes, route changes, limits, last error"
    enabled_by_default = True
    Options: ClassVar = ProtocolOptions
    families: ClassVar = (
        UP,
        LAST_CHANGE,
        LAST_CHANGE_ACCURACY,
        *peer_families.SPECS,
        *channel_families.SPECS,
    )

    def __init__(self, options: ProtocolOptions | None = None) -> None:
        super().__init__(options)
        self._rows = ProtocolRows((UP, *peer_families.SPECS, *channel_families.SPECS), _rows)
        self._changes: list[Row] = []
        self._accuracies: list[Row] = []

    def collect(self, snapshot: Snapshot) -> Iterable[MetricFamily]:
        """Return the families of all protocols of the daemons that answered."""
        changes: list[Row] = []
        accuracies: list[Row] = []
        shown = []
        for daemon, protocols in snapshot.protocols():
            instants = _Instants(snapshot.clock(daemon))
            wanted = list(self.options.select(protocols))
            shown.append((daemon, wanted))
            for protocol in wanted:
                instant = instants[protocol.since]
                if instant is not None:
                    labels = (daemon, protocol.name)
                    changes.append((labels, (instant.timestamp,)))
                    accuracies.append((labels, (instant.accuracy,)))
        # As the other rows: what did not change is the list of the round before.
        self._changes = self._changes if changes == self._changes else changes
        self._accuracies = self._accuracies if accuracies == self._accuracies else accuracies
        up, *others = self._rows.families(shown)
        return [up, LAST_CHANGE.family(self._changes), LAST_CHANGE_ACCURACY.family(self._accuracies), *others]


def _rows(daemon: str, protocol: Protocol) -> Rows:
    """Yield what does not depend on the clock."""
    labels = (daemon, protocol.name)
    yield UP, (labels, (float(protocol.state is ProtocolState.UP),))
    yield peer_families.info_row(labels, protocol)
    if isinstance(protocol.detail, BgpSession):
        yield from peer_families.session_rows(labels, protocol, protocol.detail)
    for channel in protocol.channels:
        yield from channel_families.channel_rows((*labels, channel.name), channel)


class _Instants(dict[str, "Instant | None"]):
    """Printed time → instant: thousands of protocols changed at few moments."""

    def __init__(self, clock: Clock) -> None:
        super().__init__()
        self._clock = clock

    def __missing__(self, text: str) -> Instant | None:
        instant = self[text] = self._clock.instant(text)
        return instant
