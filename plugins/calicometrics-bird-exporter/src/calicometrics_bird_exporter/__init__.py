"""The metrics of czerwonk/bird_exporter by calicometrics: the collector ``bird_exporter``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from calicometrics import hookimpl

if TYPE_CHECKING:
    from calicometrics import Collector

__version__ = "0.1.0"

__all__ = ["__version__"]


@hookimpl
def register_collectors() -> list[type[Collector]]:
    """Return the collector ``bird_exporter``."""
    from calicometrics_bird_exporter.collector import BirdExporterCollector

    return [BirdExporterCollector]
