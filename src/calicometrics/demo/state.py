"""What a BIRD 1.6 daemon knows of itself at one moment: the shape between the simulation and the layout."""

from __future__ import annotations

from typing import NamedTuple

Row = tuple[int, int, int, int, int]
"""One line of the route change stats: received, rejected, filtered, ignored, accepted."""


class Routes(NamedTuple):
    """How many routes a protocol has."""

    imported: int = 0
    exported: int = 0
    preferred: int = 0


class Changes(NamedTuple):
    """The route change stats; where BIRD prints ``---``, the number is not looked at."""

    import_updates: Row = (0, 0, 0, 0, 0)
    import_withdraws: Row = (0, 0, 0, 0, 0)
    export_updates: Row = (0, 0, 0, 0, 0)
    export_withdraws: Row = (0, 0, 0, 0, 0)


class Session(NamedTuple):
    """What only an established BGP session has; timers are seconds left and seconds agreed on."""

    neighbor_id: str
    capabilities: str
    kind: str
    source_address: str
    hold_timer: tuple[int, int]
    keepalive_timer: tuple[int, int]


class Bgp(NamedTuple):
    """A BGP protocol's own part."""

    state: str
    neighbor_address: str
    neighbor_as: int
    session: Session | None = None
    connect_delay: tuple[int, int] | None = None
    last_error: str | None = None


class Protocol(NamedTuple):
    """One protocol; without routes it is down."""

    name: str
    proto: str
    state: str
    since: float
    preference: int
    input_filter: str
    output_filter: str
    info: str = ""
    description: str | None = None
    import_limit: int | None = None
    routes: Routes | None = None
    changes: Changes = Changes()
    bgp: Bgp | None = None


class Daemon(NamedTuple):
    """One daemon; times are seconds since the epoch."""

    router_id: str
    time: float
    last_reboot: float
    last_reconfiguration: float
    protocols: tuple[Protocol, ...]

    @property
    def route_count(self) -> int:
        """The routes of all protocols."""
        return sum(protocol.routes.imported for protocol in self.protocols if protocol.routes)

    @property
    def network_count(self) -> int:
        """The destinations of these routes: one preferred route each."""
        return sum(protocol.routes.preferred for protocol in self.protocols if protocol.routes)
