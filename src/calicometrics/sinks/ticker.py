"""The timer of push sinks: those of one exporter and one interval share each round."""

from __future__ import annotations

import logging
import random
import threading
import time
import weakref
from typing import TYPE_CHECKING, Any, ClassVar

if TYPE_CHECKING:
    from collections.abc import Callable

    from calicometrics.exporter import Exporter
    from calicometrics.rounds import Round

logger = logging.getLogger(__name__)

ROUND_TIMEOUT = 8.0
"""Seconds for a round, whatever the interval: a scrape that comes meanwhile shares it, and is not to lack a daemon
because a sink is in a hurry. Prometheus waits no longer than 10 s."""


class Ticker:
    """Asks an exporter for a round each interval and offers it to every function that has joined."""

    _all: ClassVar[weakref.WeakKeyDictionary[Any, dict[float, Ticker]]] = weakref.WeakKeyDictionary()
    _lock: ClassVar[threading.Lock] = threading.Lock()

    def __init__(self, exporter: Exporter, interval: float) -> None:
        self._exporter = weakref.proxy(exporter)
        self._interval = interval
        self._offers: list[Callable[[Round], None]] = []
        self._over = threading.Event()
        self._complaint: str | None = None
        threading.Thread(target=self._run, name=f"ticker-{interval:g}", daemon=True).start()

    @classmethod
    def join(cls, exporter: Exporter, interval: float, offer: Callable[[Round], None]) -> None:
        """Offer every round of an interval to a function, which must not block."""
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
            self._tick()
            due = max(due + self._interval, time.monotonic())

    def _tick(self) -> None:
        try:
            done = self._exporter.round(ROUND_TIMEOUT)
        except Exception as error:  # noqa: BLE001 - the next tick may do better
            if str(error) != self._complaint:
                self._complaint = str(error)
                logger.warning("no round for the sinks: %s", error)
            return
        if self._complaint is not None:
            self._complaint = None
            logger.info("rounds for the sinks again")
        for offer in list(self._offers):
            offer(done)
