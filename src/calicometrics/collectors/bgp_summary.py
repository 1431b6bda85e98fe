"""Collector ``bgp_summary``: BGP in a number of series that does not grow with the peers.

A full mesh of n nodes has n² sessions, and ``bird_protocols`` tens of series for each. This collector can replace it:
its size depends on the kinds of peers and the states of BGP alone.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, ClassVar

from calicometrics.bird.model import BgpSession, BgpState
from calicometrics.bird.naming import PeerType, peer_type
from calicometrics.collectors.base import Collector
from calicometrics.families import Column
from calicometrics.spec import FamilySpec

if TYPE_CHECKING:
    from collections.abc import Iterable

    from calicometrics.families import MetricFamily
    from calicometrics.snapshot import Snapshot

OTHER_STATE = "unknown"
STATES = (*(state.value for state in BgpState), OTHER_STATE)

PEERS = FamilySpec(
    "bird_bgp_peers",
    "gauge",
    "Peers by why Calico configured them and by the state of their session; every state is there, zeros included. "
    "What listens for a range of neighbors is no peer.",
    ("bird_daemon", "peer_type"),
    tuple(Column(labels=(("state", state),)) for state in STATES),
    unit="peers",
    source="BGP state:          Established",
)
ROUTES = FamilySpec(
    "bird_bgp_routes",
    "gauge",
    "Routes of all sessions, and all their channels, together.",
    ("bird_daemon", "peer_type"),
    tuple(Column(labels=(("bird_route_type", kind),)) for kind in ("imported", "exported")),
    unit="routes",
    source="Routes:         4 imported, 18 exported, 3 preferred",
)
CHANGED = FamilySpec(
    "bird_bgp_last_change_timestamp_seconds",
    "gauge",
    "When the session that changed its state longest ago did so, and the one that changed last.",
    ("bird_daemon",),
    tuple(Column(labels=(("which", which),)) for which in ("oldest", "newest")),
    unit="seconds since the epoch",
    source="Node_10_9_0_2 BGP        ---        up     04:29:01.903  Established   ",
)


class BgpSummaryCollector(Collector):
    """All BGP sessions of each daemon in a constant number of series."""

    name = "bgp_summary"
    help = "BGP sessions in a constant number of series: peers by type and state, routes, oldest and newest change"
    families: ClassVar = (PEERS, ROUTES, CHANGED)

    def collect(self, snapshot: Snapshot) -> Iterable[MetricFamily]:
        """Return the summary of each daemon that answered."""
        peers, routes, changed = (spec.family() for spec in self.families)
        for daemon, protocols in snapshot.protocols():
            clock = snapshot.clock(daemon)
            states: Counter[tuple[PeerType, str]] = Counter()
            imported: Counter[PeerType] = Counter()
            exported: Counter[PeerType] = Counter()
            since = set()
            for protocol in protocols:
                session = protocol.detail
                if not isinstance(session, BgpSession) or session.neighbor_range is not None:
                    continue
                kind = peer_type(protocol.name)
                states[kind, OTHER_STATE if session.state is None else session.state.value] += 1
                since.add(protocol.since)
                for channel in protocol.channels:
                    if channel.routes is not None:
                        imported[kind] += channel.routes.imported
                        exported[kind] += channel.routes.exported
            for kind in PeerType:
                peers.add((daemon, kind.value), *(states[kind, state] for state in STATES))
                routes.add((daemon, kind.value), imported[kind], exported[kind])
            moments = [instant.timestamp for text in since if (instant := clock.instant(text)) is not None]
            changed.add((daemon,), min(moments, default=None), max(moments, default=None))
        return peers, routes, changed
