"""The whole plugin contract: three hooks that offer, none that runs.

A plugin is a module or object named by an entry point of the group ``calicometrics``. Its hooks are called once, when
plugins are loaded; what they return is run by the host. A hook that raises costs only its own plugin.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pluggy

if TYPE_CHECKING:
    from collections.abc import Iterable

    from calicometrics.bird.kinds import ProtocolKind
    from calicometrics.collectors.base import Collector
    from calicometrics.sinks.base import Sink

NAME = "calicometrics"

hookspec = pluggy.HookspecMarker(NAME)
hookimpl = pluggy.HookimplMarker(NAME)


@hookspec
def register_protocols() -> Iterable[ProtocolKind]:  # type: ignore[empty-body]  # a specification has no body
    """Return kinds of protocols whose own lines of ``show protocols all`` are to be read."""


@hookspec
def register_collectors() -> Iterable[type[Collector]]:  # type: ignore[empty-body]  # a specification has no body
    """Return collector classes, to be offered as ``--collector.NAME``."""


@hookspec
def register_sinks() -> Iterable[type[Sink]]:  # type: ignore[empty-body]  # a specification has no body
    """Return sink classes, to be offered as ``--sink.NAME``."""
