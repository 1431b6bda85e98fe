"""A front on a loopback port, with an exporter whose rounds the test decides on."""

from __future__ import annotations

import contextlib
import http.client
import socket
import threading
import time
from collections.abc import Callable, Iterable
from typing import Any

import attrs

from calicometrics.families import MetricFamily
from calicometrics.rounds import CollectorResult, Round
from calicometrics.snapshot import Snapshot
from calicometrics.web.app import App
from calicometrics.web.server import HttpServer

PATIENCE = 10.0


def family(name: str = "bird_up", rows: int = 1) -> MetricFamily:
    made = MetricFamily(name, "gauge", "Whether it is up.", ["bird_protocol_instance"])
    for number in range(rows):
        made.add((f"Mesh_{number}",), 1.0)
    return made


class StubExporter:
    """Answers with one round; the test may hold rounds back, let them fail, and see what was asked for."""

    def __init__(self, families: Iterable[MetricFamily] = (), *results: CollectorResult) -> None:
        self.families: Any = families or (family(),)
        self.results = results or (CollectorResult("bird_status", success=True, duration=0.25),)
        self.succeeded = False
        self.succeeds = True
        self.error: BaseException | None = None
        self.timeouts: list[float | None] = []
        self.asked = threading.Event()
        self.go = threading.Event()
        self.go.set()

    def round(self, timeout: float | None = None) -> Round:
        self.timeouts.append(timeout)
        self.asked.set()
        assert self.go.wait(PATIENCE)
        if self.error is not None:
            raise self.error
        self.succeeded = self.succeeded or self.succeeds
        return Round(self.families, self.results, Snapshot(), 1.0)


@attrs.frozen
class Answer:
    """What came back."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode()


@attrs.define
class Front:
    """A running front."""

    exporter: StubExporter
    server: HttpServer
    port: int
    app: App

    @property
    def long_answers(self) -> int:
        """Long answers under way."""
        return len(self.app._desk._places._held)

    def get(self, path: str = "/metrics", method: str = "GET", **headers: str) -> Answer:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        with contextlib.closing(connection):
            connection.request(
                method, path, headers={name.replace("_", "-"): value for name, value in headers.items()}
            )
            answer = connection.getresponse()
            found = {name.lower(): value for name, value in answer.getheaders()}
            return Answer(answer.status, found, answer.read())

    def connect(self, sent: bytes = b"") -> socket.socket:
        client = socket.create_connection(("127.0.0.1", self.port), timeout=PATIENCE)
        client.sendall(sent)
        return client

    def raw(self, sent: bytes) -> bytes:
        """Send bytes and return all that comes back until the server ends the connection."""
        with self.connect(sent) as client:
            return until_closed(client)


def until_closed(client: socket.socket) -> bytes:
    """Return what a client receives until the server closes; raises TimeoutError if it does not."""
    received = bytearray()
    with contextlib.suppress(ConnectionResetError):
        while piece := client.recv(65536):
            received += piece
    return bytes(received)


def wait_until(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, "the condition never came true"
        time.sleep(0.005)
