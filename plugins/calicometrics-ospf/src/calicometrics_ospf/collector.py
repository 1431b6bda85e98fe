"""Collector ``ospf``: the OSPF areas and neighbors of each BIRD daemon."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from calicometrics import CalicometricsError, Collector, FamilySpec, ParseError
from calicometrics_ospf import commands
from calicometrics_ospf.model import NeighborState

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from calicometrics import MetricFamily, Snapshot
    from calicometrics_ospf.model import OspfArea, OspfInstance, OspfNeighbor

_LABELS = ("bird_daemon", "bird_protocol_instance")
_AREA = (*_LABELS, "area")
_NEIGHBOR = (*_LABELS, "interface", "neighbor_address", "router_id")
_ROW = "10.9.0.2  1  Full/DR  7.998  va  10.9.0.2"

LSAS = FamilySpec(
    "bird_ospf_lsas",
    "gauge",
    "Link state advertisements in the instance's database.",
    _LABELS,
    unit="LSAs",
    source="Number of LSAs in DB:  9",
)
STUB_ROUTER = FamilySpec(
    "bird_ospf_stub_router",
    "gauge",
    "Whether others are told not to route through this router.",
    _LABELS,
    source="Stub router: No",
)
AREA_INFO = FamilySpec(
    "bird_ospf_area_info",
    "gauge",
    "Always 1; the area's type: normal, stub or nssa.",
    (*_AREA, "type"),
    source="Area: 0.0.0.0 (0) [BACKBONE]",
)
AREA_INTERFACES = FamilySpec(
    "bird_ospf_area_interfaces",
    "gauge",
    "Interfaces of this router in the area.",
    _AREA,
    unit="interfaces",
    source="Number of interfaces:  2",
)
AREA_NEIGHBORS = FamilySpec(
    "bird_ospf_area_neighbors",
    "gauge",
    "Neighbors in the area, in whatever state.",
    _AREA,
    unit="neighbors",
    source="Number of neighbors:  2",
)
AREA_ADJACENT = FamilySpec(
    "bird_ospf_area_adjacent_neighbors",
    "gauge",
    "Neighbors in the area whose state is Full.",
    _AREA,
    unit="neighbors",
    source="Number of adjacent neighbors:  2",
)
ADJACENT = FamilySpec(
    "bird_ospf_neighbor_adjacent",
    "gauge",
    "Whether the neighbor's state is Full; between two routers of a broadcast network that are neither DR nor BDR, "
    "2-Way is as far as it gets.",
    _NEIGHBOR,
    source=_ROW,
)
STATE = FamilySpec(
    "bird_ospf_neighbor_state",
    "gauge",
    "Always 1; the neighbor's present state is in the label bird_ospf_state: Down, Attempt, Init, 2-Way, ExStart, "
    "Exchange, Loading or Full.",
    (*_NEIGHBOR, "bird_ospf_state"),
    source=_ROW,
)
ROLE = FamilySpec(
    "bird_ospf_neighbor_role",
    "gauge",
    "Always 1; what the neighbor is in the network: DR, BDR, Other or PtP.",
    (*_NEIGHBOR, "role"),
    source=_ROW,
)
PRIORITY = FamilySpec(
    "bird_ospf_neighbor_priority",
    "gauge",
    "The neighbor's priority in the election of the designated router.",
    _NEIGHBOR,
    source=_ROW,
)
DEAD = FamilySpec(
    "bird_ospf_neighbor_dead_remaining_seconds",
    "gauge",
    "Seconds until the neighbor is taken for down unless a hello comes; absent where BIRD 1.6 has more than an hour.",
    _NEIGHBOR,
    unit="seconds",
    source=_ROW,
)

_Families = dict[str, "MetricFamily"]


class OspfCollector(Collector):
    """The OSPF protocols of each daemon, OSPFv2 and OSPFv3; a daemon without one has no rows and gets no command."""

    name = "ospf"
    help = "OSPF: areas, neighbors and their states, adjacencies"
    enabled_by_default = True
    families: ClassVar = (
        LSAS,
        STUB_ROUTER,
        AREA_INFO,
        AREA_INTERFACES,
        AREA_NEIGHBORS,
        AREA_ADJACENT,
        ADJACENT,
        STATE,
        ROLE,
        PRIORITY,
        DEAD,
    )

    def collect(self, snapshot: Snapshot) -> Iterable[MetricFamily]:
        """Return the families of all daemons' OSPF protocols; a reply that cannot be had is noted."""
        families = {spec.name: spec.family() for spec in self.families}
        for daemon in snapshot.daemons:
            try:
                names = commands.names(snapshot, daemon)
                found = commands.instances(snapshot, daemon, names) if names else []
            except CalicometricsError as error:
                snapshot.failures.append(error)
                continue
            for instance in found:
                _add_instance(families, daemon, instance)
            for name in names:
                try:
                    neighbors = commands.neighbors(snapshot, daemon, name)
                except CalicometricsError as error:
                    snapshot.failures.append(error)
                else:
                    snapshot.failures.extend(_add_neighbors(families, daemon, neighbors))
        return families.values()


def _add_instance(families: _Families, daemon: str, instance: OspfInstance) -> None:
    labels = (daemon, instance.name)
    _add(families, LSAS, labels, instance.lsas)
    _add(families, STUB_ROUTER, labels, instance.stub_router)
    for area in instance.areas:
        of_area = (*labels, area.area_id)
        _add(families, AREA_INFO, (*of_area, _type(area)), 1)
        _add(families, AREA_INTERFACES, of_area, area.interfaces)
        _add(families, AREA_NEIGHBORS, of_area, area.neighbors)
        _add(families, AREA_ADJACENT, of_area, area.adjacent_neighbors)


def _add_neighbors(
    families: _Families, daemon: str, neighbors: Sequence[OspfNeighbor]
) -> Iterable[ParseError]:
    """Add the neighbors' rows, and yield a problem for each that cannot be told from one before it.

    OSPFv3 may run several instances on one link, in which the same router is a neighbor once each; BIRD does not print
    which instance a row belongs to.
    """
    seen: set[tuple[str, ...]] = set()
    for neighbor in neighbors:
        labels = (daemon, neighbor.protocol, neighbor.interface, neighbor.address, neighbor.router_id)
        if labels in seen:
            yield ParseError(
                f"{neighbor.protocol}: the neighbor {neighbor.address} on {neighbor.interface} is there twice; "
                "the first one is shown"
            )
            continue
        seen.add(labels)
        _add(families, ADJACENT, labels, neighbor.state is NeighborState.FULL)
        _add(families, STATE, (*labels, str(neighbor.state)), 1)
        _add(families, ROLE, (*labels, neighbor.role), 1)
        _add(families, PRIORITY, labels, neighbor.priority)
        _add(families, DEAD, labels, neighbor.dead_timer)


def _type(area: OspfArea) -> str:
    if area.nssa:
        return "nssa"
    return "stub" if area.stub else "normal"


def _add(families: _Families, spec: FamilySpec, labels: tuple[str, ...], value: float | None) -> None:
    if value is not None:
        families[spec.name].add(labels, float(value))
