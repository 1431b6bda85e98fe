"""Sinks that push: a timer asks for a round, and each sink hands it over on a thread of its own."""

from __future__ import annotations

import logging
import threading
from abc import abstractmethod
from typing import TYPE_CHECKING, Any, ClassVar

import attrs

from calicometrics.errors import CalicometricsError
from calicometrics.sinks.base import Sink
from calicometrics.sinks.health import SPECS, Health
from calicometrics.sinks.ticker import Ticker

if TYPE_CHECKING:
    from collections.abc import Callable

    from calicometrics.exporter import Exporter
    from calicometrics.families import MetricFamily
    from calicometrics.rounds import Round
    from calicometrics.spec import FamilySpec

logger = logging.getLogger(__name__)

GRACE = 5.0
"""Seconds that a sink has for its last round when the process ends."""
LONGEST_PAUSE = 10
"""The most intervals between two attempts while a sink fails; they are 1, 2, 4, 8 and then as many as this."""


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
    interval share one round. A sink that is slower than its interval gets the newest round when it is ready; those
    that it missed count as failures.

    Attributes:
        Options: :class:`PushOptions`, or an attrs class that extends it.
    """

    Options: ClassVar[type] = PushOptions
    declared: ClassVar[tuple[FamilySpec, ...]] = SPECS

    def __init__(self, options: Any) -> None:
        super().__init__(options)
        self._exporter: Exporter | None = None
        self._thread: threading.Thread | None = None
        self._wake = threading.Condition()
        self._due: Round | None = None
        self._missed = False
        self._closing = False
        self._health = Health(self.name)
        self._failed_in_a_row = 0
        self._pause = 0

    @abstractmethod
    def write(self, done: Round) -> None:
        """Hand one round over; whatever it raises counts as a failure and is logged when it begins."""

    def start(self, exporter: Exporter) -> None:
        """Begin to take rounds; the first comes within one interval."""
        self._exporter = exporter
        self._thread = threading.Thread(
            target=self._run, args=(exporter,), name=f"sink-{self.name}", daemon=True
        )
        self._thread.start()
        Ticker.join(exporter, self.options.interval, self._offer)

    def close(self) -> None:
        """Hand over a last round within the grace period and end; harmless when that is done."""
        exporter, thread = self._exporter, self._thread
        if exporter is None or thread is None:
            return
        self._exporter = self._thread = None
        Ticker.leave(exporter, self.options.interval, self._offer)
        with self._wake:
            self._closing = True
            self._wake.notify()
        thread.join(GRACE)
        if thread.is_alive():
            logger.warning("sink %s: not done within %g s; what it had left is lost", self.name, GRACE)

    def families(self) -> list[MetricFamily]:
        """Return how the sink does."""
        return self._health.families()

    def _offer(self, done: Round) -> None:
        """Take a round from the timer; when the one before still waits, the newer one counts."""
        with self._wake:
            missed = self._due is not None
            self._missed = self._missed or missed
            self._due = done
            self._wake.notify()
        if missed:
            self._health.failed("busy with an earlier round")

    def _run(self, exporter: Exporter) -> None:
        while True:
            with self._wake:
                self._wake.wait_for(lambda: self._due is not None or self._closing)
                done, self._due = self._due, None
                self._missed = False
                closing = self._closing
            if closing:
                self._attempt(lambda: self.write(exporter.round(GRACE / 2)))
                return
            if self._pause > 0:
                self._pause -= 1
            elif done is not None:
                self._attempt(lambda done=done: self.write(done))  # type: ignore[misc]  # bound for this round
            del done  # a kept reference would keep a whole round's models until the next one

    def _attempt(self, write: Callable[[], None]) -> None:
        try:
            write()
        except BaseException as error:  # a sink may be foreign code
            logger.debug("sink %s", self.name, exc_info=True)
            self._pause = min(2**self._failed_in_a_row, LONGEST_PAUSE) - 1
            self._failed_in_a_row = min(self._failed_in_a_row + 1, LONGEST_PAUSE)
            self._health.failed(_describe(error))
        else:
            self._failed_in_a_row = 0
            self._health.succeeded(late=self._missed)


def _describe(error: BaseException) -> str:
    return str(error) if isinstance(error, CalicometricsError) else f"{type(error).__name__}: {error}"
