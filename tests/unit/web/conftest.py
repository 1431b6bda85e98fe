"""Starts fronts on loopback ports."""

from __future__ import annotations

import contextlib
import pathlib
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from calicometrics.web.app import App
from calicometrics.web.guard import Guard
from calicometrics.web.limits import Limits
from calicometrics.web.listen import listen
from calicometrics.web.live_config import LiveConfig
from calicometrics.web.server import HttpServer

from .front import Front, StubExporter, wait_until


@pytest.fixture
def serve() -> Iterator[Callable[..., Front]]:
    """Start fronts; all of them, and their threads, are gone at the end of the test."""
    with contextlib.ExitStack() as started:

        def start(
            exporter: StubExporter | None = None,
            limits: Limits | None = None,
            web_config: pathlib.Path | None = None,
            **options: Any,
        ) -> Front:
            exporter = exporter or StubExporter()
            app = App(exporter, **options)  # type: ignore[arg-type]
            started.callback(app.close)
            served: Any = app
            more: dict[str, Any] = {}
            if web_config is not None:
                live = LiveConfig(web_config, interval=0)
                started.callback(live.close)
                served, more = Guard(app, live), {"tls": live.tls, "headers": live.headers}
                started.callback(served.close)
            listener = listen("127.0.0.1:0")
            port = listener.getsockname()[1]
            server = HttpServer(served, [listener], limits, **more)
            started.callback(server.close)
            server.start()
            return Front(exporter, server, port, app)

        yield start
    wait_until(lambda: not any(thread.name.startswith("web") for thread in threading.enumerate()))
