"""BFD sessions of BIRD for calicometrics: typed models, and the collector ``bfd``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from calicometrics import hookimpl
from calicometrics_bfd.model import BfdParameters, BfdSession, BfdState
from calicometrics_bfd.parser import parse_sessions

if TYPE_CHECKING:
    from calicometrics import Collector

__version__ = "0.1.0"

__all__ = ["BfdParameters", "BfdSession", "BfdState", "__version__", "parse_sessions"]


@hookimpl
def register_collectors() -> list[type[Collector]]:
    """Return the collector ``bfd``."""
    from calicometrics_bfd.collector import BfdCollector

    return [BfdCollector]
