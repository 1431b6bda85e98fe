"""What BIRD says, as frozen objects.

Terms are BIRD's and RFC 4271's. ``None`` means "not printed" or "not applicable" (``---``) and is never turned
into a zero. Times are kept as printed; :mod:`calicometrics.bird.clock` turns them into timestamps. Lines that
nobody knows stay, as text, in ``extra``.
"""

from __future__ import annotations

import enum
from typing import Self

import attrs


class OpenEnum(str, enum.Enum):  # noqa: UP042 - StrEnum would print UNKNOWN as "unknown", not as its text
    """A closed vocabulary with a way out: an unknown word becomes UNKNOWN and keeps its text in ``text``."""

    text: str

    def __new__(cls, value: str) -> Self:
        """Return the member of a word of the vocabulary."""
        member = str.__new__(cls, value)
        member._value_ = value
        member.text = value
        return member

    @classmethod
    def of(cls, text: str) -> Self:
        """Return the member of a word, as calling the class does, at a fraction of the time."""
        member = cls._value2member_map_.get(text)
        return cls(text) if member is None else member  # type: ignore[return-value]  # the map holds members

    @classmethod
    def _missing_(cls, value: object) -> Self:
        member = str.__new__(cls, str(value))
        member._name_ = "UNKNOWN"
        member._value_ = "unknown"
        member.text = str(value)
        return member

    def __str__(self) -> str:
        return self.text

    @property
    def known(self) -> bool:
        """Whether the word is part of the vocabulary."""
        return self._name_ != "UNKNOWN"


class ProtocolState(OpenEnum):
    """The state column of ``show protocols``; ``flush`` and ``stop`` are on the way to ``down``."""

    DOWN = "down"
    START = "start"
    WAIT = "wait"
    FEED = "feed"
    UP = "up"
    STOP = "stop"
    FLUSH = "flush"


class ChannelState(OpenEnum):
    """The ``State:`` line of a channel (BIRD 2.0 ``nest/proto.c``, ``c_states``)."""

    DOWN = "DOWN"
    START = "START"
    UP = "UP"
    FLUSHING = "FLUSHING"
    STOP = "STOP"
    PAUSE = "PAUSE"


class BgpState(OpenEnum):
    """The states of RFC 4271 and the three words that BIRD adds: Close, Down and Passive."""

    IDLE = "Idle"
    CONNECT = "Connect"
    ACTIVE = "Active"
    OPENSENT = "OpenSent"
    OPENCONFIRM = "OpenConfirm"
    ESTABLISHED = "Established"
    CLOSE = "Close"
    DOWN = "Down"
    PASSIVE = "Passive"


@attrs.frozen
class RouteCounts:
    """The ``Routes:`` line: routes that the channel holds now."""

    imported: int
    exported: int
    filtered: int | None = None
    """Only with ``import keep filtered``."""
    preferred: int | None = None
    """Not for Pipe, nor in early 2.0."""


@attrs.frozen
class ChangeRow:
    """One row of ``Route change stats:``; None where BIRD prints ``---`` or has no such column."""

    received: int | None = None
    rejected: int | None = None
    filtered: int | None = None
    ignored: int | None = None
    rx_limit: int | None = None
    """BIRD 3 only."""
    limit: int | None = None
    """BIRD 3 only."""
    accepted: int | None = None


@attrs.frozen
class RouteChanges:
    """The four rows under ``Route change stats:``, counted since the channel came up."""

    import_updates: ChangeRow | None = None
    import_withdraws: ChangeRow | None = None
    export_updates: ChangeRow | None = None
    export_withdraws: ChangeRow | None = None


@attrs.frozen
class Limit:
    """A ``Receive|Import|Export limit:`` line and the ``Action:`` line under it."""

    direction: str
    """``receive``, ``import`` or ``export``."""
    maximum: int
    action: str | None = None
    """``warn``, ``block``, ``restart`` or ``disable``."""
    hit: bool = False


@attrs.frozen
class Timer:
    """A ``remaining/configured`` pair, in seconds; configured is None for ``12/-``."""

    remaining: float
    configured: float | None = None


@attrs.frozen
class Capability:
    """One capability of a BGP session, with its parameters as printed under it."""

    name: str
    value: str = ""
    """What stands behind the name on its own line, as in ``Hostname: node-a``."""
    parameters: tuple[tuple[str, str], ...] = ()


@attrs.frozen
class BgpSession:
    """The BGP block of a protocol: its ``detail``."""

    state: BgpState | None = None
    neighbor_address: str | None = None
    """As printed, ``%interface`` included."""
    neighbor_port: int | None = None
    neighbor_range: str | None = None
    neighbor_as: int | None = None
    local_as: int | None = None
    neighbor_id: str | None = None
    local_capabilities: tuple[Capability, ...] | None = None
    neighbor_capabilities: tuple[Capability, ...] | None = None
    session: tuple[str, ...] | None = None
    """The words of ``Session:``, such as ``internal multihop AS4``."""
    source_address: str | None = None
    hold_timer: Timer | None = None
    keepalive_timer: Timer | None = None
    send_hold_timer: Timer | None = None
    connect_delay: Timer | None = None
    error_wait: Timer | None = None
    restart_timer: Timer | None = None
    stale_timer: Timer | None = None
    """BIRD 1.6; later versions have one for each channel."""
    last_error: str | None = None
    route_limit: tuple[int, int] | None = None
    """BIRD 1.x: routes used and the maximum."""
    graceful_restart_active: bool = False
    """The neighbor restarts and its routes are kept."""
    tx_pending: int | None = None
    """BIRD 3: bytes that wait to be sent."""


@attrs.frozen
class BgpChannel:
    """What BGP adds to a channel: the channel's ``detail``."""

    next_hop: str | None = None
    """One address, or two when there is a link-local one."""
    igp_table_ipv4: str | None = None
    igp_table_ipv6: str | None = None
    base_table: str | None = None
    neighbor_gr: str | None = None
    stale_timer: Timer | None = None
    pending_attribute_sets: int | None = None
    """BIRD 3."""
    pending_prefixes: int | None = None
    """BIRD 3."""


@attrs.frozen
class Channel:
    """The connection between a protocol and one routing table.

    BIRD 1.x has no channels: each of its protocols gets one, named after the daemon's family (``ipv4``, ``ipv6``),
    without a state of its own.
    """

    name: str
    state: ChannelState | None = None
    import_state: str | None = None
    export_state: str | None = None
    table: str | None = None
    preference: int | None = None
    input_filter: str | None = None
    output_filter: str | None = None
    routes: RouteCounts | None = None
    changes: RouteChanges | None = None
    limits: tuple[Limit, ...] = ()
    peer_table: str | None = None
    """Pipe only: the table at the other end."""
    gr_recovery: str | None = None
    detail: object | None = None
    """What the protocol's kind adds; :class:`BgpChannel` for BGP."""
    extra: tuple[str, ...] = ()


@attrs.frozen
class Protocol:
    """One protocol instance of ``show protocols`` or ``show protocols all``."""

    name: str
    proto: str
    """The kind, as BIRD prints it: ``BGP``, ``Kernel``, ``OSPF`` …"""
    table: str | None
    state: ProtocolState
    since: str
    """When the state was entered: the daemon's wall clock as printed, never a duration."""
    info: str
    """The last column, without its padding; often empty."""
    description: str | None = None
    message: str | None = None
    router_id: str | None = None
    vrf: str | None = None
    created: str | None = None
    """BIRD 3: when the instance was created, as printed."""
    last_autorestart: str | None = None
    """BIRD 3: as printed."""
    channels: tuple[Channel, ...] = ()
    detail: object | None = None
    """What the protocol's kind adds; :class:`BgpSession` for BGP, None for kinds without a reader."""
    extra: tuple[str, ...] = ()


@attrs.frozen
class GracefulRestart:
    """The ``0024-`` lines of ``show status`` while a restarted daemon recovers its routes."""

    waiting_for: int | None = None
    """Protocols (1.6) or channels (2.x, 3.x) that have not finished."""
    timer: Timer | None = None
    """The wait timer, remaining and configured."""


@attrs.frozen
class DaemonStatus:
    """The reply to ``show status``; times as printed, in the daemon's zone."""

    version: str
    router_id: str | None = None
    hostname: str | None = None
    server_time: str | None = None
    last_reboot: str | None = None
    last_reconfiguration: str | None = None
    state: str | None = None
    """The last line, such as ``Daemon is up and running``."""
    graceful_restart: GracefulRestart | None = None
    """None when no recovery is in progress."""
    extra: tuple[str, ...] = ()


@attrs.frozen
class MemoryArea:
    """One row of ``show memory``, in bytes as precise as BIRD rounds them."""

    effective: int
    overhead: int | None = None
    """BIRD 2.0.9 and later, not for the rows of pages."""


@attrs.frozen
class MemoryUsage:
    """The reply to ``show memory``: area name as printed → bytes."""

    areas: dict[str, MemoryArea]
    counters: dict[str, int] = attrs.field(factory=dict)
    """BIRD 3: rows that count events, not bytes."""
    extra: tuple[str, ...] = ()


@attrs.frozen
class TableRoutes:
    """One table's line of ``show route count``."""

    table: str
    routes: int
    networks: int
