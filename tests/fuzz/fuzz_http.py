"""Fuzzes the HTTP front: the protocol object gets bytes as from a client, without a socket, before an application.

Whatever comes, each answer is 2xx to 5xx but never 500, nothing is logged as an error, and nothing is raised.
"""

from __future__ import annotations

import asyncio
import logging
import re
from typing import Any

import atheris
import uvicorn
from harness import fuzz
from uvicorn.server import ServerState

with atheris.instrument_imports(include=["calicometrics", "h11"]):
    from calicometrics.exporter import Exporter
    from calicometrics.web.app import App
    from calicometrics.web.connection import Connection
    from calicometrics.web.connections import Connections
    from calicometrics.web.limits import Limits
    from calicometrics.web.negotiation import metrics_format, round_timeout, wants_gzip, wants_html

STATUS = re.compile(rb"HTTP/1\.1 (\d{3}) ")
TURNS = 12  # of the loop: an answer without a round needs fewer


class Transport(asyncio.Transport):
    """A connection whose other end takes everything."""

    def __init__(self) -> None:
        super().__init__({"peername": ("127.0.0.1", 1), "sockname": ("127.0.0.1", 2)})
        self.written = b""
        self.closed = False

    def write(self, data: Any) -> None:
        """Keep what is written."""
        self.written += data

    def is_closing(self) -> bool:
        """Return whether it is closed."""
        return self.closed

    def close(self) -> None:
        """Note that it is closed."""
        self.closed = True

    abort = close

    def get_write_buffer_size(self) -> int:
        """Return 0: everything has been taken."""
        return 0

    def pause_reading(self) -> None:
        """Do nothing: there is no reader."""

    resume_reading = pause_reading


class Complaints(logging.Handler):
    """Turns what is logged as an error into a failure of the input."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.found: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep the message."""
        self.found.append(record.getMessage())


COMPLAINTS = Complaints()
logging.getLogger().addHandler(COMPLAINTS)
LOOP = asyncio.new_event_loop()
LOOP.set_exception_handler(lambda _, context: COMPLAINTS.found.append(repr(context)))
APP = App(Exporter({}), telemetry_path="/metrics")
CONFIG = uvicorn.Config(
    APP, http=Connection, ws="none", lifespan="off", interface="asgi3", log_config=None, workers=1
)
CONFIG.load()


async def serve(pieces: list[bytes]) -> bytes:
    """Return what is answered to a client that sends these pieces and leaves."""
    connection = Connection(Connections(Limits()), CONFIG, ServerState())
    transport = Transport()
    connection.connection_made(transport)
    for piece in pieces:
        if transport.closed:
            break
        connection.data_received(piece)
        for _ in range(TURNS):
            await asyncio.sleep(0)
    connection.connection_lost(None)
    for _ in range(2):
        await asyncio.sleep(0)
    return transport.written


def test_one_input(data: bytes) -> None:
    """Send the data in two pieces, and read it as each header that is negotiated."""
    half = data[0] * len(data) // 256 if data else 0
    written = LOOP.run_until_complete(
        serve([piece for piece in (data[1:half], data[max(half, 1) :]) if piece])
    )
    text = data.decode("latin-1")
    for read in (metrics_format, wants_gzip, wants_html, round_timeout):
        read(text)
    if COMPLAINTS.found:
        raise AssertionError(COMPLAINTS.found)
    if written and STATUS.match(written) is None:
        raise AssertionError(f"no answer of HTTP: {written[:80]!r}")
    if b"HTTP/1.1 500" in written:
        raise AssertionError(f"an error of the server's: {written[:200]!r}")


SEEDS = (
    b"\x00GET /-/healthy HTTP/1.1\r\nHost: a\r\n\r\n",
    b"\x80GET /nowhere?x=%00 HTTP/1.0\r\nAccept: application/openmetrics-text;version=1.0.0;q=0.5,*/*;q=0.1\r\n\r\n",
    b"\x20POST /metrics HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabcde\r\n0\r\n\r\n",
    b"\x60HEAD http://a/-/healthy HTTP/1.1\r\nHost: a\r\nAccept-Encoding: gzip;q=0, *\r\nConnection: close\r\n\r\n",
    b"\x40GET / HTTP/1.1\r\nHost: a\r\nUpgrade: h2c\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\nabc",
)

if __name__ == "__main__":
    fuzz(test_one_input, SEEDS, 1024)
