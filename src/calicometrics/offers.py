"""What an offer of a plugin has to be, so that whoever uses it need not look."""

from __future__ import annotations

import inspect
import re
from typing import TYPE_CHECKING, Any

import attrs

from calicometrics.bird.kinds import ProtocolKind
from calicometrics.collectors.base import Collector
from calicometrics.errors import PluginError
from calicometrics.options import options
from calicometrics.sinks.base import Sink
from calicometrics.spec import FamilySpec

if TYPE_CHECKING:
    from collections.abc import Callable

_NAME = re.compile(r"[A-Za-z0-9_-]+")  # a bare key of TOML, and a part of a flag


def check_protocol(offer: object) -> str:
    """Return the word of a protocol kind.

    Raises:
        PluginError: It is none.
    """
    if not isinstance(offer, ProtocolKind):
        raise PluginError(f"{offer!r} is no ProtocolKind")
    return offer.proto


def check_collector(offer: object) -> str:
    """Return the name of a collector class.

    Raises:
        PluginError: It is none that could be used; the message says why.
    """
    name, cls = _class(offer, Collector)
    if not all(isinstance(spec, FamilySpec) for spec in cls.families):
        raise PluginError(f"the collector {name} has families that are no FamilySpec")
    return name


def check_sink(offer: object) -> str:
    """Return the name of a sink class.

    Raises:
        PluginError: It is none that could be used; the message says why.
    """
    return _class(offer, Sink)[0]


def _class(offer: object, base: type) -> tuple[str, Any]:
    what = base.__name__.lower()
    if not isinstance(offer, type) or not issubclass(offer, base):
        raise PluginError(f"{offer!r} is no subclass of {base.__name__}")
    name = getattr(offer, "name", None)
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise PluginError(f"{offer.__qualname__} has no name of letters, digits, - and _: {name!r}")
    if inspect.isabstract(offer):
        missing = ", ".join(sorted(vars(offer)["__abstractmethods__"]))
        raise PluginError(f"the {what} {name} does not define {missing}")
    if not isinstance(getattr(offer, "help", None), str):
        raise PluginError(f"the {what} {name} has no help")
    section: Any = getattr(offer, "Options", None)
    if not isinstance(section, type) or not attrs.has(section):
        raise PluginError(f"the {what} {name} has Options that are no attrs class")
    for field in attrs.fields(section):
        if not isinstance(field.metadata.get("help"), str):
            raise PluginError(f"the {what} {name} has an option without help: {field.name}")
    try:
        options(f"{what}.{name}", section)
    except Exception as error:
        raise PluginError(f"the {what} {name} has options that cannot be told: {error}") from error
    return name, offer


CHECKS: dict[str, Callable[[object], str]] = {
    "register_protocols": check_protocol,
    "register_collectors": check_collector,
    "register_sinks": check_sink,
}
"""Hook → what returns the name of an offer, or says what is wrong with it."""
