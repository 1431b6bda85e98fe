"""From BIRD's replies to models: a walk over the lines that looks each label up in the grammar.

Pure functions of text: no I/O, no clock, no logging. They are strict and raise :class:`ParseError`; given a list of
problems to fill, they keep what can be kept: a line that does not match its rule goes to ``extra``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from calicometrics.bird import grammar
from calicometrics.bird.bgp import BGP
from calicometrics.bird.draft import Draft, Labels
from calicometrics.bird.framing import unframe
from calicometrics.bird.model import (
    DaemonStatus,
    GracefulRestart,
    MemoryArea,
    MemoryUsage,
    Protocol,
    ProtocolState,
    TableRoutes,
)
from calicometrics.errors import ParseError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from calicometrics.bird.kinds import ProtocolKind

BUILT_IN_KINDS: tuple[ProtocolKind, ...] = (BGP,)


def parse_protocols(
    text: str,
    *,
    kinds: Iterable[ProtocolKind] = BUILT_IN_KINDS,
    family: str | None = None,
    problems: list[ParseError] | None = None,
) -> list[Protocol]:
    """Return the protocols of a reply to ``show protocols`` or ``show protocols all``.

    Args:
        text: The reply in any framing: socket, ``birdc`` or ``birdc -v``.
        kinds: The kinds whose own lines are read; those of other kinds go to ``extra``.
        family: Name of the channel that each protocol of a BIRD 1.x daemon gets; by default ``ipv6`` when a
            neighbor address is IPv6, else ``ipv4``.
        problems: Where to note lines that do not match their rule, instead of raising.

    Raises:
        ParseError: The text is no such reply, or a line does not match its rule.
    """
    reply = unframe(text)
    drafts = _walk(reply.lines, reply.offset, {kind.proto: Labels(kind) for kind in kinds}, problems)
    if family is None:
        family = "ipv6" if any(draft.has_ipv6_neighbor() for draft in drafts) else "ipv4"
    return [draft.build(family) for draft in drafts]


def _walk(
    lines: Sequence[str], offset: int, kinds: dict[str, Labels], problems: list[ParseError] | None
) -> list[Draft]:
    """Return a draft for each row of the protocol table, filled from the lines below it."""
    unknown_kind = Labels(None)
    drafts: list[Draft] = []
    draft: Draft | None = None
    position = _table_start(lines, offset)
    while position < len(lines):
        line = lines[position]
        position += 1
        if line[:1] == " ":
            if draft is not None and not line.isspace():
                try:
                    position = draft.read_line(line, lines, position)
                except ValueError as error:
                    _note(
                        ParseError(f"show protocols all: {draft.name}: {error}", offset + position), problems
                    )
        elif line:
            try:
                row = grammar.PROTOCOL_ROW.read(line)
            except ValueError as error:
                draft = None
                _note(ParseError(f"show protocols: {error}, not {line!r}", offset + position), problems)
            else:
                draft = Draft(row, kinds.get(row[1], unknown_kind))
                drafts.append(draft)
    return drafts


def _note(problem: ParseError, problems: list[ParseError] | None) -> None:
    if problems is None:
        raise problem
    problems.append(problem)


def _table_start(lines: Sequence[str], offset: int) -> int:
    """Return the index of the first row: the line after the header, or a row that stands without one.

    Raises:
        ParseError: The text does not begin like a table of protocols.
    """
    for index, line in enumerate(lines):
        if line and not line.isspace():
            if grammar.HEADER.re.fullmatch(line):
                return index + 1
            row = grammar.PROTOCOL_ROW.re.fullmatch(line)
            if row is not None and ProtocolState(row[4]).known:
                return index
            raise ParseError(f"expected {grammar.HEADER.name}, not {line[:80]!r}", offset + index + 1)
    raise ParseError("the reply is empty")


def parse_status(text: str) -> DaemonStatus:
    """Return the daemon's status from a reply to ``show status``; times stay as printed, in the daemon's zone.

    Raises:
        ParseError: The text is no such reply.
    """
    reply = unframe(text)
    values: dict[str, object] = {}
    extra = []
    for line in filter(None, map(str.strip, reply.lines)):
        for name, rule in grammar.STATUS.items():
            try:
                values.setdefault(name, rule.read(line))
            except ValueError:
                continue
            break
        else:
            extra.append(line)
    if "version" not in values:
        raise ParseError("no line with BIRD's version: this is no reply to show status")
    waiting_for, timer = values.pop("waiting_for", None), values.pop("timer", None)
    if values.pop("recovery", None):
        values["graceful_restart"] = GracefulRestart(waiting_for, timer)  # type: ignore[arg-type]  # by the rules
    return DaemonStatus(**values, extra=tuple(extra))  # type: ignore[arg-type]  # the rules' names are the fields


def parse_memory(text: str) -> MemoryUsage:
    """Return the areas of a reply to ``show memory``, in bytes.

    Raises:
        ParseError: The text is no such reply.
    """
    areas: dict[str, MemoryArea] = {}
    counters: dict[str, int] = {}
    extra = []
    for line in filter(None, map(str.strip, unframe(text).lines)):
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
    reply = unframe(text)
    tables: list[TableRoutes] = []
    for number, line in enumerate(reply.lines, reply.offset + 1):
        if not line or grammar.ROUTE_COUNT_TOTAL.re.fullmatch(line):
            continue
        try:
            tables.append(grammar.ROUTE_COUNT.read(line))
        except ValueError as error:
            raise ParseError(f"show route count: {error}, not {line!r}", number) from None
    return tables
