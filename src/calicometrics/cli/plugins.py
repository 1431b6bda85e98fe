"""``calicometrics plugins``: what is installed, what it offers, what is on."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from calicometrics.cli import GOOD, INCOMPLETE, build

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator

    from calicometrics.config import Settings
    from calicometrics.plugins import Plugin, Plugins


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the flags that decide on what is on."""
    build.add_arguments(parser, with_sinks=True)


def run(parsed: argparse.Namespace) -> int:
    """Print every plugin with its offers; the exit status tells whether one of them failed."""
    setup = build.load(parsed)
    for plugin in setup.plugins.plugins:
        sys.stdout.write("\n".join(_described(plugin, setup.plugins, setup.settings)) + "\n")
    return INCOMPLETE if any(plugin.error for plugin in setup.plugins.plugins) else GOOD


def _described(plugin: Plugin, plugins: Plugins, settings: Settings) -> Iterator[str]:
    package = f"  (package {plugin.package})" if plugin.package != plugin.name else ""
    yield f"{plugin.name} {plugin.version}{package}"
    if plugin.error:
        yield f"  FAILED    {plugin.error}"
    for name in plugin.protocols:
        yield f"  on   protocol kind  {name}"
    for kind, names, classes in (
        ("collector", plugin.collectors, plugins.collectors),
        ("sink", plugin.sinks, plugins.sinks),
    ):
        on = settings.enabled(kind)
        for name in names:
            yield f"  {'on ' if name in on else 'off'}  {kind:<13}  {name:<16} {classes[name].help}"
