"""What the exporter says of itself: its collectors, its bounds, its version."""

from __future__ import annotations

import platform
from typing import TYPE_CHECKING

from calicometrics import __version__
from calicometrics.spec import FamilySpec

if TYPE_CHECKING:
    from collections.abc import Iterable

    from calicometrics.families import MetricFamily
    from calicometrics.rounds import CollectorResult
    from calicometrics.snapshot import Snapshot

SUCCESS = FamilySpec(
    "calicometrics_collector_success",
    "gauge",
    "Whether the collector read everything it wanted in this round.",
    ("collector",),
)
DURATION = FamilySpec(
    "calicometrics_collector_duration_seconds",
    "gauge",
    "How long the collector took in this round.",
    ("collector",),
    unit="seconds",
)
UNKNOWN_LINES = FamilySpec(
    "calicometrics_bird_unknown_lines",
    "gauge",
    "Lines of the latest replies that no rule of the grammar reads; they are kept as text.",
    ("bird_daemon",),
    unit="lines",
)
BUILD_INFO = FamilySpec(
    "calicometrics_build_info",
    "gauge",
    "Always 1; the version of calicometrics and of the Python that runs it.",
    ("version", "python_version"),
)
BOUND_RATIO = FamilySpec(
    "calicometrics_source_bound_ratio",
    "gauge",
    "How much of a bound a daemon's largest reply or a page has used; what would be more than 1 is refused.",
    ("source", "bound"),
    unit="ratio",
)
OWN_FAMILIES = (SUCCESS, DURATION, UNKNOWN_LINES, BOUND_RATIO, BUILD_INFO)


def own_families(results: Iterable[CollectorResult], snapshot: Snapshot) -> list[MetricFamily]:
    """Return the families of a round, those without a row left out."""
    success, duration, unknown, bounds, build = (spec.family() for spec in OWN_FAMILIES)
    for result in results:
        success.add((result.name,), float(result.success))
        duration.add((result.name,), result.duration)
    for daemon, count in snapshot.unknown_lines().items():
        unknown.add((daemon,), count)
    for source, ratios in snapshot.bound_ratios().items():
        for bound, ratio in ratios.items():
            bounds.add((source, bound), ratio)
    build.add((__version__, platform.python_version()), 1)
    return [family for family in (success, duration, unknown, bounds, build) if family.rows]
