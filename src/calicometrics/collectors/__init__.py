"""The built-in collectors, one file each."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from calicometrics.collectors.base import Collector

_CLASSES = {
    "bird_status": "BirdStatusCollector",
    "bird_protocols": "BirdProtocolsCollector",
    "bgp_timers": "BgpTimersCollector",
    "felix_summaries": "FelixSummariesCollector",
    "felix": "FelixCollector",
    "endpoints": "EndpointsCollector",
    "bird_memory": "BirdMemoryCollector",
    "bird_tables": "BirdTablesCollector",
    "bgp_summary": "BgpSummaryCollector",
}


def built_in_collectors() -> list[type[Collector]]:
    """Return the classes of all built-in collectors."""
    return [getattr(import_module(f"{__name__}.{module}"), name) for module, name in _CLASSES.items()]


def default_collectors() -> list[Collector]:
    """Return the built-in collectors that are on by default, with their default options."""
    return [collector() for collector in built_in_collectors() if collector.enabled_by_default]
