"""Collector ``bird_memory``: what the daemons use, from ``show memory``."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, ClassVar

from calicometrics.bird.daemon import parse_memory
from calicometrics.collectors.base import Collector
from calicometrics.families import Column
from calicometrics.spec import FamilySpec

if TYPE_CHECKING:
    from collections.abc import Iterable

    from calicometrics.families import MetricFamily
    from calicometrics.snapshot import Snapshot

BYTES = FamilySpec(
    "bird_memory_bytes",
    "gauge",
    "Memory by area, as precise as BIRD rounds it; the overhead from BIRD 2.0.9 on.",
    ("bird_daemon", "area"),
    (Column(labels=(("kind", "effective"),)), Column(labels=(("kind", "overhead"),))),
    unit="bytes",
    source="Routing tables:    698.2 kB     48.0 kB",
)


class BirdMemoryCollector(Collector):
    """The memory of each BIRD daemon."""

    name = "bird_memory"
    help = "the BIRD daemons' memory by area"
    families: ClassVar = (BYTES,)

    def collect(self, snapshot: Snapshot) -> Iterable[MetricFamily]:
        """Return the memory of the daemons that answered."""
        family = BYTES.family()
        for daemon, memory in snapshot.read("show memory", parse_memory):
            for area, size in memory.areas.items():
                family.add((daemon, re.sub(r"\W+", "_", area.lower())), size.effective, size.overhead)
        return (family,)
