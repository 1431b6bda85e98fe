"""``calicometrics serve``: the exporter."""

from __future__ import annotations

import logging
import signal
from queue import SimpleQueue
from typing import TYPE_CHECKING

from calicometrics import __version__
from calicometrics.cli import GOOD, build, process
from calicometrics.cli.serving import Service
from calicometrics.errors import CalicometricsError

if TYPE_CHECKING:
    import argparse

logger = logging.getLogger(__name__)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the verb's flags."""
    build.add_arguments(parser, with_sinks=True)


def run(parsed: argparse.Namespace) -> int:
    """Serve until SIGTERM or SIGINT; SIGHUP reads the settings again.

    What has been asked for by the end is still answered. Settings that are wrong are refused, and the old ones stay.
    """
    signals: SimpleQueue[int] = SimpleQueue()
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, lambda number, _: signals.put(number))
    process.settle()
    service = Service()
    try:
        service.apply(build.load(parsed))
        logger.info("calicometrics %s serves", __version__)
        while signals.get() == signal.SIGHUP:
            _reload(service, parsed)
        logger.info("ending")
    finally:
        service.close()
    return GOOD


def _reload(service: Service, parsed: argparse.Namespace) -> None:
    try:
        service.apply(build.load(parsed))
    except CalicometricsError as error:
        for line in str(error).splitlines():
            logger.error("settings refused: %s", line)  # noqa: TRY400 - a traceback would tell the user nothing
    except Exception as error:  # a plugin's options and sinks are foreign code
        logger.error("settings refused: %s: %s", type(error).__name__, error)  # noqa: TRY400 - as above
        logger.debug("settings refused", exc_info=True)
    else:
        logger.info("settings read again")
