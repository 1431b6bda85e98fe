"""One round: how a collector is run, and what came of all of them."""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING

import attrs

from calicometrics.errors import CalicometricsError
from calicometrics.exposition.validity import problems

if TYPE_CHECKING:
    from calicometrics.collectors.base import Collector
    from calicometrics.families import MetricFamily
    from calicometrics.snapshot import Snapshot

logger = logging.getLogger(__name__)

_OWN_PACKAGE = f"{__name__.partition('.')[0]}."


@attrs.frozen
class CollectorResult:
    """What became of one collector in one round.

    Attributes:
        name: The collector's name.
        success: Whether it read everything it wanted.
        duration: Seconds.
        errors: What went wrong, one sentence each.
        families: What it exported, as far as it is complete.
    """

    name: str
    success: bool
    duration: float
    errors: tuple[str, ...] = ()
    families: tuple[MetricFamily, ...] = ()


@attrs.frozen
class Round:
    """What one round of collection yielded.

    Attributes:
        families: Everything to show, the exporter's own families last.
        collectors: What became of each collector.
        snapshot: The models behind the families.
        time: When the round began, in seconds since the epoch.
    """

    families: tuple[MetricFamily, ...]
    collectors: tuple[CollectorResult, ...]
    snapshot: Snapshot
    time: float

    @property
    def success(self) -> bool:
        """Whether every collector succeeded."""
        return all(result.success for result in self.collectors)


def collect_alone(collector: Collector, snapshot: Snapshot, max_samples: int) -> CollectorResult:
    """Run one collector, and return what came of it: whatever it raises costs only its own families.

    Args:
        collector: The collector.
        snapshot: A view of its own, whose failures are the collector's.
        max_samples: The most samples that are taken from it.
    """
    began = time.monotonic()
    families: list[MetricFamily] = []
    errors: list[str] = []
    handed_over: list[int] = []
    samples = 0
    foreign = not type(collector).__module__.startswith(
        _OWN_PACKAGE
    )  # our own are held by tests, and may be large
    try:
        for family in collector.collect(snapshot):
            samples += family.most_samples
            if (
                samples > max_samples
            ):  # counted only when there may be too many: it takes as long as making them
                samples = sum(each.sample_count() for each in (*families, family))
            if samples > max_samples:
                errors.append(f"more than {max_samples} samples; {family.name} and what follows is left out")
                break
            problem = next(problems(family), None) if foreign else None
            if problem is not None:
                errors.append(f"{problem}; the family is left out")
                continue
            families.append(family)
            handed_over.append(family.most_samples)
    except BaseException as error:  # foreign code may say sys.exit(); a worker gets no Ctrl-C
        if isinstance(error, CalicometricsError):
            errors.append(str(error))
        else:
            logger.debug("collector %s", collector.name, exc_info=True)
            errors.append(f"{type(error).__name__}: {error}")
        # What was filled on after it was handed over is not complete.
        pairs = zip(families, handed_over, strict=True)
        families = [family for family, samples in pairs if family.most_samples == samples]
    errors[:0] = map(str, snapshot.failures)
    return CollectorResult(
        collector.name,
        success=not errors,
        duration=time.monotonic() - began,
        errors=tuple(errors),
        families=tuple(family for family in families if not family.empty),
    )
