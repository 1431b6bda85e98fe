"""Starts exporters as processes on a replayed control socket, and scrapes them."""

from __future__ import annotations

import contextlib
import gzip
import http.client
import pathlib
import re
import socket
import subprocess
import sys
import time
from typing import TYPE_CHECKING, NamedTuple

from tests.integration.needs import unpacked

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = pathlib.Path(__file__).parents[1]
OPTIONS = {
    "3.3.2": ["-bird.v2", "-proto.bfd=false", "-proto.ospf=false"],
    "1.6.8": ["-bird.ipv6=false", "-proto.bfd=false", "-proto.ospf=false"],
}


class Scrape(NamedTuple):
    """What one scrape took: seconds to the last byte, and the body as it was sent."""

    seconds: float
    body: bytes

    @property
    def samples(self) -> int:
        """How many samples the page has."""
        lines = gzip.decompress(self.body).splitlines()
        return sum(1 for line in lines if line and not line.startswith(b"#"))


class Exporter:
    """A running exporter."""

    def __init__(self, process: subprocess.Popen[bytes], port: int) -> None:
        self.process = process
        self.port = port

    def scrape(self) -> Scrape:
        """Return a scrape as Prometheus does it, over a connection of its own.

        Raises:
            RuntimeError: The exporter did not answer with a page.
        """
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=300)
        began = time.perf_counter()
        connection.request("GET", "/metrics", headers={"Accept-Encoding": "gzip"})
        answer = connection.getresponse()
        body = answer.read()
        seconds = time.perf_counter() - began
        connection.close()
        if answer.status != http.client.OK:
            raise RuntimeError(f"status {answer.status}: {body[:200]!r}")
        return Scrape(seconds, body)

    def memory(self, key: str = "VmHWM") -> float:
        """Return the process's peak (or, with ``VmRSS``, present) resident memory in MB."""
        status = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(rf"{key}:\s+(\d+) kB", status)[1]) * 1024 / 1e6

    def cpu(self) -> float:
        """Return the seconds of processor time that the process has used."""
        fields = pathlib.Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / 100


@contextlib.contextmanager
def replayed(*arguments: object) -> Iterator[None]:
    """Answer at a control socket as long as the context lasts; the arguments are those of ``benchmarks.replay``."""
    command = [sys.executable, "-m", "benchmarks.replay", *map(str, arguments)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, cwd=ROOT)
    try:
        process.stdout.readline()
        yield
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


@contextlib.contextmanager
def calicometrics(bird_socket: str, *options: str) -> Iterator[Exporter]:
    """Run this project's exporter, with the collectors that are on by default and look at BIRD."""
    port = _free_port()
    command = [
        *(sys.executable, "-m", "calicometrics", "serve", f"--bird.socket=bird={bird_socket}"),
        *("--bird.timeout=120", "--no-collector.felix_summaries", f"--web.listen-address=127.0.0.1:{port}"),
        *options,
    ]
    yield from _running(command, port)


@contextlib.contextmanager
def bird_exporter(bird_socket: str, version: str) -> Iterator[Exporter]:
    """Run Debian's prometheus-bird-exporter."""
    port = _free_port()
    program = unpacked("prometheus-bird-exporter") / "usr/bin/prometheus-bird-exporter"
    listen = f"-web.listen-address=127.0.0.1:{port}"
    yield from _running([str(program), "-bird.socket", bird_socket, listen, *OPTIONS[version]], port)


def _running(command: list[str], port: int) -> Iterator[Exporter]:
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        while True:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
                break
            if process.poll() is not None:
                raise RuntimeError(f"{command[0]} ended with {process.returncode}")
            time.sleep(0.05)
        yield Exporter(process, port)
    finally:
        process.kill()
        process.wait()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
