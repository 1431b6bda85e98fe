"""Finds plugins, asks each what it offers, and keeps what goes wrong with one away from the others."""

from __future__ import annotations

import logging
import os
from importlib import metadata
from typing import TYPE_CHECKING, Any

import attrs
import pluggy

from calicometrics import __version__, builtin, hookspecs
from calicometrics.errors import PluginError
from calicometrics.offers import CHECKS
from calicometrics.suggestion import nearest

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from calicometrics.bird.kinds import ProtocolKind
    from calicometrics.collectors.base import Collector
    from calicometrics.sinks.base import Sink

logger = logging.getLogger(__name__)

LOAD_VARIABLE = "CALICOMETRICS_LOAD_PLUGINS"
"""Environment variable with the names of the plugins to load, comma separated; empty means none."""


@attrs.define
class Plugin:
    """One plugin, and what it offers.

    Attributes:
        name: The entry point's name.
        package: The distribution it comes from.
        version: That distribution's version.
        error: Why it, or a part of it, cannot be used; None when all is well.
        protocols: The ``proto`` words of the kinds it reads.
        collectors: The names of its collectors.
        sinks: The names of its sinks.
    """

    name: str
    package: str
    version: str
    error: str | None = None
    protocols: list[str] = attrs.field(factory=list)
    collectors: list[str] = attrs.field(factory=list)
    sinks: list[str] = attrs.field(factory=list)

    @property
    def built_in(self) -> bool:
        """Whether it is calicometrics itself."""
        return self.package == hookspecs.NAME

    def __str__(self) -> str:
        return f"{self.name} ({self.package} {self.version})"


class Plugins:
    """All plugins and their offers, the built-in ones first.

    Attributes:
        plugins: Every plugin that was found, the failed ones included.
        kinds: The protocol kinds by the word BIRD prints.
        collectors: The collector classes by name.
        sinks: The sink classes by name.
    """

    def __init__(self) -> None:
        self.plugins: list[Plugin] = []
        self.kinds: dict[str, ProtocolKind] = {}
        self.collectors: dict[str, type[Collector]] = {}
        self.sinks: dict[str, type[Sink]] = {}
        self._manager = pluggy.PluginManager(hookspecs.NAME)
        self._manager.add_hookspecs(hookspecs)
        self._owners: dict[tuple[str, str], Plugin] = {}
        self.register(builtin, Plugin(hookspecs.NAME, hookspecs.NAME, __version__))

    @classmethod
    def load(cls, environ: Mapping[str, str] = os.environ) -> Plugins:
        """Return the built-in offers and those of the installed packages.

        Args:
            environ: Where ``CALICOMETRICS_LOAD_PLUGINS`` may restrict what is loaded.
        """
        plugins = cls()
        wanted = environ.get(LOAD_VARIABLE)
        names = None if wanted is None else {name.strip() for name in wanted.split(",")} - {""}
        found = sorted(metadata.entry_points(group=hookspecs.NAME), key=lambda point: point.name)
        for entry_point in found:
            if names is None or entry_point.name in names:
                plugins.load_entry_point(entry_point)
        installed = [entry_point.name for entry_point in found]
        for name in sorted((names or set()) - set(installed)):
            logger.warning("%s: there is no plugin %s%s", LOAD_VARIABLE, name, nearest(name, installed))
        return plugins

    def load_entry_point(self, entry_point: metadata.EntryPoint) -> None:
        """Import and register one installed plugin; an error is kept in it and logged."""
        distribution = entry_point.dist
        plugin = Plugin(
            entry_point.name,
            distribution.name if distribution else "unknown package",
            distribution.version if distribution else "",
        )
        try:
            loaded = entry_point.load()
        except (Exception, SystemExit) as error:  # noqa: BLE001 - an import runs foreign code
            self.plugins.append(plugin)
            self.fail(plugin, f"cannot be imported: {describe(error)}", error)
        else:
            self.register(loaded, plugin)

    def register(self, loaded: object, plugin: Plugin) -> None:
        """Register an object with hooks, and take what it offers.

        Args:
            loaded: A module or object whose functions are marked with ``hookimpl``.
            plugin: Who it is; gets the offers' names, and the error when something is wrong.
        """
        self.plugins.append(plugin)
        try:
            self._manager.register(loaded, plugin.name)
            self._manager.check_pending()
        except (pluggy.PluginValidationError, ValueError) as error:
            self.fail(plugin, f"does not fit the hooks: {describe(error)}", error)
            return
        self._take(plugin, "register_protocols", "protocol kind", self.kinds, plugin.protocols)
        self._take(plugin, "register_collectors", "collector", self.collectors, plugin.collectors)
        self._take(plugin, "register_sinks", "sink", self.sinks, plugin.sinks)

    def _take(
        self,
        plugin: Plugin,
        hook: str,
        what: str,
        offers: dict[str, Any],
        names: list[str],
    ) -> None:
        """Take one hook's offers: whatever is wrong with one of them leaves the others."""
        # Each implementation is called alone: when one raises, pluggy gives up the whole call.
        for implementation in getattr(self._manager.hook, hook).get_hookimpls():
            if implementation.plugin_name != plugin.name:
                continue
            try:
                offered: Iterable[Any] = list(implementation.function())
            except (Exception, SystemExit) as error:  # noqa: BLE001 - a hook is foreign code
                self.fail(plugin, f"{hook} raised {describe(error)}", error)
                continue
            for offer in offered:
                try:
                    name = CHECKS[hook](offer)
                    self._claim(plugin, what, name)
                except PluginError as error:
                    self.fail(plugin, str(error), error)
                else:
                    offers[name] = offer
                    names.append(name)

    def _claim(self, plugin: Plugin, what: str, name: str) -> None:
        owner = self._owners.get((what, name))
        if owner is not None:
            twice = f"twice by {owner}" if owner is plugin else f"by {owner} and by {plugin}"
            raise PluginError(f"the {what} {name} is offered {twice}; the first one is used")
        self._owners[what, name] = plugin

    def owner(self, what: str, name: str) -> Plugin:
        """Return the plugin that an offer is of.

        Args:
            what: ``protocol kind``, ``collector`` or ``sink``.
            name: The offer's name.
        """
        return self._owners[what, name]

    @staticmethod
    def fail(plugin: Plugin, reason: str, error: BaseException) -> None:
        """Note and log why a plugin, or a part of it, cannot be used."""
        plugin.error = reason if plugin.error is None else f"{plugin.error}; {reason}"
        logger.error("plugin %s: %s", plugin, reason)
        logger.debug("plugin %s", plugin, exc_info=error)


def describe(error: BaseException) -> str:
    """Return an error's kind and words."""
    return f"{type(error).__name__}: {error}"
