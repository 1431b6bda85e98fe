"""The exporter: runs the collectors of a round, each in isolation, and holds what came of it."""

from __future__ import annotations

import logging
import os
import threading
import time
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeoutError
from typing import TYPE_CHECKING, Any, Self

from calicometrics.bird.client import BirdSocket
from calicometrics.bird.parser import BUILT_IN_KINDS, ProtocolParser
from calicometrics.claims import check_claims, without_clashes
from calicometrics.complaints import Complaints
from calicometrics.errors import SourceError
from calicometrics.own_families import OWN_FAMILIES, own_families
from calicometrics.rounds import CollectorResult, Round, collect_alone
from calicometrics.snapshot import Snapshot
from calicometrics.workers import Worker

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from types import TracebackType

    from prometheus_client import Metric

    from calicometrics.bird.kinds import ProtocolKind
    from calicometrics.bounds import PageBounds, ReplyBounds
    from calicometrics.collectors.base import Collector
    from calicometrics.conversation import Bird
    from calicometrics.families import MetricFamily
    from calicometrics.snapshot import PageSource

logger = logging.getLogger(__name__)

DEFAULT_ROUND_TIMEOUT = 30.0
DEFAULT_MAX_SAMPLES = 5_000_000


class Exporter:
    """Daemons, pages and collectors, put together; it is itself a ``prometheus_client`` collector.

    It may be used from any number of threads: those that ask while a round is under way share that round.

    Args:
        birds: Daemon name → control socket, or the socket's path.
        pages: Page name → source, or its URL; Felix' page is ``felix``.
        collectors: What to export; by default the built-in collectors that are on by default.
        kinds: The protocol kinds that can be read.
        max_samples: The most samples that are taken from one collector.
        reply_bounds: How much of a daemon's reply is accepted.
        page_bounds: How much of a page is accepted.
        packages: Collector → the package that it comes from, for messages.

    Raises:
        PluginError: Two collectors have one name, or declare one family.
        ConfigError: A URL is none.
    """

    def __init__(
        self,
        birds: Mapping[str, Bird | str | os.PathLike[str]],
        pages: Mapping[str, PageSource | str] | None = None,
        *,
        collectors: Iterable[Collector] | None = None,
        kinds: Iterable[ProtocolKind] = BUILT_IN_KINDS,
        max_samples: int = DEFAULT_MAX_SAMPLES,
        reply_bounds: ReplyBounds | None = None,
        page_bounds: PageBounds | None = None,
        packages: Mapping[str, str] | None = None,
    ) -> None:
        if collectors is None:
            from calicometrics.collectors import default_collectors

            collectors = default_collectors()
        self.collectors = tuple(collectors)
        self.succeeded = False
        check_claims(self.collectors)
        self._birds: dict[str, Bird] = {
            name: BirdSocket(os.fspath(bird)) if isinstance(bird, str | os.PathLike) else bird
            for name, bird in birds.items()
        }
        self._pages: dict[str, PageSource] = {
            name: _page_at(page) if isinstance(page, str) else page for name, page in (pages or {}).items()
        }
        self._parsers = {name: ProtocolParser(kinds) for name in self._birds}
        self._max_samples = max_samples
        self._reply_bounds = reply_bounds
        self._page_bounds = page_bounds
        self._packages = dict(packages or {})
        self._workers = {
            collector.name: Worker(f"collector-{collector.name}") for collector in self.collectors
        }
        # One daemon alone is read by the collectors' own threads.
        several = self._birds if len(self._birds) > 1 else ()
        self._readers = {name: Worker(f"read-{name}") for name in several}
        self._stuck: Mapping[tuple[object, ...], Future[Any]] = {}
        self._lock = threading.Lock()
        self._flight: Future[Round] | None = None
        self._closed = False
        self._complaints = Complaints()
        self._own: list[Callable[[], Iterable[MetricFamily]]] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the exporter's threads, after the round that is under way; it is not waited for."""
        with self._lock:
            self._closed = True
            if self._flight is None:
                self._end_threads()

    def _end_threads(self) -> None:
        for worker in (*self._workers.values(), *self._readers.values()):
            worker.close()

    def add_own(self, families: Callable[[], Iterable[MetricFamily]]) -> None:
        """Show the families that a function returns at the end of each round, such as a sink's health."""
        self._own.append(families)

    def round(self, timeout: float | None = None) -> Round:
        """Return a round: the one under way, or else a new one. Never raises for what a daemon or collector does.

        Args:
            timeout: Seconds for the round. What has not been read by then counts as failed; the rest is there.

        Raises:
            SourceError: The round under way was given more time by somebody else and is not over in time.
        """
        with self._lock:
            flight = self._flight
            mine = flight is None
            if flight is None:
                flight = self._flight = Future()
        limit = DEFAULT_ROUND_TIMEOUT if timeout is None else timeout
        if not mine:
            try:
                return flight.result(limit)
            except FutureTimeoutError:
                raise SourceError(f"the round under way was not over in {limit:g} s") from None
        try:
            flight.set_result(self._run(time.monotonic() + limit))
        except BaseException as error:
            flight.set_exception(error)
            raise
        finally:
            with self._lock:
                self._flight = None
                if self._closed:
                    self._end_threads()
        return flight.result()

    def snapshot(self, timeout: float = DEFAULT_ROUND_TIMEOUT) -> Snapshot:
        """Return a snapshot of one's own, without collectors; whoever asks for it closes it.

        Args:
            timeout: Seconds for everything that is read through it.
        """
        return self._snapshot(time.monotonic() + timeout)

    def _snapshot(self, deadline: float) -> Snapshot:
        return Snapshot(
            {name: bird for name, bird in self._birds.items() if bird.expected},
            self._pages,
            parsers=self._parsers,
            deadline=deadline,
            readers=self._readers,
            stuck=self._stuck,
            reply_bounds=self._reply_bounds,
            page_bounds=self._page_bounds,
        )

    def collect(self) -> Iterator[Metric]:
        """Yield one round as ``prometheus_client`` metrics, for a registry."""
        for family in self.round().families:
            yield family.to_prometheus_client()

    def describe(self) -> Iterator[Metric]:
        """Yield the declared families without samples, so that a registry need not collect to know the names."""
        for collector in self.collectors:
            for spec in collector.families:
                yield spec.family().to_prometheus_client()
        for spec in OWN_FAMILIES:
            yield spec.family().to_prometheus_client()

    def _run(self, deadline: float) -> Round:
        snapshot = self._snapshot(deadline)
        try:
            started = [(collector, self._start(collector, snapshot)) for collector in self.collectors]
            results = [self._finish(collector, future, deadline) for collector, future in started]
        finally:
            snapshot.close()
            self._stuck = snapshot.unfinished()
        results, families = without_clashes(results)
        self._report(results)
        self.succeeded = self.succeeded or bool(snapshot.answered())
        own = own_families(results, snapshot)
        for more in self._own:
            try:
                own.extend(more())
            except Exception:  # a sink may be foreign code
                logger.exception("families of the exporter's own are left out")
        return Round((*families, *own), tuple(results), snapshot, snapshot.time)

    def _start(self, collector: Collector, snapshot: Snapshot) -> Future[CollectorResult] | str:
        """Start a collector, or say why not: its call of an earlier round may still be running."""
        worker = self._workers[collector.name]
        if worker.busy:
            return "still busy with an earlier round"
        try:
            return worker.submit(lambda: collect_alone(collector, snapshot.view(), self._max_samples))
        except RuntimeError as error:  # no more threads: the next round may have one
            return str(error)

    @staticmethod
    def _finish(
        collector: Collector, started: Future[CollectorResult] | str, deadline: float
    ) -> CollectorResult:
        if isinstance(started, str):
            return CollectorResult(collector.name, success=False, duration=0.0, errors=(started,))
        began = time.monotonic()
        try:
            # Sources keep the deadline themselves; the grace is for what they have read by then.
            return started.result(max(0.0, deadline - began) + _GRACE)
        except FutureTimeoutError:
            return CollectorResult(
                collector.name,
                success=False,
                duration=time.monotonic() - began,
                errors=("not finished when the round's time was over",),
            )

    def _report(self, results: Iterable[CollectorResult]) -> None:
        """Log what goes wrong once, however many collectors meet it, and once more when it is over."""
        errors: list[tuple[str, str]] = []
        for result in results:
            package = self._packages.get(result.name)
            who = f"collector {result.name} ({package})" if package else f"collector {result.name}"
            errors += [(who, error) for error in result.errors]
        self._complaints.report(errors)


_GRACE = 0.25


def _page_at(url: str) -> PageSource:
    from calicometrics.sources import HttpSource

    return HttpSource(url)
