"""The families of ``bird_protocols`` that tell what passes through a protocol's channels."""

from __future__ import annotations

from typing import TYPE_CHECKING

from calicometrics.bird.model import BgpChannel, ChannelState
from calicometrics.families import Column
from calicometrics.spec import FamilySpec

if TYPE_CHECKING:
    from calicometrics.bird.model import ChangeRow, Channel, RouteChanges
    from calicometrics.collectors.protocol_rows import Rows

LABELS = ("bird_daemon", "bird_protocol_instance", "bird_channel")

ROUTE_TYPES = ("imported", "filtered", "exported", "preferred")
CHANGE_ROWS = (("import", "updates"), ("import", "withdraws"), ("export", "updates"), ("export", "withdraws"))
OUTCOMES = ("received", "rejected", "filtered", "ignored", "rx_limit", "limit", "accepted")

UP = FamilySpec(
    "bird_channel_up",
    "gauge",
    "Whether the channel's state is UP; BIRD 2 and 3.",
    LABELS,
    source="State:          UP",
)
PREFERENCE = FamilySpec(
    "bird_preference",
    "gauge",
    "The preference of the channel's routes.",
    LABELS,
    source="Preference:     100",
)
ROUTES = FamilySpec(
    "bird_routes",
    "gauge",
    "Routes in the channel now; none while it is down.",
    LABELS,
    tuple(Column(labels=(("bird_route_type", kind),)) for kind in ROUTE_TYPES),
    unit="routes",
    source="Routes:         4 imported, 18 exported, 3 preferred",
)
ROUTE_CHANGES = FamilySpec(
    "bird_route_changes",
    "counter",
    "Route changes since the channel came up; what BIRD does not count (---) is absent.",
    LABELS,
    tuple(
        Column(labels=(("bird_direction", direction), ("bird_action", action), ("bird_outcome", outcome)))
        for direction, action in CHANGE_ROWS
        for outcome in OUTCOMES
    ),
    unit="changes",
    source="Import updates:              5          0          0          0          5",
)
LIMIT = FamilySpec(
    "bird_channel_limit",
    "gauge",
    "The most routes the channel may receive, import or export, and what BIRD does beyond.",
    (*LABELS, "direction", "action"),
    unit="routes",
    source="Import limit:   100",
)
LIMIT_HIT = FamilySpec(
    "bird_channel_limit_hit",
    "gauge",
    "Whether the limit was hit.",
    (*LABELS, "direction", "action"),
    source="Import limit:   1 [HIT]",
)
PENDING_SETS = FamilySpec(
    "bird_channel_pending_attribute_sets",
    "gauge",
    "Sets of route attributes that wait to be sent; BIRD 3.",
    LABELS,
    unit="attribute sets",
    source="Pending 0 attribute sets with total 0 prefixes to send",
)
PENDING_PREFIXES = FamilySpec(
    "bird_channel_pending_prefixes",
    "gauge",
    "Prefixes that wait to be sent; BIRD 3.",
    LABELS,
    unit="prefixes",
    source="Pending 0 attribute sets with total 0 prefixes to send",
)

SPECS = (
    UP,
    PREFERENCE,
    ROUTES,
    ROUTE_CHANGES,
    LIMIT,
    LIMIT_HIT,
    PENDING_SETS,
    PENDING_PREFIXES,
)


def channel_rows(labels: tuple[str, str, str], channel: Channel) -> Rows:
    """Yield the rows of one channel."""
    if channel.state is not None:
        yield UP, (labels, (float(channel.state is ChannelState.UP),))
    if channel.preference is not None:
        yield PREFERENCE, (labels, (channel.preference,))
    if (routes := channel.routes) is not None:
        yield ROUTES, (labels, (routes.imported, routes.filtered, routes.exported, routes.preferred))
    if channel.changes is not None:
        yield ROUTE_CHANGES, (labels, _values(channel.changes))
    for limit in channel.limits:
        limit_labels = (*labels, limit.direction, limit.action or "")
        yield LIMIT, (limit_labels, (limit.maximum,))
        yield LIMIT_HIT, (limit_labels, (float(limit.hit),))
    if isinstance(detail := channel.detail, BgpChannel) and detail.pending_prefixes is not None:
        yield PENDING_SETS, (labels, (detail.pending_attribute_sets,))
        yield PENDING_PREFIXES, (labels, (detail.pending_prefixes,))


def _values(changes: RouteChanges) -> tuple[int | None, ...]:
    return (
        *_row(changes.import_updates),
        *_row(changes.import_withdraws),
        *_row(changes.export_updates),
        *_row(changes.export_withdraws),
    )


_NOT_COUNTED = (None,) * len(OUTCOMES)


def _row(row: ChangeRow | None) -> tuple[int | None, ...]:
    if row is None:
        return _NOT_COUNTED
    return row.received, row.rejected, row.filtered, row.ignored, row.rx_limit, row.limit, row.accepted
