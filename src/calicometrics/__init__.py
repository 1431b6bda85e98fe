"""Observability for Project Calico's network plane: BIRD and Felix as typed objects and metrics.

The public names resolve when they are first used, so that parsing a text imports no server and no metrics library.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from calicometrics.bird.client import BirdSocket as BirdSocket
    from calicometrics.bird.daemon import parse_status as parse_status
    from calicometrics.bird.kinds import ProtocolKind as ProtocolKind
    from calicometrics.bird.model import BgpChannel as BgpChannel
    from calicometrics.bird.model import BgpSession as BgpSession
    from calicometrics.bird.model import BgpState as BgpState
    from calicometrics.bird.model import ChangeRow as ChangeRow
    from calicometrics.bird.model import Channel as Channel
    from calicometrics.bird.model import ChannelState as ChannelState
    from calicometrics.bird.model import DaemonStatus as DaemonStatus
    from calicometrics.bird.model import Limit as Limit
    from calicometrics.bird.model import MemoryUsage as MemoryUsage
    from calicometrics.bird.model import Protocol as Protocol
    from calicometrics.bird.model import ProtocolState as ProtocolState
    from calicometrics.bird.model import RouteChanges as RouteChanges
    from calicometrics.bird.model import RouteCounts as RouteCounts
    from calicometrics.bird.model import Timer as Timer
    from calicometrics.bird.parser import parse_protocols as parse_protocols
    from calicometrics.collectors.base import Collector as Collector
    from calicometrics.errors import BoundError as BoundError
    from calicometrics.errors import CalicometricsError as CalicometricsError
    from calicometrics.errors import CommandError as CommandError
    from calicometrics.errors import ConfigError as ConfigError
    from calicometrics.errors import ParseError as ParseError
    from calicometrics.errors import PluginError as PluginError
    from calicometrics.errors import SourceError as SourceError
    from calicometrics.exporter import Exporter as Exporter
    from calicometrics.exposition.parser import parse_exposition as parse_exposition
    from calicometrics.families import Column as Column
    from calicometrics.families import MetricFamily as MetricFamily
    from calicometrics.felix.model import Summary as Summary
    from calicometrics.felix.model import parse_summaries as parse_summaries
    from calicometrics.hookspecs import hookimpl as hookimpl
    from calicometrics.sinks.base import Sink as Sink
    from calicometrics.sinks.push import PushSink as PushSink
    from calicometrics.snapshot import Snapshot as Snapshot
    from calicometrics.sources import FileSource as FileSource
    from calicometrics.sources import HttpSource as HttpSource
    from calicometrics.spec import FamilySpec as FamilySpec

__version__ = "0.1.0"

_HOMES = {
    "BgpChannel": "bird.model",
    "BgpSession": "bird.model",
    "BgpState": "bird.model",
    "BirdSocket": "bird.client",
    "BoundError": "errors",
    "CalicometricsError": "errors",
    "ChangeRow": "bird.model",
    "Channel": "bird.model",
    "ChannelState": "bird.model",
    "Collector": "collectors.base",
    "Column": "families",
    "CommandError": "errors",
    "ConfigError": "errors",
    "DaemonStatus": "bird.model",
    "Exporter": "exporter",
    "FamilySpec": "spec",
    "FileSource": "sources",
    "HttpSource": "sources",
    "Limit": "bird.model",
    "MemoryUsage": "bird.model",
    "MetricFamily": "families",
    "ParseError": "errors",
    "PluginError": "errors",
    "Protocol": "bird.model",
    "ProtocolKind": "bird.kinds",
    "ProtocolState": "bird.model",
    "PushSink": "sinks.push",
    "RouteChanges": "bird.model",
    "RouteCounts": "bird.model",
    "Sink": "sinks.base",
    "Snapshot": "snapshot",
    "SourceError": "errors",
    "Summary": "felix.model",
    "Timer": "bird.model",
    "hookimpl": "hookspecs",
    "parse_exposition": "exposition.parser",
    "parse_protocols": "bird.parser",
    "parse_status": "bird.daemon",
    "parse_summaries": "felix.model",
}

__all__ = ["__version__", *_HOMES]  # noqa: PLE0604 - names, all of them


def __getattr__(name: str) -> object:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{home}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
