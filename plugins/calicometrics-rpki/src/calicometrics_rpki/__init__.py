"""RPKI sessions of BIRD for calicometrics: the protocol kind ``RPKI``, and the collector ``rpki``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from calicometrics import hookimpl
from calicometrics_rpki.model import RpkiSession, RpkiState

if TYPE_CHECKING:
    from calicometrics import Collector, ProtocolKind

__version__ = "0.1.0"

__all__ = ["RpkiSession", "RpkiState", "__version__"]


@hookimpl
def register_protocols() -> list[ProtocolKind]:
    """Return the kind that reads the lines of RPKI protocols."""
    from calicometrics_rpki.kind import RPKI

    return [RPKI]


@hookimpl
def register_collectors() -> list[type[Collector]]:
    """Return the collector ``rpki``."""
    from calicometrics_rpki.collector import RpkiCollector

    return [RpkiCollector]
