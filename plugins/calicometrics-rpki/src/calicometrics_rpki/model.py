"""An RPKI session as a frozen object, in the terms of RFC 8210 and of BIRD.

``None`` means "not printed" or ``---``: a session that has never been synchronised has no serial number.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs

from calicometrics.bird.model import OpenEnum

if TYPE_CHECKING:
    from calicometrics.bird.model import Timer


class RpkiState(OpenEnum):
    """The states of a session with a cache, as BIRD spells them (``proto/rpki/rpki.c``, ``str_cache_states``)."""

    CONNECTING = "Connecting"
    ESTABLISHED = "Established"
    RESETTING = "Reseting"
    SYNC_START = "Sync-Start"
    SYNC_RUNNING = "Sync-Running"
    FAST_RECONNECT = "Fast-Reconnect"
    NO_INCREMENT = "No-Increment-Update-Available"
    NO_DATA = "Cache-Error-No-Data-Available"
    FATAL_ERROR = "Fatal-Protocol-Error"
    TRANSPORT_ERROR = "Transport-Error"
    DOWN = "Down"

    @property
    def connected(self) -> bool:
        """Whether the cache answers: the session is Established, or it is being synchronised."""
        return self in {RpkiState.ESTABLISHED, RpkiState.SYNC_START, RpkiState.SYNC_RUNNING}


@attrs.frozen
class RpkiSession:
    """The detail of an RPKI protocol; BIRD prints nothing of one that is down."""

    state: RpkiState | None = None
    cache_server: str | None = None
    """The name or address, as configured."""
    cache_port: int | None = None
    """Printed only when it is not the transport's own: 323, or 22 for SSH."""
    transport: str | None = None
    """``Unprotected over TCP``, ``TCP-MD5`` or ``SSHv2``."""
    protocol_version: int | None = None
    session_id: int | None = None
    """The cache's; a new one means that the cache has lost its history."""
    serial_number: int | None = None
    """Of the data that the cache last sent."""
    last_update: float | None = None
    """Seconds since the data was last known to be complete."""
    refresh_timer: Timer | None = None
    """Until the cache is asked for changes."""
    retry_timer: Timer | None = None
    """Until the cache is asked again after a failure."""
    expire_timer: Timer | None = None
    """Until the data is given up unless the cache answers."""
    missing_channels: tuple[str, ...] = ()
    """The channels that the version knows and the configuration lacks."""
