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
from calicometrics.bird.framing import CUT, unframe_pieces
from calicometrics.bird.model import Channel, Protocol, ProtocolState
from calicometrics.bird.section import SectionError, SectionReader
from calicometrics.errors import ParseError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from calicometrics.bird.draft import Draft
    from calicometrics.bird.framing import Reply
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
        self,
        text: str | Iterable[str],
        *,
        family: str | None = None,
        problems: list[ParseError] | None = None,
    ) -> list[Protocol]:
        """Return the protocols of a reply; arguments and errors are those of :func:`parse_protocols`.

        A control socket's reply may be given in pieces of whole lines, so that it is never there as a whole.
        """
        before, self._known = self._known, {}

        def known_text(name: str) -> str:
            return before[name].text if name in before else ""

        # Bytes are one piece too, which is refused; else they would be pieces that are numbers.
        reply = unframe_pieces([text] if isinstance(text, str | bytes) else text, known_text)
        sections = _ChannelSections(reply.margin + _PROTOCOL_INDENT)
        if reply.margin != self._margin:
            before, self._margin = {}, reply.margin
        found: list[_Known] = []
        began = False
        line = reply.offset + 1
        for block in reply.blocks:
            began_before, began = began, began or _begins(block, line)
            if not began_before and (not began or grammar.HEADER.re.fullmatch(_head(block))):
                line += block.count("\n") + 1
                continue
            name = block[: block.find(" ")]
            known = before.pop(name, None)  # what is not the same any more is not kept until the end
            if known is None or known.text != block:
                errors: list[SectionError] = []
                known = self._read(reply, block, sections, known, errors.append)
                for error in errors:
                    problem = ParseError(
                        f"show protocols all: {error}", line + _line_of(error.content, reply.uncoded(block))
                    )
                    _tell(problem, problems)
                if known is None:
                    line += block.count("\n") + 1
                    continue
                if errors:  # so that they are found again in the next reply
                    known.text = ""
            line += known.lines
            self._known[name] = known
            found.append(known)
        if not began:
            raise ParseError("the reply is empty")
        if reply.cut:
            _tell(ParseError(f"show protocols all: {CUT}", line - 1), problems)
        if family is None:
            family = "ipv6" if any(known.ipv6_neighbor for known in found) else "ipv4"
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


def _tell(problem: ParseError, problems: list[ParseError] | None) -> None:
    """Note a problem where there is a place for it, or raise it."""
    if problems is None:
        raise problem
    problems.append(problem)


class _ChannelSections:
    """Tells what stands on a protocol itself from the sections of its channels.

    Args:
        indent: The blanks in front of what stands on the protocol itself.
    """

    def __init__(self, indent: int) -> None:
        self._mark = "\n" + " " * indent + "Channel "
        self._end = re.compile(rf"\n(?! {{{indent + 1}}})")

    def split(self, body: str) -> tuple[str, list[tuple[str, str]]]:
        """Return what stands on the protocol, and each channel's name and lines."""
        own, *pieces = body.split(self._mark)
        channels = []
        for piece in pieces:
            name, feed, lines = piece.partition("\n")
            lines = feed + lines
            end = self._end.search(lines)
            if end is not None:
                own += lines[end.start() :]
                lines = lines[: end.start()]
            channels.append((name.rstrip(), lines))
        return own, channels


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
        lines: How many lines the block has.
        ipv6_neighbor: Whether it has a neighbor with an IPv6 address.
    """

    __slots__ = ("_built", "channels", "ipv6_neighbor", "lines", "own", "row", "text")

    def __init__(self, text: str, row: tuple[str, ...], own: _Own, channels: tuple[Channel, ...]) -> None:
        self.text = text
        self.row = row
        self.own = own
        self.channels = channels
        self.lines = text.count("\n") + 1
        self.ipv6_neighbor = _has_ipv6_neighbor(own.detail)
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
        detail: object | None = None
        if self._kind is not None and draft.detail:
            detail = self._made(self._kind.build, draft.detail, text, note)
        return _Own(draft.values, detail, self._channel_fields(draft, text, note), tuple(draft.extra))

    def channel(self, name: str, text: str, note: _Note) -> Channel:
        """Return a channel."""
        reader = self._channels.get(name)
        if reader is None:  # channels of one name look alike
            reader = SectionReader(self._labels.channel)
            if len(self._channels) < _MAX_CHANNEL_NAMES:
                self._channels[name] = reader
        draft = reader.read(text, note)
        return Channel(name, **self._channel_fields(draft, text, note), extra=tuple(draft.extra))

    def _channel_fields(self, draft: Draft, text: str, note: _Note) -> dict[str, Any]:
        """Return the arguments that the model of a channel is made with; what was not printed is missing."""
        fields = draft.channel_fields()
        if draft.channel_detail and self._kind is not None and self._kind.build_channel is not None:
            fields["detail"] = self._made(self._kind.build_channel, draft.channel_detail, text, note)
        return fields

    @staticmethod
    def _made(
        build: Callable[[Mapping[str, Any]], object], values: dict[str, Any], text: str, note: _Note
    ) -> object | None:
        """Return what a kind makes of a section's values; a kind may be foreign code, and fail."""
        try:
            return build(values)
        except Exception as error:  # noqa: BLE001 - as said
            first = text.strip("\n").partition("\n")[0].strip(" ")
            note(
                SectionError(f"its kind cannot make an object of it: {type(error).__name__}: {error}", first)
            )
            return None


def _head(block: str) -> str:
    return block.partition("\n")[0]


def _begins(block: str, line: int) -> bool:
    """Whether a table of protocols begins with a block: with its header, or where there is none with a protocol.

    Raises:
        ParseError: It is neither of them nor blank.
    """
    head = _head(block)
    if not head or head.isspace():
        return False
    row = grammar.PROTOCOL_ROW.re.fullmatch(head)
    if grammar.HEADER.re.fullmatch(head) or (row is not None and ProtocolState.of(row[4]).known):
        return True
    raise ParseError(f"expected {grammar.HEADER.name}, not {head[:80]!r}", line)


def _line_of(content: str, block: str) -> int:
    """Return how many lines stand above a line of a block."""
    return [line.strip() for line in block.split("\n")].index(content.strip())


def _has_ipv6_neighbor(detail: object) -> bool:
    neighbor = getattr(detail, "neighbor_address", None) or getattr(detail, "neighbor_range", None)
    return neighbor is not None and ":" in neighbor
