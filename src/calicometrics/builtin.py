"""What calicometrics itself offers, through the hooks that every plugin uses."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from calicometrics.collectors import built_in_collectors
from calicometrics.hookspecs import hookimpl

if TYPE_CHECKING:
    from calicometrics.bird.kinds import ProtocolKind
    from calicometrics.collectors.base import Collector
    from calicometrics.sinks.base import Sink

_SINKS = {
    "prometheus": "PrometheusSink",
    "json_lines": "JsonSink",
    "statsd": "StatsdSink",
    "textfile": "TextfileSink",
}


@hookimpl
def register_protocols() -> list[ProtocolKind]:
    """Return the kinds that BIRD's core package reads: BGP."""
    from calicometrics.bird.parser import BUILT_IN_KINDS

    return list(BUILT_IN_KINDS)


@hookimpl
def register_collectors() -> list[type[Collector]]:
    """Return the collectors of :mod:`calicometrics.collectors`."""
    return built_in_collectors()


@hookimpl
def register_sinks() -> list[type[Sink]]:
    """Return the sinks of :mod:`calicometrics.sinks`."""
    return [getattr(import_module(f"calicometrics.sinks.{module}"), name) for module, name in _SINKS.items()]
