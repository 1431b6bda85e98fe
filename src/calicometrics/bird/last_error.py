"""The class of a BGP session's last error: a bounded vocabulary out of BIRD's free text."""

from __future__ import annotations

import enum
from typing import TYPE_CHECKING

from calicometrics.bird.model import BgpSession, ProtocolState

if TYPE_CHECKING:
    from calicometrics.bird.model import Protocol


class ErrorClass(enum.StrEnum):
    """What went wrong last on a session (BIRD ``proto/bgp/bgp.c``, ``bgp_err_classes``)."""

    NONE = "none"
    SOCKET = "socket"
    """The connection: refused, reset, no route, wrong password."""
    RECEIVED = "received"
    """A notification from the neighbor."""
    BGP_ERROR = "bgp_error"
    """An error in what the neighbor sent."""
    ERROR = "error"
    """An error of our own side: hold timer, invalid next hop, link down, BFD, graceful restart."""
    AUTOMATIC_SHUTDOWN = "automatic_shutdown"
    """BIRD shut the session down: a route limit was exceeded, or the session was never able to start."""
    ADMINISTRATIVE = "administrative"
    """Somebody disabled the protocol."""


_PREFIXES = {
    "Socket:": ErrorClass.SOCKET,
    "Received:": ErrorClass.RECEIVED,
    "BGP Error:": ErrorClass.BGP_ERROR,
    "Error:": ErrorClass.ERROR,
    "Automatic shutdown:": ErrorClass.AUTOMATIC_SHUTDOWN,
}


def error_class(protocol: Protocol) -> ErrorClass:
    """Return the class of a BGP protocol's last error.

    BIRD prints no ``Last error`` after an administrative shutdown: a session that is down without one was disabled.
    """
    session = protocol.detail
    text = session.last_error if isinstance(session, BgpSession) else None
    if text is None:
        return ErrorClass.ADMINISTRATIVE if protocol.state is ProtocolState.DOWN else ErrorClass.NONE
    for prefix, kind in _PREFIXES.items():
        if text.startswith(prefix):
            return kind
    return ErrorClass.ERROR
