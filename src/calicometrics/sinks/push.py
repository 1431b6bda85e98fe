"""Sinks that push: a timer asks for a round, and each sink hands it over on a thread of its own."""

from __future__ import annotations

import logging
import random
import threading
import time
import weakref
from abc import abstractmethod
from typing import TYPE_CHECKING, Any, ClassVar

import attrs

from calicometrics.sinks.base import Sink
from calicometrics.spec import FamilySpec

if TYPE_CHECKING:
    from collections.abc import Callable

    from calicometrics.exporter import Exporter, Round
    from calicometrics.families import MetricFamily

logger = logging.getLogger(__name__)

GRACE = 5.0
"""Seconds that a sink has for its last round when the process ends."""
MAX_SKIPPED = 10
"""The most ticks that are left out after failures: one, two, four … of them."""

UP = FamilySpec("calicometrics_sink_up", "gauge", "Whether the sink handed its latest round over.", ("sink",))
LAST_SUCCESS = FamilySpec(
    "calicometrics_sink_last_success_timestamp_seconds",
    "gauge",
    "When the sink last handed a round over.",
    ("sink",),
    unit="seconds since the epoch",
)
FAILURES = FamilySpec(
    "calicometrics_sink_failures_total", "counter", "Rounds that the sink could not hand over.", ("sink",)
)
SPECS = (UP, LAST_SUCCESS, FAILURES)


def _positive(_: object, attribute: attrs.Attribute[float], value: float) -> None:
    if value <= 0:
        raise ValueError(f"'{attribute.name}' has to be more than 0, not {value:g}")


@attrs.frozen(kw_only=True)
class PushOptions:
    """What every push sink can be told."""

    interval: float = attrs.field(
        default=15.0, validator=_positive, metadata={"help": "seconds between two rounds"}
    )


class PushSink(Sink):
    """A sink that needs one method, ``write``.

    The class sees to the interval, to a thread of its own (a sink that hangs or is slow delays no scrape and no other
    sink), to pauses after failures, to a last round at the end, and to the families that tell how it does. Sinks of one
    interval share one round.
    """

    Options: ClassVar[type] = PushOptions

    def __init__(self, options: Any) -> None:
        super().__init__(options)
        self._exporter: Exporter | None = None
        self._wake = threading.Condition()
        self._due: Round | None = None
        self._closing = False
        self._thread: threading.Thread | None = None
        self._complaint = ""
        self._up: bool | None = None
        self._failures = 0
        self._failed_in_a_row = 0
        self._skip = 0
        self._last_success: float | None = None

    @abstractmethod
    def write(self, done: Round) -> None:
        """Hand one round over; whatever it raises counts as a failure and is logged when it begins."""

    def start(self, exporter: Exporter) -> None:
        """Begin to take rounds; the first comes within one interval."""
        self._exporter = exporter
        self._thread = threading.Thread(target=self._run, name=f"sink-{self.name}", daemon=True)
        self._thread.start()
        _Ticker.join(exporter, self.options.interval, self._offer)

    def close(self) -> None:
        """Hand over a last round within the grace period and end; harmless when that is done."""
        if self._exporter is None or self._thread is None:
            return
        exporter, thread = self._exporter, self._thread
        self._exporter = self._thread = None
        _Ticker.leave(exporter, self.options.interval, self._offer)
        with self._wake:
            self._closing = True
            self._skip = 0
            self._wake.notify()
        thread.join(GRACE)

    def families(self) -> list[MetricFamily]:
        """Return how the sink does."""
        up, last_success, failures = families = [spec.family() for spec in SPECS]
        if self._up is not None:
            up.add((self.name,), float(self._up))
        last_success.add((self.name,), self._last_success)
        failures.add((self.name,), self._failures)
        return families

    def _offer(self, done: Round) -> None:
        """Take a round from the timer; when the one before is still being written, the newer one counts."""
        with self._wake:
            self._due = done
            self._wake.notify()

    def _run(self) -> None:
        exporter = self._exporter
        while True:
            with self._wake:
                self._wake.wait_for(lambda: self._due is not None or self._closing)
                done, self._due = self._due, None
                closing = self._closing
            if closing and exporter is not None:
                self._attempt(lambda: self.write(exporter.round(GRACE / 2)))
                return
            if self._skip > 0:
                self._skip -= 1
            elif done is not None:
                self._attempt(lambda done=done: self.write(done))  # type: ignore[misc]  # bound for this round

    def _attempt(self, write: Callable[[], None]) -> None:
        try:
            write()
        except Exception as error:  # noqa: BLE001 - a sink may be foreign code
            self._up = False
            self._failures += 1
            self._skip = min(2**self._failed_in_a_row, MAX_SKIPPED) - 1
            self._failed_in_a_row = min(self._failed_in_a_row + 1, MAX_SKIPPED)
            if str(error) != self._complaint:
                self._complaint = str(error)
                logger.warning("sink %s: %s", self.name, error)
        else:
            if self._complaint:
                logger.info("sink %s: works again", self.name)
            self._complaint = ""
            self._up = True
            self._failed_in_a_row = 0
            self._last_success = time.time()


class _Ticker:
    """The timer of all sinks of one exporter and interval: one round for all of them."""

    _all: ClassVar[weakref.WeakKeyDictionary[Any, dict[float, _Ticker]]] = weakref.WeakKeyDictionary()
    _lock: ClassVar[threading.Lock] = threading.Lock()

    def __init__(self, exporter: Exporter, interval: float) -> None:
        self._exporter = weakref.proxy(exporter)
        self._interval = interval
        self._offers: list[Callable[[Round], None]] = []
        self._over = threading.Event()
        threading.Thread(target=self._run, name=f"ticker-{interval:g}", daemon=True).start()

    @classmethod
    def join(cls, exporter: Exporter, interval: float, offer: Callable[[Round], None]) -> None:
        """Offer every round of an interval to a function."""
        with cls._lock:
            tickers = cls._all.setdefault(exporter, {})
            if interval not in tickers:
                tickers[interval] = cls(exporter, interval)
            tickers[interval]._offers.append(offer)  # noqa: SLF001 - one of our own

    @classmethod
    def leave(cls, exporter: Exporter, interval: float, offer: Callable[[Round], None]) -> None:
        """Offer no more; a timer that nobody listens to ends."""
        with cls._lock:
            ticker = cls._all[exporter][interval]
            ticker._offers.remove(offer)  # noqa: SLF001 - one of our own
            if not ticker._offers:  # noqa: SLF001 - as above
                ticker._over.set()  # noqa: SLF001 - as above
                del cls._all[exporter][interval]

    def _run(self) -> None:
        # Nodes that were started together must not push together.
        due = time.monotonic() + self._interval * random.random()  # noqa: S311 - no secret
        while not self._over.wait(max(0.0, due - time.monotonic())):
            try:
                done = self._exporter.round(self._interval)
            except Exception as error:  # noqa: BLE001 - the next tick may do better
                logger.warning("no round for the sinks: %s", error)
            else:
                for offer in list(self._offers):
                    offer(done)
            due = max(due + self._interval, time.monotonic())
