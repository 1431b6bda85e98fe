"""One client's connection: uvicorn's HTTP/1.1 protocol, with a deadline for everything a client can be slow at."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import sys
from typing import TYPE_CHECKING, Any

import h11
from uvicorn.protocols.http.h11_impl import STATUS_PHRASES, H11Protocol

from calicometrics.web.headers import sending, with_headers
from calicometrics.web.request import Request
from calicometrics.web.taking import Taking

if TYPE_CHECKING:
    from collections.abc import Mapping

    from uvicorn import Config
    from uvicorn.protocols.http.h11_impl import RequestResponseCycle
    from uvicorn.server import ServerState

    from calicometrics.web.connections import Connections
    from calicometrics.web.limits import Limits

# What a client does wrong is for the client to know, not for the log: only errors of the server's own get through.
_logger = logging.getLogger(__name__)
_logger.setLevel(logging.ERROR)

_PART = 4096
_LOOKS = 5  # during the time that a client has for the next byte


class Connection(H11Protocol):
    """One client's connection.

    Its client has one deadline at a time: for a whole request header, for taking the whole answer, or for the next
    request; and another one for the next byte, while something waits to be taken. Whatever a client sends or does not
    send, nothing else waits for it, and when its deadline is over it is gone. The request that is under way when the
    client goes away is cancelled.

    Args:
        connections: The server's connections.
        config: As for uvicorn's protocol.
        server_state: As for uvicorn's protocol.

    Attributes:
        wire: What is below the connection, with TLS.
    """

    wire: asyncio.Transport | None = None
    _taking: Taking

    def __init__(self, connections: Connections, config: Config, server_state: ServerState) -> None:
        super().__init__(config, server_state, app_state={}, _loop=asyncio.get_running_loop())
        self.logger = _logger
        self.access_log = False
        self.timeout_keep_alive = connections.limits.idle_timeout  # type: ignore[assignment]  # a number of seconds as good as any
        self._connections = connections
        self._deadline: asyncio.TimerHandle | None = None
        self._request: asyncio.Task[Any] | None = None
        self._look: asyncio.TimerHandle | None = None
        self._ended = False
        self._application = self.app
        self.app = self._answer

    @property
    def _busy(self) -> bool:
        """Whether a request is under way."""
        cycle: RequestResponseCycle | None = (
            self.cycle
        )  # None until the first request, whatever its type says
        return cycle is not None and not cycle.response_complete

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        """Begin to wait for a request."""
        super().connection_made(transport)
        self._taking = Taking(self._connections.takings, transport, self.wire or transport)
        self._connections.opened(self)
        self._arm(self._connections.limits.header_timeout)

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the connection, and the answer that nobody waits for any more."""
        self._connections.closed(self)
        self._connections.takings.remove(self._taking)
        self._disarm()
        if self._look is not None:
            self._look.cancel()
            self._look = None
        super().connection_lost(exc)
        if self._request is not None:
            self._request.cancel()
        # What refers to itself would stay until garbage is collected.
        self.cycle = None  # type: ignore[assignment]  # as before the first request
        self.app = self._application

    def data_received(self, data: bytes) -> None:
        """Take what the client sends; a header that has begun has to end in time."""
        # A header is too long for h11 only while it is not complete: it gets to see it in parts.
        for start in range(0, len(data), _PART):
            if self.transport.is_closing():
                return
            super().data_received(data[start : start + _PART])
        if not self._busy and self._deadline is None:
            self._arm(self._connections.limits.header_timeout)

    def handle_events(self) -> None:
        """Begin to answer when a request's header is complete."""
        before = self.cycle
        super().handle_events()
        if self.cycle is not before:  # a request's header is complete
            self._connections.busy(self)
            self._arm(self._connections.limits.response_timeout)

    def on_response_complete(self) -> None:
        """Begin to wait for the next request."""
        self._disarm()
        self._connections.idle(self)
        super().on_response_complete()
        if self._ended and not self._busy:
            self.transport.close()

    def eof_received(self) -> bool:  # type: ignore[override]  # as asyncio has it
        """Return whether the connection stays open for the answer under way, when the client has said all."""
        self._ended = True
        return self._busy and self.scheme == "http"  # there is no half of a TLS connection

    def send_400_response(self, msg: str) -> None:
        """Answer what is no request, unless an answer is under way: then the connection ends where it is."""
        if self.cycle is not None:
            self.cycle.disconnected = True
        if self.conn.our_state in {h11.IDLE, h11.SEND_RESPONSE}:
            status = getattr(sys.exc_info()[1], "error_status_hint", 400)  # of h11, which uvicorn has caught
            body = f"{msg}\n".encode()
            headers = [
                (b"content-type", b"text/plain; charset=utf-8"),
                (b"content-length", str(len(body)).encode()),
                (b"connection", b"close"),
            ]
            response = h11.Response(
                status_code=status,
                headers=with_headers(headers, self._connections.headers()),
                reason=STATUS_PHRASES[status],
            )
            # h11 lets no body through to HEAD: that client gets the header alone.
            with contextlib.suppress(h11.LocalProtocolError):
                for event in (response, h11.Data(data=body), h11.EndOfMessage()):
                    self.transport.write(self.conn.send(event) or b"")
            self.transport.close()
            self._arm(self._connections.limits.header_timeout)
        else:
            self.transport.abort()

    def timeout_keep_alive_handler(self) -> None:
        """End a connection that has been idle for too long."""
        self._expire()

    def shutdown(self) -> None:
        """End the connection when its answer, if there is one under way, is complete."""
        if self._busy:
            self.cycle.keep_alive = False
        else:
            self._expire()

    def _arm(self, seconds: float) -> None:
        """Set the client's deadline, in place of the one before."""
        self._disarm()
        if self in self._connections:
            self._deadline = self.loop.call_later(seconds, self._expire)

    def _disarm(self) -> None:
        for timer in (self._deadline, self.timeout_keep_alive_task):
            if timer is not None:
                timer.cancel()
        self._deadline = self.timeout_keep_alive_task = None

    def _expire(self) -> None:
        """End the connection. A client that does not take what is waiting for it cannot keep it open."""
        if self._busy or self._taking.waiting:
            self.transport.abort()
        else:
            self.transport.close()

    def _look_later(self) -> None:
        if self in self._connections:
            self._look = self.loop.call_later(
                self._connections.limits.taking_timeout / _LOOKS, self._look_again
            )

    def _look_again(self) -> None:
        """End the connection of a client that takes nothing of what waits for it."""
        self._look = None
        if self._taking.stalled >= self._connections.limits.taking_timeout:
            self.transport.abort()
        elif self._taking.behind:
            self._look_later()

    async def _answer(self, scope: Any, receive: Any, send: Any) -> None:
        """Run the application for one request, which is no longer wanted once the connection is lost."""
        cycle: RequestResponseCycle | None = self.cycle  # None when the connection is lost already
        if cycle is None or cycle.disconnected:
            return
        scope["state"]["taking"] = self._taking

        async def give(message: Mapping[str, Any]) -> None:
            await send(message)
            self._taking.gave(len(message.get("body", b"")))
            if self._look is None and self._taking.behind:
                self._taking.begin()
                self._look_later()

        self._request = asyncio.current_task()
        try:
            with contextlib.suppress(asyncio.CancelledError):
                # A client that asks again before it has taken what it was given would get a round that it cannot take.
                await self.flow.drain()
                if cycle.disconnected:
                    return
                if _too_large(scope, self._connections.limits):
                    request = Request(scope, sending(give, self._connections.headers()))
                    await request.answer(431, "the request's header is too large", [("connection", "close")])
                else:
                    await self._application(scope, receive, give)
        finally:
            self._request = None
        if not cycle.response_complete:
            # The application gave up, or was told to: the client has to see that this is not the whole answer.
            cycle.disconnected = True
            self.transport.abort()


def _too_large(scope: Mapping[str, Any], limits: Limits) -> bool:
    """Return whether a request's header has more bytes or lines than a client is granted."""
    headers = scope["headers"]
    size = len(scope["raw_path"]) + len(scope["query_string"])
    size += sum(len(name) + len(value) + len(b": \r\n") for name, value in headers)
    return size > limits.header_size or len(headers) > limits.headers
