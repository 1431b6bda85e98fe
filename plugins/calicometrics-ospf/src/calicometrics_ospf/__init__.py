"""OSPF areas, neighbors and adjacencies of BIRD for calicometrics: typed models, and the collector ``ospf``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from calicometrics import hookimpl
from calicometrics_ospf.model import AreaNetwork, NeighborState, OspfArea, OspfInstance, OspfNeighbor
from calicometrics_ospf.parser import parse_neighbors, parse_ospf

if TYPE_CHECKING:
    from calicometrics import Collector

__version__ = "0.1.0"

__all__ = [
    "AreaNetwork",
    "NeighborState",
    "OspfArea",
    "OspfInstance",
    "OspfNeighbor",
    "__version__",
    "parse_neighbors",
    "parse_ospf",
]


@hookimpl
def register_collectors() -> list[type[Collector]]:
    """Return the collector ``ospf``."""
    from calicometrics_ospf.collector import OspfCollector

    return [OspfCollector]
