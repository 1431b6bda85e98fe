"""The statsd sink and npm's statsd, the server that the protocol comes from."""

from __future__ import annotations

import contextlib
import itertools
import math
import pathlib
import re
import socket
import subprocess
from collections.abc import Iterator

import pytest

from calicometrics.demo import DemoNode
from calicometrics.errors import SourceError
from calicometrics.exporter import Exporter
from calicometrics.rounds import Round
from calicometrics.sinks.statsd import StatsdOptions, StatsdSink
from calicometrics.sources import HttpSource

from .lab import wait_for
from .needs import need_program, npm_package
from .serving import free_port

pytestmark = pytest.mark.integration

VERSION = "0.9.0"
STARTED = 1_700_000_000.0  # decides what the demo node shows


@pytest.fixture(scope="module")
def statsd() -> pathlib.Path:
    """The program of npm's statsd."""
    need_program("node", "nodejs")
    return npm_package("statsd", VERSION) / "stats.js"


class Server:
    """A running statsd, asked over its management port."""

    def __init__(self, port: int, management: int) -> None:
        self.port = port
        self._management = management

    def ask(self, command: str) -> dict[str, float]:
        with socket.create_connection(("127.0.0.1", self._management), timeout=5) as peer:
            peer.sendall(command.encode() + b"\n")
            answer = b""
            while b"END" not in answer:
                answer += peer.recv(65536)
        # JavaScript's way to print an object, not quite JSON.
        return {
            name: float(value) for name, value in re.findall(r"'?([\w.-]+)'?: ([-\d.e+]+)", answer.decode())
        }


@contextlib.contextmanager
def running(script: pathlib.Path, directory: pathlib.Path, port: int) -> Iterator[Server]:
    management = free_port()
    config = directory / f"statsd-{management}.js"
    # Counters are kept until the flush, which does not come during a test.
    config.write_text(
        f"{{ port: {port}, mgmt_port: {management}, address: '127.0.0.1', mgmt_address: '127.0.0.1', "
        "flushInterval: 3600000, backends: [] }"
    )
    process = subprocess.Popen(
        ["node", str(script), str(config)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    server = Server(port, management)
    try:

        def answers() -> bool:
            with contextlib.suppress(OSError):
                return bool(server.ask("gauges") is not None)
            return False

        wait_for(answers)
        yield server
    finally:
        process.terminate()
        process.wait(timeout=10)


def numbers(done: Round) -> tuple[dict[str, float], dict[str, float]]:
    """The counters and the gauges of a round, under the names that the plain dialect gives them."""
    counters: dict[str, float] = {}
    gauges: dict[str, float] = {}
    for family in done.families:
        for sample in family.samples():
            if not math.isfinite(sample.value):
                continue
            parts = [sample.name, *(part for pair in sample.labels if pair[1] for part in pair)]
            name = ".".join(re.sub("[^A-Za-z0-9_-]", "_", part) for part in parts)
            grows = family.type == "counter" or sample.name.endswith(("_sum", "_count"))
            (counters if grows else gauges)[name] = sample.value
    return counters, gauges


def differences(rounds: list[Round]) -> dict[str, float]:
    """What the counters of successive rounds have grown by; a lower value is a reset."""
    total: dict[str, float] = {}
    for earlier, later in itertools.pairwise(rounds):
        before, after = numbers(earlier)[0], numbers(later)[0]
        for name in before.keys() & after.keys():
            grown = after[name] - before[name] if after[name] >= before[name] else after[name]
            if grown:
                total[name] = total.get(name, 0) + grown
    return total


def test_the_server_holds_what_the_rounds_differences_predict(
    statsd: pathlib.Path, tmp_path: pathlib.Path
) -> None:
    """Over several flushes, with the agent away in between and with sessions' counters starting anew."""
    now = [STARTED]
    port = free_port()
    with contextlib.ExitStack() as stack:
        demo = stack.enter_context(DemoNode(clock=lambda: now[0]))
        exporter = stack.enter_context(Exporter(demo.sockets, {"felix": HttpSource(demo.felix_url)}))
        sink = StatsdSink(StatsdOptions(address=f"udp://127.0.0.1:{port}"))
        stack.callback(sink.close)

        def flush() -> Round:
            now[0] += 40
            rounds.append(exporter.round())
            assert rounds[-1].success
            sink.write(rounds[-1])
            return rounds[-1]

        rounds: list[Round] = []
        with running(statsd, tmp_path, port) as server:
            for _ in range(6):
                flush()
            assert resets(rounds)
            assert_held(server, differences(rounds), rounds[-1])
        del rounds[:-1]  # the next server starts with nothing
        for _ in range(3):
            with pytest.raises(
                SourceError, match=f"statsd at udp://127.0.0.1:{port}: send: connection refused"
            ):
                flush()
        assert resets(rounds), "a reset while nobody listens counts as any other"
        with running(statsd, tmp_path, port) as server:
            flush()
            flush()
            assert_held(server, differences(rounds), rounds[-1])


def resets(rounds: list[Round]) -> set[str]:
    """The counters that were lower in a round than in the one before."""
    return {
        name
        for earlier, later in itertools.pairwise(numbers(done)[0] for done in rounds)
        for name in earlier.keys() & later.keys()
        if later[name] < earlier[name]
    }


def assert_held(server: Server, expected: dict[str, float], latest: Round) -> None:
    def counters() -> dict[str, float]:
        return {
            name: value for name, value in server.ask("counters").items() if not name.startswith("statsd.")
        }

    wait_for(lambda: len(counters()) >= len(expected))
    assert server.ask("counters")["statsd.bad_lines_seen"] == 0
    held = counters()
    assert held.keys() == expected.keys()
    for name, value in expected.items():
        assert held[name] == pytest.approx(value, rel=1e-9, abs=1e-9), name
    gauges = {name: value for name, value in server.ask("gauges").items() if not name.startswith("statsd.")}
    for name, value in numbers(latest)[1].items():
        assert gauges[name] == pytest.approx(value), name
