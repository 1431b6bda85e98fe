"""``calicometrics serve``: the exporter."""

from __future__ import annotations

import contextlib
import logging
import signal
import threading
from typing import TYPE_CHECKING

from calicometrics import __version__
from calicometrics.cli import GOOD, build
from calicometrics.errors import ConfigError

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterable

    from calicometrics.families import MetricFamily
    from calicometrics.sinks.base import Sink

logger = logging.getLogger(__name__)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the verb's flags."""
    build.add_arguments(parser, with_sinks=True)


def run(parsed: argparse.Namespace) -> int:
    """Serve until SIGTERM or SIGINT; what has been asked for by then is still answered."""
    over = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: over.set())
    setup = build.load(parsed)
    with contextlib.ExitStack() as stack:
        exporter = build.make_exporter(setup, stack)
        sinks = _make_sinks(setup)
        for sink in sinks:
            stack.callback(sink.close)
            sink.start(exporter)
        exporter.add_own(lambda: _health(sinks))
        logger.info("calicometrics %s serves", __version__)
        over.wait()
        logger.info("ending")
    return GOOD


def _make_sinks(setup: build.Setup) -> list[Sink]:
    names = setup.settings.enabled("sink")
    if not names:
        raise ConfigError("no sink is on: --sink.prometheus serves metrics over HTTP")
    sinks = []
    for name in names:
        cls = setup.plugins.sinks[name]
        options = setup.settings.sections.get(cls.section or f"sink.{name}")
        sinks.append(cls(options if options is not None else cls.Options()))
    return sinks


def _health(sinks: Iterable[Sink]) -> list[MetricFamily]:
    return [family for sink in sinks for family in sink.families()]
