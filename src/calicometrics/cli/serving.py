"""What a serving process holds: one exporter and its sinks, exchanged as a whole when the settings change."""

from __future__ import annotations

import contextlib
import logging
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from calicometrics.cli import build
from calicometrics.errors import ConfigError, SourceError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from calicometrics.exporter import Exporter, Round
    from calicometrics.families import MetricFamily
    from calicometrics.sinks.base import Sink

logger = logging.getLogger(__name__)


class CurrentExporter:
    """Stands for the exporter of the present settings, so that sinks need not know that it was exchanged."""

    def __init__(self) -> None:
        self.exporter: Exporter | None = None

    def round(self, timeout: float | None = None) -> Round:
        """Return a round of the present exporter; errors are those of ``Exporter.round``."""
        return self._present().round(timeout)

    @property
    def succeeded(self) -> bool:
        """Whether the present exporter has read anything."""
        return self._present().succeeded

    def _present(self) -> Exporter:
        if self.exporter is None:
            raise SourceError("there is no exporter yet")
        return self.exporter


class Service:
    """The exporter and the sinks of a process that serves."""

    def __init__(self) -> None:
        self._current: Any = CurrentExporter()
        self._sinks: dict[str, Sink] = {}
        self._sources = contextlib.ExitStack()

    def apply(self, setup: build.Setup) -> None:
        """Put settings into effect; a sink whose options are the same goes on as it is.

        Raises:
            ConfigError: The settings do not fit together; nothing has changed.
            SourceError: A sink cannot start; if it was there before, it goes on with its old options.
        """
        wanted = _wanted(setup)
        with contextlib.ExitStack() as stack:
            exporter = build.make_exporter(setup, stack, waits=True)
            exporter.add_own(lambda: list(self._health()))
            sources, self._sources = self._sources, stack.pop_all()
        self._current.exporter = exporter
        sources.close()
        for name in self._sinks.keys() - wanted.keys():
            self._sinks.pop(name).close()
        for name, sink in wanted.items():
            before = self._sinks.get(name)
            if before is None or before.options != sink.options:
                self._exchange(name, before, sink)

    def close(self) -> None:
        """End the sinks, all at the same time, each after what it still has to hand over; then the exporter."""
        sinks, self._sinks = list(self._sinks.values()), {}
        if sinks:
            with ThreadPoolExecutor(len(sinks), "closing") as pool:
                list(pool.map(lambda sink: sink.close(), sinks))
        self._sources.close()

    def _exchange(self, name: str, before: Sink | None, sink: Sink) -> None:
        if before is not None:
            before.close()  # it may hold what the new one needs, such as a port
        try:
            sink.start(self._current)
        except (ConfigError, SourceError):
            sink.close()
            if before is not None:
                self._sinks[name] = again = type(before)(before.options)
                again.start(self._current)
            raise
        self._sinks[name] = sink

    def _health(self) -> Iterator[MetricFamily]:
        """Yield the families of all sinks; those of one name become one."""
        merged: dict[str, MetricFamily] = {}
        for sink in list(self._sinks.values()):
            for family in sink.families():
                first = merged.setdefault(family.name, family)
                if first is not family:
                    first.tables.extend(family.tables)
        yield from (family for family in merged.values() if family.sample_count())


def _wanted(setup: build.Setup) -> dict[str, Sink]:
    """Return the sinks of the settings, not started yet.

    Raises:
        ConfigError: There is none.
    """
    names = setup.settings.enabled("sink")
    if not names:
        raise ConfigError("no sink is on: --sink.prometheus serves metrics over HTTP")
    sinks = {}
    for name in names:
        cls = setup.plugins.sinks[name]
        options = setup.settings.sections.get(cls.section or f"sink.{name}")
        sinks[name] = cls(cls.Options() if options is None else options)
    return sinks
