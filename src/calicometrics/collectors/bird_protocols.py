"""Collector ``bird_protocols``: every protocol instance and its channels, from ``show protocols all``."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from calicometrics.bird.model import BgpSession, ProtocolState
from calicometrics.collectors.base import Collector
from calicometrics.families import Column
from calicometrics.spec import FamilySpec

if TYPE_CHECKING:
    from collections.abc import Iterable

    from calicometrics.bird.model import Channel, RouteChanges
    from calicometrics.families import MetricFamily
    from calicometrics.snapshot import Snapshot

PROTOCOL_LABELS = ("bird_daemon", "bird_protocol_instance")
CHANNEL_LABELS = (*PROTOCOL_LABELS, "bird_channel")

ROUTE_TYPES = ("imported", "filtered", "exported", "preferred")
CHANGE_ROWS = (("import", "updates"), ("import", "withdraws"), ("export", "updates"), ("export", "withdraws"))
OUTCOMES = ("received", "rejected", "filtered", "ignored", "rx_limit", "limit", "accepted")

UP = FamilySpec(
    "bird_up",
    "gauge",
    "Whether the protocol's state is up.",
    PROTOCOL_LABELS,
    source="kernel1  Kernel   master   up     2018-08-03",
)
BGP_STATE = FamilySpec(
    "bird_bgp_state",
    "gauge",
    "Always 1; the BGP state machine's present state is in the label of the same name.",
    (*PROTOCOL_LABELS, "bird_bgp_state"),
    source="BGP state:          Established",
)
PREFERENCE = FamilySpec(
    "bird_preference",
    "gauge",
    "The preference of the channel's routes.",
    CHANNEL_LABELS,
    source="Preference:     100",
)
ROUTES = FamilySpec(
    "bird_routes",
    "gauge",
    "Routes in the channel now; none while it is down.",
    CHANNEL_LABELS,
    tuple(Column(labels=(("bird_route_type", kind),)) for kind in ROUTE_TYPES),
    unit="routes",
    source="Routes:         4 imported, 18 exported, 3 preferred",
)
ROUTE_CHANGES = FamilySpec(
    "bird_route_changes",
    "counter",
    "Route changes since the channel came up; what BIRD does not count (---) is absent.",
    CHANNEL_LABELS,
    tuple(
        Column(labels=(("bird_direction", direction), ("bird_action", action), ("bird_outcome", outcome)))
        for direction, action in CHANGE_ROWS
        for outcome in OUTCOMES
    ),
    unit="changes",
    source="Import updates:              5          0          0          0          5",
)

_NOT_COUNTED = (None,) * len(OUTCOMES)


class BirdProtocolsCollector(Collector):
    """Every protocol of each BIRD daemon, and its channels."""

    name = "bird_protocols"
    help = "every protocol instance: state, routes, route changes, limits"
    enabled_by_default = True
    families: ClassVar = (UP, BGP_STATE, PREFERENCE, ROUTES, ROUTE_CHANGES)

    def collect(self, snapshot: Snapshot) -> Iterable[MetricFamily]:
        """Return the families of all protocols of the daemons that answered."""
        up, state, preference, routes, changes = families = [spec.family() for spec in self.families]
        for daemon, protocols in snapshot.protocols():
            for protocol in protocols:
                labels = (daemon, protocol.name)
                up.rows.append((labels, (float(protocol.state is ProtocolState.UP),)))
                if isinstance(protocol.detail, BgpSession) and protocol.detail.state is not None:
                    state.rows.append(((*labels, str(protocol.detail.state)), (1.0,)))
                for channel in protocol.channels:
                    channel_labels = (*labels, channel.name)
                    if channel.preference is not None:
                        preference.rows.append((channel_labels, (channel.preference,)))
                    if channel.routes is not None:
                        routes.rows.append((channel_labels, _routes(channel)))
                    if channel.changes is not None:
                        changes.rows.append((channel_labels, _changes(channel.changes)))
        return families


def _routes(channel: Channel) -> tuple[int | None, ...]:
    counts = channel.routes
    assert counts is not None  # noqa: S101 - asked by the caller
    return counts.imported, counts.filtered, counts.exported, counts.preferred


def _changes(changes: RouteChanges) -> tuple[int | None, ...]:
    values: list[int | None] = []
    for row in (
        changes.import_updates,
        changes.import_withdraws,
        changes.export_updates,
        changes.export_withdraws,
    ):
        if row is None:
            values += _NOT_COUNTED
        else:
            values += (
                row.received,
                row.rejected,
                row.filtered,
                row.ignored,
                row.rx_limit,
                row.limit,
                row.accepted,
            )
    return tuple(values)
