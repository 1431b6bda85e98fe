"""Runs the HTTP front on a thread of its own: an event loop, its listening sockets, its connections."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import threading
import time
from concurrent.futures import Future
from functools import partial
from typing import TYPE_CHECKING, Any

import uvicorn
from uvicorn.server import ServerState

from calicometrics.web.connection import Connection
from calicometrics.web.connections import Connections
from calicometrics.web.handshake import Door
from calicometrics.web.limits import Limits
from calicometrics.web.listen import BACKLOG

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable, Iterable, Mapping

    from calicometrics.web.handshake import TlsNow

logger = logging.getLogger(__name__)

_AGAIN = 60.0  # seconds after which the same is reported again


class HttpServer:
    """Serves an ASGI application on sockets that already listen. It owns the sockets.

    It is uvicorn's protocol on asyncio's own loop, without what uvicorn's command line has around it: no signal
    handlers, no logging set-up, no timer that ticks. Neither embedding program nor other servers notice it.

    Args:
        app: The application.
        sockets: The listening sockets.
        limits: What clients are granted.
        tls: Is asked for each connection how TLS is spoken; None for HTTP.
        headers: Returns what is added to answers that do not come from the application, such as to what is no request.
    """

    def __init__(
        self,
        app: Any,
        sockets: Iterable[socket.socket],
        limits: Limits | None = None,
        tls: TlsNow | None = None,
        headers: Callable[[], Mapping[str, str]] = dict,
    ) -> None:
        self._app = app
        self._sockets = tuple(sockets)
        self._limits = limits or Limits()
        self._tls = tls
        self._connections = Connections(self._limits, headers)
        self._thread: threading.Thread | None = None
        self._serving: Future[tuple[asyncio.AbstractEventLoop, asyncio.Event]] = Future()

    def start(self) -> None:
        """Start the thread; returns when requests are served."""
        self._thread = threading.Thread(target=self._run, name="web", daemon=True)
        self._thread.start()
        try:
            self._serving.result()
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Accept no more, let the answers under way end within the drain time, and end the thread."""
        if self._thread is not None:
            if self._serving.exception() is None:
                loop, stopping = self._serving.result()
                with contextlib.suppress(RuntimeError):  # the loop has ended already
                    loop.call_soon_threadsafe(stopping.set)
            self._thread.join()
        for listener in self._sockets:
            listener.close()

    def _run(self) -> None:
        try:
            with asyncio.Runner(loop_factory=asyncio.SelectorEventLoop) as runner:
                runner.get_loop().set_exception_handler(_Reporter())
                runner.run(self._serve())
        except BaseException as error:
            if self._serving.done():
                raise
            self._serving.set_exception(error)  # start() raises it

    async def _serve(self) -> None:
        loop = asyncio.get_running_loop()
        connections = self._connections
        config = uvicorn.Config(
            self._app,
            http=Connection,
            ws="none",
            lifespan="off",
            interface="asgi3",
            log_config=None,
            workers=1,  # or else the environment is asked
            proxy_headers=False,
            h11_max_incomplete_event_size=self._limits.header_size,
        )
        config.load()
        connect = partial(Connection, connections, config, ServerState())
        factory = connect if self._tls is None else partial(Door, connections, self._tls, connect)
        servers = [
            await loop.create_server(factory, sock=listener, backlog=BACKLOG) for listener in self._sockets
        ]
        stopping = asyncio.Event()
        self._serving.set_result((loop, stopping))
        await stopping.wait()
        for server in servers:
            server.close()
        await self._drain(connections)

    async def _drain(self, connections: Connections) -> None:
        for connection in connections:
            connection.shutdown()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(connections.empty.wait(), self._limits.drain_timeout)
        for connection in connections:
            connection.transport.abort()
        await connections.empty.wait()


class _Reporter:
    """Logs what asyncio reports in one line, and the same not again for a while.

    Without descriptors asyncio tries to accept, and reports, as many times a second as connections may wait.

    Args:
        clock: Seconds.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._said: dict[str, float] = {}

    def __call__(self, loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:  # noqa: ARG002 - asyncio's signature
        """Log what asyncio reports."""
        error = context.get("exception")
        text = f"{context['message']}{f': {type(error).__name__}: {error}' if error else ''}"
        now = self._clock()
        self._said = {said: when for said, when in self._said.items() if now - when < _AGAIN}
        if text not in self._said:
            self._said[text] = now
            logger.error("%s", text)
            logger.debug("%s", context["message"], exc_info=error)
