"""What BIRD says of OSPF, as frozen objects in the terms of RFC 2328 and of BIRD.

OSPFv2 and OSPFv3 print the same. ``None`` means "not printed".
"""

from __future__ import annotations

import attrs

from calicometrics.bird.model import OpenEnum


class NeighborState(OpenEnum):
    """The states of RFC 2328, section 10.1, as BIRD spells them (``proto/ospf/neighbor.c``, ``ospf_ns_names``)."""

    DOWN = "Down"
    ATTEMPT = "Attempt"
    INIT = "Init"
    TWO_WAY = "2-Way"
    EXSTART = "ExStart"
    EXCHANGE = "Exchange"
    LOADING = "Loading"
    FULL = "Full"


@attrs.frozen
class AreaNetwork:
    """A configured range of an area, into which the area's networks are summarised at its border."""

    prefix: str
    advertised: bool
    """False when the range is configured as hidden."""
    active: bool
    """Whether the area has a network in the range."""
    external: bool = False
    """Whether it is a range of external routes of an NSSA."""


@attrs.frozen
class OspfArea:
    """One area of an instance."""

    area_id: str
    """As an address, such as ``0.0.0.0``."""
    stub: bool | None = None
    nssa: bool | None = None
    transit: bool | None = None
    nssa_translation: bool | None = None
    """Whether this router translates the external routes of an NSSA; None for other areas."""
    interfaces: int | None = None
    neighbors: int | None = None
    adjacent_neighbors: int | None = None
    """Neighbors whose state is Full."""
    networks: tuple[AreaNetwork, ...] = ()


@attrs.frozen
class OspfInstance:
    """One protocol's reply to ``show ospf``."""

    name: str
    """The protocol's name."""
    up: bool = True
    """False when BIRD answers that the protocol is not up; nothing else is known then."""
    rfc1583: bool | None = None
    stub_router: bool | None = None
    """Whether others are told not to route through this router."""
    tick: int | None = None
    """Seconds between two calculations of routes at least."""
    area_count: int | None = None
    lsas: int | None = None
    """Link state advertisements in the database."""
    areas: tuple[OspfArea, ...] = ()
    extra: tuple[str, ...] = ()
    """Lines that nobody knows."""


@attrs.frozen
class OspfNeighbor:
    """One row of ``show ospf neighbors``."""

    protocol: str
    router_id: str
    priority: int
    state: NeighborState
    role: str
    """``DR``, ``BDR`` or ``Other`` in a broadcast network, else ``PtP``."""
    dead_timer: float | None
    """Seconds until the neighbor is taken for down unless a hello comes; None where BIRD 1.6 says more than an hour."""
    interface: str
    address: str
