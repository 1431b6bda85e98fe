"""From BIRD's replies about itself to models: ``show status``, ``show memory``, ``show route count``."""

from __future__ import annotations

from typing import Any

from calicometrics.bird import grammar
from calicometrics.bird.framing import CUT, Reply, unframe
from calicometrics.bird.model import DaemonStatus, GracefulRestart, MemoryArea, MemoryUsage, TableRoutes
from calicometrics.errors import ParseError


def parse_status(text: str) -> DaemonStatus:
    """Return the daemon's status from a reply to ``show status``; times stay as printed, in the daemon's zone.

    Raises:
        ParseError: The text is no such reply.
    """
    reply = _whole(text, "show status")
    values: dict[str, Any] = {}
    extra = []
    for line in filter(None, map(str.strip, reply.lines)):
        for name, rule in grammar.STATUS.items():
            if rule.re.fullmatch(line):
                values.setdefault(name, rule.read(line))
                break
        else:
            extra.append(line)
    if "version" not in values:
        raise ParseError("no line with BIRD's version: this is no reply to show status")
    waiting_for, timer = values.pop("waiting_for", None), values.pop("timer", None)
    if values.pop("recovery", None):
        values["graceful_restart"] = GracefulRestart(waiting_for, timer)
    return DaemonStatus(**values, extra=tuple(extra))


def parse_memory(text: str) -> MemoryUsage:
    """Return the areas of a reply to ``show memory``, in bytes.

    Raises:
        ParseError: The text is no such reply.
    """
    areas: dict[str, MemoryArea] = {}
    counters: dict[str, int] = {}
    extra = []
    for line in filter(None, map(str.strip, _whole(text, "show memory").lines)):
        if grammar.MEMORY_TITLE.re.fullmatch(line):
            continue
        if grammar.MEMORY_ROW.re.fullmatch(line):
            name, area = grammar.MEMORY_ROW.read(line)
            areas[name] = area
        elif grammar.MEMORY_COUNTER.re.fullmatch(line):
            name, count = grammar.MEMORY_COUNTER.read(line)
            counters[name] = count
        else:
            extra.append(line)
    if not areas:
        raise ParseError("no area of memory: this is no reply to show memory")
    return MemoryUsage(areas, counters, tuple(extra))


def parse_route_counts(text: str) -> list[TableRoutes]:
    """Return the tables of a reply to ``show route count``; BIRD 1.x names none and counts ``master``.

    Raises:
        ParseError: A line is not a count.
    """
    reply = _whole(text, "show route count")
    tables: list[TableRoutes] = []
    for number, line in enumerate(reply.lines, reply.offset + 1):
        if not line or grammar.ROUTE_COUNT_TOTAL.re.fullmatch(line):
            continue
        try:
            tables.append(grammar.ROUTE_COUNT.read(line))
        except ValueError as error:
            raise ParseError(f"show route count: {error}, not {line!r}", number) from None
    return tables


def _whole(text: str, command: str) -> Reply:
    reply = unframe(text)
    if reply.cut:
        raise ParseError(f"{command}: {CUT}")
    return reply
