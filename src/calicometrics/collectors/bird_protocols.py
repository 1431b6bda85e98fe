"""Collector ``bird_protocols``: every protocol instance, from ``show protocols all``."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from calicometrics.bird.model import BgpSession, ProtocolState
from calicometrics.collectors import channel_families, peer_families
from calicometrics.collectors.base import Collector
from calicometrics.collectors.protocol_filter import ProtocolOptions
from calicometrics.spec import FamilySpec

if TYPE_CHECKING:
    from collections.abc import Iterable

    from calicometrics.bird.clock import Clock, Instant
    from calicometrics.families import MetricFamily
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

    def collect(self, snapshot: Snapshot) -> Iterable[MetricFamily]:
        """Return the families of all protocols of the daemons that answered."""
        up, change, accuracy = UP.family(), LAST_CHANGE.family(), LAST_CHANGE_ACCURACY.family()
        peers, channels = peer_families.PeerFamilies(), channel_families.ChannelFamilies()
        for daemon, protocols in snapshot.protocols():
            instants = _Instants(snapshot.clock(daemon))
            for protocol in self.options.select(protocols):
                labels = (daemon, protocol.name)
                up.rows.append((labels, (float(protocol.state is ProtocolState.UP),)))
                instant = instants[protocol.since]
                if instant is not None:
                    change.rows.append((labels, (instant.timestamp,)))
                    accuracy.rows.append((labels, (instant.accuracy,)))
                peers.add_info(labels, protocol)
                if isinstance(protocol.detail, BgpSession):
                    peers.add_session(labels, protocol, protocol.detail)
                for channel in protocol.channels:
                    channels.add((*labels, channel.name), channel)
        return [up, change, accuracy, *peers.families, *channels.families]


class _Instants(dict[str, "Instant | None"]):
    """Printed time → instant: thousands of protocols changed at few moments."""

    def __init__(self, clock: Clock) -> None:
        super().__init__()
        self._clock = clock

    def __missing__(self, text: str) -> Instant | None:
        instant = self[text] = self._clock.instant(text)
        return instant
