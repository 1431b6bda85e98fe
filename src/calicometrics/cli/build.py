"""From settings to an exporter: what every verb that reads daemons shares."""

from __future__ import annotations

import logging
import os
from typing import TYPE_CHECKING, Any

import attrs

from calicometrics import config, logs
from calicometrics.bird.awaited import AwaitedBirdSocket
from calicometrics.bird.client import BirdSocket
from calicometrics.bounds import PageBounds, ReplyBounds
from calicometrics.claims import check_claims
from calicometrics.cli.left_out import LeftOutCollector
from calicometrics.cli.sections import (
    BirdOptions,
    ConfigOptions,
    FelixOptions,
    LogOptions,
    TopOptions,
    bird_sockets,
    default_sockets,
    endpoints,
)
from calicometrics.errors import ConfigError
from calicometrics.exporter import Exporter
from calicometrics.plugins import Plugins, describe

if TYPE_CHECKING:
    import argparse
    import contextlib
    from collections.abc import Iterable, Mapping

    from calicometrics.collectors.base import Collector
    from calicometrics.snapshot import PageSource

logger = logging.getLogger(__name__)

ENDPOINTS = "endpoints"
FELIX = "felix"


def schema(plugins: Plugins, *, with_sinks: bool = False) -> config.Schema:
    """Return everything that can be set: sources, logs, collectors and, for ``serve``, sinks."""
    sections: dict[str, type] = {
        "": TopOptions,
        "config": ConfigOptions,
        "log": LogOptions,
        "bird": BirdOptions,
        "felix": FelixOptions,
    }
    switches = []
    for name, collector in plugins.collectors.items():
        switches.append(config.Switch("collector", name, collector.enabled_by_default, collector.help))
        if attrs.fields(collector.Options):
            sections[f"collector.{name}"] = collector.Options
    if with_sinks:
        for name, sink in plugins.sinks.items():
            switches.append(config.Switch("sink", name, name == "prometheus", sink.help))
            if attrs.fields(sink.Options):
                sections[sink.section or f"sink.{name}"] = sink.Options
    return config.Schema(sections, tuple(switches))


@attrs.frozen
class Setup:
    """What a verb works with.

    Attributes:
        plugins: Everything that is installed.
        schema: Everything that can be set.
        settings: What has been set.
    """

    plugins: Plugins
    schema: config.Schema
    settings: config.Settings


def add_arguments(parser: argparse.ArgumentParser, *, with_sinks: bool = False) -> None:
    """Add the flags of sources, logs, collectors and perhaps sinks; they carry what :func:`load` needs."""
    plugins = Plugins.load()
    config.add_arguments(parser, schema(plugins, with_sinks=with_sinks))
    parser.usage = "%(prog)s [flags]"  # there are too many to read in one paragraph
    # One file serves all verbs, so that each knows the keys of all.
    parser.set_defaults(plugins=plugins, schema=schema(plugins, with_sinks=True))


def load(parsed: argparse.Namespace) -> Setup:
    """Return plugins and settings of a parsed command line, and set up the logs.

    Raises:
        ConfigError: Something is wrong with the settings.
    """
    flags: dict[str, Any] = vars(parsed)
    file = flags.get("config.file") or os.environ.get("CALICOMETRICS_CONFIG_FILE")
    settings = config.load(parsed.schema, flags, os.environ, file)
    log: LogOptions = settings.sections["log"]
    logs.setup(log.level, log.format)
    return Setup(parsed.plugins, parsed.schema, settings)


def make_exporter(setup: Setup, stack: contextlib.ExitStack, *, waits: bool = False) -> Exporter:
    """Return the exporter that the settings describe.

    Args:
        setup: Plugins and settings.
        stack: Closes the exporter, and the demo's daemons, at the end.
        waits: Whether a daemon may come later, so that it is no error that there is nothing to read now.

    Raises:
        ConfigError: The settings do not fit together.
    """
    settings = setup.settings
    top: TopOptions = settings.sections[""]
    bird: BirdOptions = settings.sections["bird"]
    felix: FelixOptions = settings.sections["felix"]
    if top.demo:
        from calicometrics.demo import DemoNode

        demo = stack.enter_context(DemoNode())
        given, felix = demo.sockets, attrs.evolve(felix, url=demo.felix_url)
    else:
        given = bird_sockets(bird.socket, settings.origin("bird.socket"))
    birds = _birds(given, bird)
    enabled = settings.enabled("collector")
    further = endpoints(top.endpoint, settings.origin("endpoint"))
    if (
        further
        and ENDPOINTS in setup.plugins.collectors
        and settings.origin(f"collector.{ENDPOINTS}") == "default"
    ):
        enabled = list(dict.fromkeys([*enabled, ENDPOINTS]))
    collectors = _collectors(setup, enabled)
    exporter = Exporter(
        birds,
        _pages({FELIX: felix.url, **further}, felix),
        collectors=collectors,
        kinds=setup.plugins.kinds.values(),
        max_samples=top.max_samples,
        reply_bounds=ReplyBounds(bird.max_lines, bird.max_line_length, bird.max_protocols),
        page_bounds=PageBounds(felix.max_lines, felix.max_line_length, felix.max_families, felix.max_samples),
        packages={
            collector.name: f"{plugin.package} {plugin.version}"
            for collector in collectors
            if not (plugin := setup.plugins.owner("collector", collector.name)).built_in
        },
    )
    there = [name for name, bird in birds.items() if bird.expected]
    if not there:
        where = ", ".join(path for paths in default_sockets().values() for path in paths)
        if not waits and not further and not any(name.startswith(FELIX) for name in enabled):
            raise ConfigError(f"nothing to read: no collector reads a page, and no BIRD is there: {where}")
        if waits:
            logger.info("no BIRD is there yet: %s", where)
    return stack.enter_context(exporter)


def _birds(given: Mapping[str, str], options: BirdOptions) -> dict[str, BirdSocket]:
    """Return the daemons that were named, or else those that may be on any node."""
    timeout, max_reply = options.timeout, options.max_reply
    if given:
        return {name: BirdSocket(path, timeout=timeout, max_reply=max_reply) for name, path in given.items()}
    return {
        name: AwaitedBirdSocket(paths, timeout=timeout, max_reply=max_reply)
        for name, paths in default_sockets().items()
    }


def _collectors(setup: Setup, enabled: Iterable[str]) -> list[Collector]:
    """Return the collectors that are on; what is wrong with one of a plugin's costs that one."""
    made: list[Collector] = []
    for name in enabled:
        plugin = setup.plugins.owner("collector", name)
        try:
            collector = setup.plugins.collectors[name](setup.settings.sections.get(f"collector.{name}"))
            check_claims([*made, collector])
        except Exception as error:
            if plugin.built_in or isinstance(error, ConfigError):
                raise
            setup.plugins.fail(plugin, f"the collector {name} is left out: {describe(error)}", error)
            made.append(LeftOutCollector(name, describe(error)))
        else:
            made.append(collector)
    return made


def _pages(urls: dict[str, str], felix: FelixOptions) -> dict[str, PageSource]:
    from calicometrics.sources import HttpSource

    return {
        name: HttpSource(
            url,
            timeout=felix.timeout,
            max_page=felix.max_page,
            ca_file=felix.ca_file,
            cert_file=felix.cert_file,
            key_file=felix.key_file,
            server_name=felix.server_name,
        )
        for name, url in urls.items()
    }
