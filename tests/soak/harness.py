"""Runs the exporter for some time as a node would, and looks for what grows, what breaks and what runs backwards.

A real BIRD with peers, a Felix that keeps failing in turns, ten clients that scrape, clients that come and stay silent,
and SIGHUPs. The peers' daemon is stopped and started, so that sessions go up and down.
"""

from __future__ import annotations

import collections
import contextlib
import itertools
import pathlib
import signal
import socket
import threading
import time
import urllib.parse
from collections.abc import Callable

import attrs

from calicometrics.errors import ParseError
from calicometrics.exposition.parser import parse_exposition
from calicometrics.testing.endpoint import FakeEndpoint
from tests.integration.lab import established
from tests.integration.serving import Serving, get, serve

CLIENTS = 10
TENTHS = 10
BIRD = "2.0.12"
FAULTS = (None, "refuse", None, "cut", None, "unavailable", None, "cut-chunked")
BIRD_COLLECTORS = frozenset({"bird_status", "bird_protocols", "bgp_timers"})
"""The daemon that they read is never stopped: whatever else happens, each page has all of them."""
_MEGABYTE = 1_000_000


@attrs.define
class Usage:
    """What the exporter's process holds."""

    descriptors: int
    threads: int
    rss_mb: float

    @classmethod
    def of(cls, pid: int) -> Usage:
        """Return what a process holds now."""
        status = pathlib.Path(f"/proc/{pid}/status").read_text()
        fields = dict(line.split(":", 1) for line in status.splitlines())
        descriptors = len(list(pathlib.Path(f"/proc/{pid}/fd").iterdir()))
        return cls(descriptors, int(fields["Threads"]), int(fields["VmRSS"].split()[0]) * 1024 / _MEGABYTE)


@attrs.define
class Results:
    """What came of a run.

    Attributes:
        seconds: How long it lasted.
        pages: Pages that were answered 200, read strictly and compared with the page before.
        counters: Values of counters that were compared with the value before.
        problems: What was wrong, each with how often.
        felix_faults, reloads, restarts, agents: What the exporter had to live through.
        felix_resets: Counters that began again because Felix did.
        rss_course_mb: Memory after each tenth of the run.
        early: Usage after the first tenth of the run, when everything has been used once.
        late: Usage at the end.
    """

    seconds: float = 0
    pages: int = 0
    counters: int = 0
    felix_faults: int = 0
    felix_resets: int = 0
    reloads: int = 0
    restarts: int = 0
    agents: int = 0
    problems: collections.Counter[str] = attrs.Factory(collections.Counter)
    rss_course_mb: list[float] = attrs.Factory(list)
    early: Usage | None = None
    late: Usage | None = None


class Felix:
    """A page of counters that grow with each request and, as after a restart, begin again now and then."""

    def __init__(self) -> None:
        self.generation = 0
        self._count = itertools.count()

    def __call__(self) -> str:
        """Return the page."""
        number = next(self._count)
        return (
            "# HELP felix_resyncs_started Number of times Felix has started resyncing.\n"
            "# TYPE felix_resyncs_started counter\n"
            f"felix_resyncs_started {number}\n"
            "# HELP felix_cluster_num_hosts Total number of calico hosts in the cluster.\n"
            "# TYPE felix_cluster_num_hosts gauge\n"
            f"felix_cluster_num_hosts {self.generation}\n"
        )

    def restart(self) -> None:
        """Begin again; the gauge tells which life this is."""
        self.generation += 1
        self._count = itertools.count()


class Soak:
    """One run.

    Args:
        directory: Where sockets and configurations go.
        seconds: How long it lasts.
    """

    def __init__(self, directory: pathlib.Path, seconds: float) -> None:
        self._directory = directory
        self._seconds = seconds
        self._results = Results()
        self._lock = threading.Lock()
        self._over = threading.Event()
        self._felix = Felix()

    def run(self) -> Results:
        """Return what came of it."""
        with (
            established(self._directory, BIRD, peers=3) as lab,
            FakeEndpoint(self._felix) as felix,
            serve(
                # One daemon under two names: several are read side by side, which one alone is not.
                f"--bird.socket=bird={lab.a.path}",
                f"--bird.socket=again={lab.a.path}",
                f"--felix.url={felix.url}",
                "--collector.felix",
                "--felix.timeout=2",
            ) as serving,
        ):
            started = time.monotonic()

            def restart_peers() -> None:
                lab.b.stop(signal.SIGKILL)
                self._over.wait(2)
                lab.b.start()
                self._results.restarts += 1

            faults = itertools.cycle(FAULTS)

            def change_felix() -> None:
                felix.fault = next(faults)
                if felix.fault is not None:
                    self._results.felix_faults += 1
                elif self._results.felix_faults % 4 == 0:
                    self._felix.restart()

            def reload() -> None:
                serving.process.send_signal(signal.SIGHUP)
                self._results.reloads += 1

            threads = [threading.Thread(target=self._scrape, args=(serving, n)) for n in range(CLIENTS)]
            for period, act in (
                (1.0, change_felix),
                (0.2, reload),
                (max(8.0, self._seconds / 60), restart_peers),
                (0.5, lambda: self._agent(serving)),
            ):
                threads.append(threading.Thread(target=self._every, args=(period, act)))
            for thread in threads:
                thread.start()
            try:
                for tenth in range(1, TENTHS + 1):
                    self._over.wait(max(0, started + self._seconds * tenth / TENTHS - time.monotonic()))
                    usage = Usage.of(serving.process.pid)
                    self._results.early = self._results.early or usage
                    self._results.rss_course_mb.append(round(usage.rss_mb, 1))
            finally:
                self._over.set()
                for thread in threads:
                    thread.join()
            self._results.seconds = time.monotonic() - started
            self._results.late = Usage.of(serving.process.pid)
            if "Traceback" in serving.log:
                self._problem("a traceback in the log")
            if serving.stop() != 0:
                self._problem("the process did not end with status 0")
        return self._results

    def _every(self, period: float, act: Callable[[], None]) -> None:
        try:
            while not self._over.wait(period):
                act()
        except Exception as error:  # noqa: BLE001 - the harness must not lose a failure of its own in a thread
            self._problem(f"harness: {type(error).__name__}: {error}")

    def _scrape(self, serving: Serving, number: int) -> None:
        """Scrape until the run is over; each client has pages in the order in which they were made."""
        accept = "application/openmetrics-text;version=1.0.0" if number == 0 else "text/plain"
        before: dict[tuple[str, object], float] = {}
        life = 0.0
        while not self._over.wait(0.05):
            try:
                status, body = get(serving.url + "/metrics", Accept=accept)
                if status != 200:
                    self._problem(f"status {status}: {body[:80]}")
                    continue
                if number == 0:
                    self._read_openmetrics(body)
                    continue
                counters, up, failed, felix_life = read(body)
            except ParseError as error:
                self._problem(f"a page that does not parse: {error}")
                continue
            except OSError as error:
                self._problem(f"{type(error).__name__}: {error}")
                continue
            if not up:
                self._problem("a page without bird_daemon_up 1")
            for collector in failed:
                self._problem(f"a page on which {collector} failed")
            if felix_life is not None and felix_life != life:
                life = felix_life
                before = {key: value for key, value in before.items() if not key[0].startswith("felix")}
                with self._lock:
                    self._results.felix_resets += 1
            for key, value in counters.items():
                if value < before.get(key, 0):
                    self._problem(f"{key[0]} ran backwards")
            before |= counters
            with self._lock:
                self._results.pages += 1
                self._results.counters += len(counters)

    def _read_openmetrics(self, body: str) -> None:
        if not body.endswith("# EOF\n"):
            self._problem("an OpenMetrics page without its end")
        with self._lock:
            self._results.pages += 1

    def _agent(self, serving: Serving) -> None:
        """Come and go as clients do that are no scrapers: half a request, no request, an answer not waited for."""
        url = urllib.parse.urlsplit(serving.url)
        kinds = (
            b"",
            b"GET /metrics HTTP/1.1\r\nHo",
            b"GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n",
            b"\x16\x03\x01",
        )
        for sent in kinds:
            with (
                contextlib.suppress(OSError),
                socket.create_connection((url.hostname, url.port), timeout=5) as agent,
            ):
                agent.sendall(sent)
        self._results.agents += len(kinds)

    def _problem(self, text: str) -> None:
        with self._lock:
            self._results.problems[text] += 1


def read(body: str) -> tuple[dict[tuple[str, object], float], bool, list[str], float | None]:
    """Return the counters of a page that belong to daemons or to ourselves, whether BIRD is up, and Felix's life.

    Between the last two are BIRD's collectors that have failed or are not there. BIRD's own counters begin again with
    each session, and are not among the counters.
    """
    counters = {}
    succeeded = set()
    up: list[float] = []
    life = None
    for family in parse_exposition(body):
        for sample in family.samples():
            if family.type == "counter" and not sample.name.startswith("bird_"):
                counters[sample.name, sample.labels] = sample.value
            elif sample.name == "bird_daemon_up":
                up.append(sample.value)
            elif sample.name == "felix_cluster_num_hosts":
                life = sample.value
            elif sample.name == "calicometrics_collector_success" and sample.value == 1:
                succeeded.add(dict(sample.labels)["collector"])
    return counters, up == [1, 1], sorted(BIRD_COLLECTORS - succeeded), life
