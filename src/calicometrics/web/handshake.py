"""A client's connection until its TLS handshake is over."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from calicometrics.web.connection import Connection
    from calicometrics.web.connections import Connections
    from calicometrics.web.tls import ServerTls

    TlsNow = Callable[[], Awaitable[ServerTls | None]]

logger = logging.getLogger(__name__)


class Door(asyncio.Protocol):
    """A client's connection until its TLS handshake is over; then a ``Connection`` takes it over.

    asyncio can do the handshake of a listening socket itself, but always with the same context, and without telling of
    the connection before. Here each handshake is done as the configuration is at that time, and a client counts
    from its first packet on.

    Args:
        connections: The server's connections.
        tls: Returns how TLS is spoken; None for HTTP.
        connect: Makes what takes the connection over.
    """

    transport: asyncio.Transport

    def __init__(self, connections: Connections, tls: TlsNow, connect: Callable[[], Connection]) -> None:
        self._connections = connections
        self._tls = tls
        self._connect = connect
        self._task: asyncio.Task[None] | None = None
        self._connection: Connection | None = None
        self._early = bytearray()
        self._ended = False

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # TCP is both ways
        """Begin the handshake."""
        self.transport = transport
        transport.pause_reading()  # what comes is for the handshake
        self._connections.opened(self)
        if self in self._connections:
            self._task = asyncio.get_running_loop().create_task(self._enter())

    def data_received(self, data: bytes) -> None:
        """Keep what the client sends along with the end of its handshake."""
        self._early += data
        if len(self._early) > self._connections.limits.early_size:
            self.transport.abort()

    def eof_received(self) -> None:
        """Let asyncio close what the client has ended."""
        self._ended = True

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the connection, or tell whoever has taken it over."""
        self._ended = True
        self._connections.closed(self)
        if self._connection is not None:
            self._connection.connection_lost(exc)

    def shutdown(self) -> None:
        """End the connection."""
        self.transport.abort()

    async def _enter(self) -> None:
        try:
            transport = await self._shake_hands()
            if transport is not None and not self._ended and self in self._connections:
                self._pass_on(transport)
                return
        except (OSError, TimeoutError) as error:  # OSError: ssl.SSLError is one
            logger.debug("no TLS handshake: %s", error)
        except Exception as error:
            logger.error("a connection failed: %s: %s", type(error).__name__, error)  # noqa: TRY400 - as everywhere
            logger.debug("a connection failed", exc_info=True)
        self._connections.closed(self)
        self.transport.abort()

    def _pass_on(self, transport: asyncio.Transport) -> None:
        self._connection = self._connect()
        self._connection.wire = self.transport
        self._connections.passed_on(self)
        transport.set_protocol(self._connection)
        self._connection.connection_made(transport)
        if self._early:
            self._connection.data_received(bytes(self._early))
            self._early.clear()

    async def _shake_hands(self) -> asyncio.Transport | None:
        """Return what the client is to be served on, or None when it is not let in."""
        limits = self._connections.limits
        tls = await self._tls()
        if self.transport.is_closing():
            return None
        if tls is None:
            self.transport.resume_reading()
            return self.transport
        # asyncio returns None when the connection is lost meanwhile.
        transport = await asyncio.get_running_loop().start_tls(
            self.transport,
            self,
            tls.context,
            server_side=True,
            ssl_handshake_timeout=limits.header_timeout,
            ssl_shutdown_timeout=limits.drain_timeout,
        )
        if transport is None or tls.admits(transport.get_extra_info("peercert")):
            return transport
        logger.debug("no TLS handshake: the client's certificate has none of client_allowed_sans")
        return None
