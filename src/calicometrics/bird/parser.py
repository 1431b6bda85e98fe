"""From ``show protocols`` to models: blocks of protocols, cut into sections, read by the grammar.

Pure functions of text: no I/O, no clock, no logging. They are strict and raise :class:`ParseError`; given a list of
problems to fill, they keep what can be kept: a line that does not match its rule goes to ``extra``.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

import attrs

from calicometrics.bird import grammar
from calicometrics.bird.bgp import BGP
from calicometrics.bird.draft import Labels
from calicometrics.bird.framing import Reply, unframe
from calicometrics.bird.model import Channel, Protocol, ProtocolState
from calicometrics.bird.section import SectionError, SectionReader
from calicometrics.errors import ParseError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from calicometrics.bird.kinds import ProtocolKind

    _Note = Callable[[SectionError], None]

BUILT_IN_KINDS: tuple[ProtocolKind, ...] = (BGP,)

_PROTOCOL_INDENT = 2
"""Blanks in front of what stands on the protocol itself; what a channel has stands deeper (``nest/proto.c``)."""

_MAX_CHANNEL_NAMES = 64  # BIRD has about twenty


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
    return ProtocolParser(kinds).parse(text, family=family, problems=problems)


class ProtocolParser:
    """Parses one reply after the other; what has the same text as in the reply before is the same object.

    Args:
        kinds: The kinds whose own lines are read.
    """

    def __init__(self, kinds: Iterable[ProtocolKind] = BUILT_IN_KINDS) -> None:
        self._readers = {kind.proto: _KindReader(kind) for kind in kinds}
        self._unknown = _KindReader(None)
        self._known: dict[str, _Known] = {}
        self._margin = 0

    def parse(
        self, text: str, *, family: str | None = None, problems: list[ParseError] | None = None
    ) -> list[Protocol]:
        """Return the protocols of a reply; arguments and errors are those of :func:`parse_protocols`."""
        reply = unframe(text)
        sections = _ChannelSections(reply.margin + _PROTOCOL_INDENT)
        before, self._known = self._known, {}
        if reply.margin != self._margin:
            before, self._margin = {}, reply.margin
        found: list[_Known] = []
        for index in range(_first_row(reply), len(reply.blocks)):
            block = reply.blocks[index]
            name = block[: block.find(" ")]
            known = before.get(name)
            if known is None or known.text != block:
                errors: list[SectionError] = []
                known = self._read(reply, block, sections, known, errors.append)
                for error in errors:
                    line = _line_of(error.content, reply, index)
                    problem = ParseError(f"show protocols all: {error}", line)
                    if problems is None:
                        raise problem
                    problems.append(problem)
                if known is None:
                    continue
                if errors:  # so that they are found again in the next reply
                    known.text = ""
            self._known[name] = known
            found.append(known)
        if family is None:
            family = "ipv6" if any(_has_ipv6_neighbor(known.own.detail) for known in found) else "ipv4"
        return [known.protocol(family) for known in found]

    def _read(
        self, reply: Reply, block: str, sections: _ChannelSections, before: _Known | None, note: _Note
    ) -> _Known | None:
        head, feed, body = reply.uncoded(block).partition("\n")
        try:
            row = grammar.PROTOCOL_ROW.read(head)
        except ValueError as error:
            note(SectionError(f"{error}, not {head!r}", head))
            return None
        name, proto = row[:2]

        def note_of_protocol(error: SectionError) -> None:
            note(SectionError(f"{name}: {error}", error.content))

        reader = self._readers.get(proto, self._unknown)
        own, channels = sections.split(feed + body.rstrip())
        own_before: _Own | None = None
        channels_before: dict[tuple[str, str], Channel] = {}
        if before is not None and before.text and before.row[1] == proto:
            # Cut once more rather than kept: the texts of all sections would take as much room as the reply.
            _, feed, body = reply.uncoded(before.text).partition("\n")
            text_before, names_and_lines = sections.split(feed + body.rstrip())
            own_before = before.own if text_before == own else None
            channels_before = dict(zip(names_and_lines, before.channels, strict=True))
        return _Known(
            block,
            row,
            own_before or reader.own(own, note_of_protocol),
            tuple(
                channels_before.get(channel) or reader.channel(*channel, note_of_protocol)
                for channel in channels
            ),
        )


class _ChannelSections:
    """Tells what stands on a protocol itself from the sections of its channels.

    Args:
        indent: The blanks in front of what stands on the protocol itself.
    """

    def __init__(self, indent: int) -> None:
        self._mark = "\n" + " " * indent + "Channel "
        self._section = re.compile(rf"{self._mark}([^\n]*)((?:\n {{{indent + 1},}}[^\n]*)*+)")

    def split(self, body: str) -> tuple[str, list[tuple[str, str]]]:
        """Return what stands on the protocol, and each channel's name and lines."""
        if self._mark not in body:
            return body, []
        pieces = self._section.split(body)
        return "".join(pieces[::3]), list(zip(map(str.rstrip, pieces[1::3]), pieces[2::3], strict=True))


class _Own(NamedTuple):
    """What stands on a protocol itself."""

    values: dict[str, Any]
    detail: object | None
    channel: dict[str, Any]
    """A channel's fields, which BIRD 1.x and Pipe print here."""
    extra: tuple[str, ...]


class _Known:
    """A protocol that has been read, and the text that it was read from.

    Attributes:
        text: The block of the reply; empty when it had errors.
        row: The columns of its first line.
        own: What stands on the protocol itself.
        channels: Its channels, apart from the one that BIRD does not name.
    """

    __slots__ = ("_built", "channels", "own", "row", "text")

    def __init__(self, text: str, row: tuple[str, ...], own: _Own, channels: tuple[Channel, ...]) -> None:
        self.text = text
        self.row = row
        self.own = own
        self.channels = channels
        self._built: tuple[str, Protocol] | None = None

    def protocol(self, family: str) -> Protocol:
        """Return the protocol; the same object as long as nothing changes.

        Args:
            family: Name of the channel that BIRD does not name.
        """
        if self._built is None or self._built[0] != family:
            self._built = family, self._build(family)
        return self._built[1]

    def _build(self, family: str) -> Protocol:
        name, proto, table, state, since, info = self.row
        shown_table = None if table == grammar.NOT_APPLICABLE else table
        values, detail, channel, extra = self.own
        channels = self.channels
        if channel and channels:
            channels = (*channels[:-1], attrs.evolve(channels[-1], **channel))
        elif channel:
            channels = (Channel(family, **({"table": shown_table} | channel)),)
        return Protocol(
            name,
            proto,
            shown_table,
            ProtocolState.of(state),
            since,
            info or "",
            channels=channels,
            detail=detail,
            extra=extra,
            **values,
        )


class _KindReader:
    """Reads the sections of one kind's protocols."""

    def __init__(self, kind: ProtocolKind | None) -> None:
        self._kind = kind
        self._labels = Labels(kind)
        self._own = SectionReader(self._labels.protocol)
        self._channels: dict[str, SectionReader] = {}

    def own(self, text: str, note: _Note) -> _Own:
        """Return what stands on the protocol itself."""
        draft = self._own.read(text, note)
        detail = self._kind.build(draft.detail) if self._kind is not None and draft.detail else None
        return _Own(draft.values, detail, draft.channel_fields(self._kind), tuple(draft.extra))

    def channel(self, name: str, text: str, note: _Note) -> Channel:
        """Return a channel."""
        reader = self._channels.get(name)
        if reader is None:  # channels of one name look alike
            reader = SectionReader(self._labels.channel)
            if len(self._channels) < _MAX_CHANNEL_NAMES:
                self._channels[name] = reader
        return reader.read(text, note).build_channel(name, self._kind)


def _first_row(reply: Reply) -> int:
    """Return the index of the first block that is a protocol: behind the header, or where there is none.

    Raises:
        ParseError: The text does not begin like a table of protocols.
    """
    for index, block in enumerate(reply.blocks):
        head = block.partition("\n")[0]
        if head and not head.isspace():
            if grammar.HEADER.re.fullmatch(head):
                return index + 1
            row = grammar.PROTOCOL_ROW.re.fullmatch(head)
            if row is not None and ProtocolState.of(row[4]).known:
                return index
            line = _line_of(head, reply, index)
            raise ParseError(f"expected {grammar.HEADER.name}, not {head[:80]!r}", line)
    raise ParseError("the reply is empty")


def _line_of(content: str, reply: Reply, index: int) -> int:
    """Return the number, from 1, of a line of the block at an index."""
    before = reply.offset + sum(block.count("\n") + 1 for block in reply.blocks[:index])
    lines = [line.strip() for line in reply.uncoded(reply.blocks[index]).split("\n")]
    return before + lines.index(content.strip()) + 1


def _has_ipv6_neighbor(detail: object) -> bool:
    addresses = (getattr(detail, name, None) for name in ("neighbor_address", "neighbor_range"))
    return any(":" in address for address in addresses if address)
