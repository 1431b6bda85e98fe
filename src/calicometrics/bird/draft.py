"""One protocol while its lines are read: values by name, until all are there and the model can be built."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, Any, NamedTuple

from calicometrics.bird import grammar
from calicometrics.bird.model import Channel, Limit, Protocol, ProtocolState, RouteChanges

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from calicometrics.bird.kinds import ProtocolKind

_PROTOCOL_INDENT = 2
"""Blanks in front of a protocol's own lines; a channel's stand deeper (BIRD ``nest/proto.c``)."""


class Entry(NamedTuple):
    """Where the value of one label goes."""

    take: Callable[[Any, str, Any], None]
    name: str
    rule: grammar.Rule
    of_channel: bool


class Labels:
    """Where the lines of one kind of protocol go: label → entry, inside channels and outside of them.

    Args:
        kind: The kind, or None for one that nobody has registered.
    """

    def __init__(self, kind: ProtocolKind | None) -> None:
        self.kind = kind
        self.channel = (
            _entries(ChannelDraft.set_value, grammar.CHANNEL_FIELDS, of_channel=True)
            | _entries(ChannelDraft.add_limit, grammar.LIMITS, of_channel=True)
            | _entries(ChannelDraft.set_limit_action, grammar.LIMIT_ACTION, of_channel=True)
            | _entries(ChannelDraft.set_change_columns, grammar.CHANGES_HEADER, of_channel=True)
            | _entries(ChannelDraft.add_changes, grammar.CHANGES, of_channel=True)
        )
        # BIRD 1.x prints a channel's lines on the protocol itself, and so does Pipe with its routes.
        self.protocol = self.channel | _entries(Draft.set_value, grammar.PROTOCOL_FIELDS)
        if kind is not None:
            self.protocol = self.protocol | _entries(Draft.set_detail, kind.fields)
            self.channel = self.channel | _entries(
                ChannelDraft.set_detail, kind.channel_fields, of_channel=True
            )


def _entries(
    take: Callable[[Any, str, Any], None], fields: grammar.Fields, *, of_channel: bool = False
) -> dict[str, Entry]:
    return {label: Entry(take, name, rule, of_channel) for label, (name, rule) in fields.items()}


class ChannelDraft:
    """The values of one channel."""

    __slots__ = ("changes", "columns", "detail", "extra", "limits", "name", "values")

    def __init__(self, name: str | None) -> None:
        self.name = name
        self.values: dict[str, Any] = {}
        self.detail: dict[str, Any] = {}
        self.limits: list[Limit] = []
        self.columns: tuple[str, ...] = ()
        self.changes: dict[str, Any] = {}
        self.extra: list[str] = []

    def set_value(self, name: str, value: Any) -> None:
        """Keep the value of one of the model's fields."""
        self.values[name] = value

    def set_detail(self, name: str, value: Any) -> None:
        """Keep a value for the kind's own object."""
        self.detail[name] = value

    def add_limit(self, direction: str, value: tuple[int, bool]) -> None:
        """Begin a limit; its action stands on the next line."""
        maximum, hit = value
        self.limits.append(Limit(direction, maximum, hit=hit))

    def set_limit_action(self, _: str, action: str) -> None:
        """Complete the latest limit."""
        if not self.limits:
            raise ValueError("an action without a limit above it")
        last = self.limits[-1]
        self.limits[-1] = Limit(last.direction, last.maximum, action, last.hit)

    def set_change_columns(self, _: str, columns: tuple[str, ...]) -> None:
        """Keep the columns that the header of the change counts names."""
        self.columns = columns

    def add_changes(self, row: str, values: tuple[int | None, ...]) -> None:
        """Keep one row of change counts, which needs the header above it."""
        self.changes[row] = grammar.change_row(self.columns, values)

    def build(self, family: str, table: str | None, kind: ProtocolKind | None) -> Channel:
        """Return the model.

        Args:
            family: The name of a channel that BIRD does not name.
            table: The protocol's table, which is such a channel's.
            kind: The protocol's kind, for the channel's ``detail``.
        """
        if self.name is None:
            self.values.setdefault("table", table)
        detail = None
        if self.detail and kind is not None and kind.build_channel is not None:
            detail = kind.build_channel(self.detail)
        return Channel(
            self.name or family,
            **self.values,
            changes=RouteChanges(**self.changes) if self.changes else None,
            limits=tuple(self.limits),
            detail=detail,
            extra=tuple(self.extra),
        )


class Draft:
    """The values of one protocol.

    Args:
        row: Name, kind, table, state, since and info, as matched by the grammar's row of the protocol table.
        labels: Where this kind's lines go.
    """

    __slots__ = ("channels", "detail", "extra", "in_channel", "labels", "name", "row", "values")

    def __init__(self, row: tuple[str, ...], labels: Labels) -> None:
        self.row = row
        self.name = row[0]
        self.labels = labels
        self.values: dict[str, Any] = {}
        self.detail: dict[str, Any] = {}
        self.channels: list[ChannelDraft] = []
        self.in_channel = False
        self.extra: list[str] = []

    def set_value(self, name: str, value: Any) -> None:
        """Keep the value of one of the model's fields."""
        self.values[name] = value

    def set_detail(self, name: str, value: Any) -> None:
        """Keep a value for the kind's own object."""
        self.detail[name] = value

    def has_ipv6_neighbor(self) -> bool:
        """Whether the neighbor's address, or its range, is one of IPv6."""
        return any(":" in (self.detail.get(name) or "") for name in ("neighbor_address", "neighbor_range"))

    def read_line(self, line: str, lines: Sequence[str], position: int) -> int:
        """Take one line, and those below it that belong to its label; return the position of the next one.

        Args:
            line: A line that begins with a blank.
            lines: All lines of the reply.
            position: The index of the line that follows.

        Raises:
            ValueError: The line does not match the rule of its label; it has gone to ``extra``.
        """
        text = line.strip()
        indent = _indent(line)
        if indent <= _PROTOCOL_INDENT:
            self.in_channel = False
            if (channel := grammar.CHANNEL.re.fullmatch(text)) is not None:
                self.channels.append(ChannelDraft(channel[1]))
                self.in_channel = True
                return position
        entry, rest = self._find(text)
        target: Draft | ChannelDraft = self
        if self.in_channel or (entry is not None and entry.of_channel):
            target = self._channel()
        if entry is None:
            target.extra.append(text)
            return position
        if isinstance(entry.rule, grammar.Block):
            end = position
            while end < len(lines) and _indent(lines[end]) > indent:
                end += 1
            rest = textwrap.dedent("\n".join(lines[position:end]))
            position = end
        try:
            entry.take(target, entry.name, grammar.read(entry.rule, rest))
        except ValueError as error:
            target.extra.append(text)
            raise ValueError(f"{text.removesuffix(rest).rstrip()} {error}, not {rest!r}") from None
        return position

    def _find(self, text: str) -> tuple[Entry | None, str]:
        """Return the entry for a line, and what stands behind its label."""
        table = self.labels.channel if self.in_channel else self.labels.protocol
        label, colon, rest = text.partition(":")
        entry = table.get(label) or table.get(label.rstrip())
        if entry is None and not colon:
            word, _, rest = text.partition(" ")
            entry = table.get(word)
        return entry, rest.strip()

    def _channel(self) -> ChannelDraft:
        """Return the channel that a line belongs to: the latest, or the protocol's own one."""
        if not self.channels:
            self.channels.append(ChannelDraft(None))
        return self.channels[-1]

    def build(self, family: str) -> Protocol:
        """Return the model.

        Args:
            family: The name of the channel of a protocol that has its channel's lines on itself.
        """
        name, proto, table, state, since, info = self.row
        shown_table = None if table == grammar.NOT_APPLICABLE else table
        kind = self.labels.kind
        return Protocol(
            name,
            proto,
            shown_table,
            ProtocolState(state),
            since,
            info or "",
            **self.values,
            channels=tuple(channel.build(family, shown_table, kind) for channel in self.channels),
            detail=kind.build(self.detail) if kind is not None and self.detail else None,
            extra=tuple(self.extra),
        )


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip(" "))
