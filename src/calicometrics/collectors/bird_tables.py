"""Collector ``bird_tables``: routes per routing table, from ``show route count``."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from calicometrics.bird.daemon import parse_route_counts
from calicometrics.collectors.base import Collector
from calicometrics.spec import FamilySpec

if TYPE_CHECKING:
    from collections.abc import Iterable

    from calicometrics.families import MetricFamily
    from calicometrics.snapshot import Snapshot

_LABELS = ("bird_daemon", "bird_table")
_SOURCE = "39 of 39 routes for 7 networks in table master4"

ROUTES = FamilySpec(
    "bird_table_routes", "gauge", "Routes in the table, best or not.", _LABELS, unit="routes", source=_SOURCE
)
NETWORKS = FamilySpec(
    "bird_table_networks",
    "gauge",
    "Networks that the table has a route for.",
    _LABELS,
    unit="networks",
    source=_SOURCE,
)


class BirdTablesCollector(Collector):
    """The routing tables of each BIRD daemon; BIRD walks them all to count, so it is off by default."""

    name = "bird_tables"
    help = "routes and networks per routing table (BIRD walks its tables to count them)"
    families: ClassVar = (ROUTES, NETWORKS)

    def collect(self, snapshot: Snapshot) -> Iterable[MetricFamily]:
        """Return the tables of the daemons that answered."""
        routes, networks = ROUTES.family(), NETWORKS.family()
        for daemon, tables in snapshot.read("show route count", parse_route_counts):
            for table in tables:
                routes.add((daemon, table.table), table.routes)
                networks.add((daemon, table.table), table.networks)
        return routes, networks
