"""How a push sink does: counted, logged when it changes, and shown on the page."""

from __future__ import annotations

import logging
import threading
import time
from typing import TYPE_CHECKING

from calicometrics.spec import FamilySpec

if TYPE_CHECKING:
    from calicometrics.families import MetricFamily

logger = logging.getLogger(__name__)

UP = FamilySpec("calicometrics_sink_up", "gauge", "Whether the sink handed its latest round over.", ("sink",))
LAST_SUCCESS = FamilySpec(
    "calicometrics_sink_last_success_timestamp_seconds",
    "gauge",
    "When the sink last handed a round over; absent before the first time.",
    ("sink",),
    unit="seconds since the epoch",
)
FAILURES = FamilySpec(
    "calicometrics_sink_failures_total",
    "counter",
    "Rounds that the sink could not hand over, or was too busy to take.",
    ("sink",),
    unit="rounds",
)
SPECS = (UP, LAST_SUCCESS, FAILURES)


class Health:
    """What became of the rounds of one sink.

    Args:
        sink: The sink's name.
    """

    def __init__(self, sink: str) -> None:
        self._sink = sink
        self._lock = threading.Lock()
        self._up: bool | None = None
        self._last_success: float | None = None
        self._failures = 0
        self._complaint: str | None = None

    def succeeded(self, *, late: bool) -> None:
        """Note a round that was handed over; while others were missed meanwhile, the sink is no better for it."""
        with self._lock:
            self._last_success = time.time()
            if late:
                return
            recovered, self._complaint = self._complaint is not None, None
            self._up = True
        if recovered:
            logger.info("sink %s: works again", self._sink)

    def failed(self, reason: str) -> None:
        """Note a round that was not; a reason is logged when it is not the one of the round before."""
        with self._lock:
            known, self._complaint = self._complaint == reason, reason
            self._up = False
            self._failures += 1
        if not known:
            logger.warning("sink %s: %s", self._sink, reason)

    def families(self) -> list[MetricFamily]:
        """Return one family for each of SPECS; a value that is not known yet is left out."""
        up, last_success, failures = families = [spec.family() for spec in SPECS]
        with self._lock:
            up.add((self._sink,), None if self._up is None else float(self._up))
            last_success.add((self._sink,), self._last_success)
            failures.add((self._sink,), self._failures)
        return families
