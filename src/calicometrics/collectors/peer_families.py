"""The families of ``bird_protocols`` that tell who a protocol is and, of BGP, how its session does."""

from __future__ import annotations

from typing import TYPE_CHECKING

from calicometrics.bird.last_error import error_class
from calicometrics.bird.model import BgpSession, BgpState
from calicometrics.bird.naming import peer_type
from calicometrics.spec import FamilySpec

if TYPE_CHECKING:
    from calicometrics.bird.model import Protocol
    from calicometrics.collectors.protocol_rows import Rows
    from calicometrics.families import Row

LABELS = ("bird_daemon", "bird_protocol_instance")

INFO = FamilySpec(
    "bird_protocol_info",
    "gauge",
    "Always 1; who the protocol is. The labels of a peer are empty for other protocols.",
    (*LABELS, "proto", "table", "peer_type", "neighbor_address", "neighbor_as", "local_as", "description"),
    source="Neighbor address: 10.9.0.2",
)
BGP_STATE = FamilySpec(
    "bird_bgp_state",
    "gauge",
    "Always 1; the BGP state machine's present state is in the label of the same name.",
    (*LABELS, "bird_bgp_state"),
    source="BGP state:          Established",
)
PEER_UP = FamilySpec(
    "bird_bgp_peer_up",
    "gauge",
    "Whether the BGP session is Established; of BGP protocols only.",
    LABELS,
    source="BGP state:          Established",
)
LAST_ERROR = FamilySpec(
    "bird_bgp_last_error",
    "gauge",
    "Always 1; the class of the session's last error: none, socket, received, bgp_error, error, "
    "automatic_shutdown or administrative.",
    (*LABELS, "error_class"),
    source="Last error:       BGP Error: Bad peer AS",
)
GRACEFUL_RESTART = FamilySpec(
    "bird_bgp_graceful_restart_active",
    "gauge",
    "1 while the neighbor restarts gracefully and its routes are kept; absent otherwise.",
    LABELS,
    source="Neighbor graceful restart active",
)
TX_PENDING = FamilySpec(
    "bird_bgp_tx_pending_bytes",
    "gauge",
    "Bytes that wait to be sent to the neighbor; BIRD 3.",
    LABELS,
    unit="bytes",
    source="TX pending:       0 bytes",
)
ROUTE_LIMIT_USED = FamilySpec(
    "bird_bgp_route_limit_used",
    "gauge",
    "Routes that count towards the session's route limit; BIRD 1.x.",
    LABELS,
    unit="routes",
    source="Route limit:      3/100",
)
ROUTE_LIMIT = FamilySpec(
    "bird_bgp_route_limit",
    "gauge",
    "The session's route limit; BIRD 1.x.",
    LABELS,
    unit="routes",
    source="Route limit:      3/100",
)

SPECS = (
    INFO,
    BGP_STATE,
    PEER_UP,
    LAST_ERROR,
    GRACEFUL_RESTART,
    TX_PENDING,
    ROUTE_LIMIT_USED,
    ROUTE_LIMIT,
)


def info_row(labels: tuple[str, str], protocol: Protocol) -> tuple[FamilySpec, Row]:
    """Return the row that tells who a protocol is."""
    session = protocol.detail
    peer = ("", "", "", "")
    if isinstance(session, BgpSession):
        peer = (
            peer_type(protocol.name).value,
            session.neighbor_address or session.neighbor_range or "",
            _text(session.neighbor_as),
            _text(session.local_as),
        )
    return INFO, (
        (*labels, protocol.proto, protocol.table or "", *peer, protocol.description or ""),
        (1.0,),
    )


def session_rows(labels: tuple[str, str], protocol: Protocol, session: BgpSession) -> Rows:
    """Yield the rows that tell how a BGP protocol's session does."""
    if session.state is not None:
        yield BGP_STATE, ((*labels, str(session.state)), (1.0,))
        yield PEER_UP, (labels, (float(session.state is BgpState.ESTABLISHED),))
    yield LAST_ERROR, ((*labels, error_class(protocol).value), (1.0,))
    if session.graceful_restart_active:
        yield GRACEFUL_RESTART, (labels, (1.0,))
    if session.tx_pending is not None:
        yield TX_PENDING, (labels, (session.tx_pending,))
    if session.route_limit is not None:
        used, maximum = session.route_limit
        yield ROUTE_LIMIT_USED, (labels, (used,))
        yield ROUTE_LIMIT, (labels, (maximum,))


def _text(number: int | None) -> str:
    return "" if number is None else str(number)
