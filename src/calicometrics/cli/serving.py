"""What a serving process holds: one exporter and its sinks, exchanged as a whole when the settings change."""

from __future__ import annotations

import contextlib
import logging
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from calicometrics.cli import build
from calicometrics.cli.current import CurrentExporter
from calicometrics.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from calicometrics.families import MetricFamily
    from calicometrics.sinks.base import Sink

logger = logging.getLogger(__name__)


class Service:
    """The exporter and the sinks of a process that serves."""

    def __init__(self) -> None:
        self._current: Any = CurrentExporter()
        self._sinks: dict[str, Sink] = {}

    def apply(self, setup: build.Setup) -> None:
        """Put settings into effect, or leave everything as it was; a sink whose options are the same goes on.

        Raises:
            ConfigError: The settings do not fit together.
            SourceError: A sink cannot start.
        """
        wanted = _wanted(setup)
        with contextlib.ExitStack() as stack:
            exporter = build.make_exporter(setup, stack, waits=True)
            exporter.add_own(lambda: list(self._health()))
            if not self._current.present:
                self._current.exchange(exporter, stack.pop_all())
                self._exchange_sinks(wanted)
            else:
                self._exchange_sinks(wanted)  # they may fail, and then the exporter has to be the old one
                self._current.exchange(exporter, stack.pop_all())

    def close(self) -> None:
        """End the sinks, all at the same time, each after what it still has to hand over; then the exporter."""
        sinks, self._sinks = list(self._sinks.values()), {}
        if sinks:
            with ThreadPoolExecutor(len(sinks), "closing") as pool:
                list(pool.map(lambda sink: sink.close(), sinks))
        self._current.close()

    def _exchange_sinks(self, wanted: dict[str, Sink]) -> None:
        """Start the sinks that are wanted in place of those that are there, all or none."""
        before = dict(self._sinks)
        try:
            for name, sink in wanted.items():
                old = before.get(name)
                if old is not None and old.options == sink.options:
                    continue
                if old is not None:
                    self._sinks.pop(name).close()  # it may hold what the new one needs, such as a port
                self._sinks[name] = sink
                sink.start(self._current)
        except BaseException:
            self._restore(before)
            raise
        for name in before.keys() - wanted.keys():
            self._sinks.pop(name).close()

    def _restore(self, before: dict[str, Sink]) -> None:
        """Have the sinks that were there before again, as far as that is possible."""
        for name, sink in list(self._sinks.items()):
            if before.get(name) is not sink:
                del self._sinks[name]
                _close_failed(name, sink)
        for name, old in before.items():
            if name in self._sinks:
                continue
            again = type(old)(old.options)
            try:
                again.start(self._current)
            except Exception as error:
                _close_failed(name, again)
                logger.error("sink %s does not start again with its old options: %s", name, error)  # noqa: TRY400 - a traceback would tell the user nothing
                logger.debug("sink %s", name, exc_info=True)
            else:
                self._sinks[name] = again

    def _health(self) -> Iterator[MetricFamily]:
        """Yield the families of all sinks; those of one name become one."""
        merged: dict[str, MetricFamily] = {}
        for sink in list(self._sinks.values()):
            for family in sink.families():
                first = merged.setdefault(family.name, family)
                if first is not family:
                    first.tables.extend(family.tables)
        yield from (family for family in merged.values() if family.sample_count())


def _close_failed(name: str, sink: Sink) -> None:
    """Close a sink that may have started in part."""
    try:
        sink.close()
    except Exception:  # a sink may be foreign code; why it did not start is what counts
        logger.debug("sink %s", name, exc_info=True)


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
