"""One section of a protocol while it is read: values by name, until all are there and the model can be built.

A section is either what stands on the protocol itself or what stands below one ``Channel`` line.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from calicometrics.bird import grammar
from calicometrics.bird.model import Limit, RouteChanges

if TYPE_CHECKING:
    from collections.abc import Callable

    from calicometrics.bird.kinds import ProtocolKind


class Draft:
    """The values of one section.

    Attributes:
        values: The protocol's own fields.
        detail: What the protocol's kind reads of it.
        channel: The channel's fields.
        channel_detail: What the protocol's kind reads of the channel.
        limits: The channel's limits, in order.
        columns: How many columns the header of the change counts names.
        changes: The channel's rows of change counts.
        extra: The lines that nobody reads.
    """

    __slots__ = ("changes", "channel", "channel_detail", "columns", "detail", "extra", "limits", "values")

    def __init__(self) -> None:
        self.values: dict[str, Any] = {}
        self.detail: dict[str, Any] = {}
        self.channel: dict[str, Any] = {}
        self.channel_detail: dict[str, Any] = {}
        self.limits: list[Limit] = []
        self.columns = 0
        self.changes: dict[str, Any] = {}
        self.extra: list[str] = []

    def copy(self) -> Draft:
        """Return a draft that has the same values so far; the values themselves are shared."""
        copy = object.__new__(Draft)
        copy.values = self.values.copy() if self.values else {}
        copy.detail = self.detail.copy() if self.detail else {}
        copy.channel = self.channel.copy() if self.channel else {}
        copy.channel_detail = self.channel_detail.copy() if self.channel_detail else {}
        copy.limits = []
        copy.columns = 0
        copy.changes = {}
        copy.extra = []
        return copy

    def set_value(self, name: str, value: Any) -> None:
        """Keep one of the protocol's own fields."""
        self.values[name] = value

    def set_detail(self, name: str, value: Any) -> None:
        """Keep a value for the object that the kind builds of the protocol."""
        self.detail[name] = value

    def set_channel(self, name: str, value: Any) -> None:
        """Keep one of the channel's fields."""
        self.channel[name] = value

    def set_channel_detail(self, name: str, value: Any) -> None:
        """Keep a value for the object that the kind builds of the channel."""
        self.channel_detail[name] = value

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

    def set_change_columns(self, _: str, columns: int) -> None:
        """Keep the number of columns that the header of the change counts names."""
        self.columns = columns

    def add_changes(self, row: str, values: tuple[str | None, ...]) -> None:
        """Keep one row of change counts, which needs the header above it."""
        self.changes[row] = grammar.change_row(self.columns, values)

    def has_channel(self) -> bool:
        """Whether there are a channel's values, as BIRD 1.x and Pipe print them on the protocol itself."""
        return bool(self.channel or self.changes or self.limits or self.channel_detail)

    def channel_fields(self) -> dict[str, Any]:
        """Return the fields of the model of a channel, but what its kind makes; what was not printed is missing."""
        fields = self.channel.copy()
        if self.changes:
            fields["changes"] = RouteChanges(**self.changes)
        if self.limits:
            fields["limits"] = tuple(self.limits)
        return fields


class Entry(NamedTuple):
    """Where the value of one label goes."""

    take: Callable[[Draft, str, Any], None]
    name: str
    rule: grammar.Rule


class Labels:
    """Where the lines of one kind of protocol go: label → entry, inside channels and outside of them.

    Args:
        kind: The kind, or None for one that nobody has registered.
    """

    def __init__(self, kind: ProtocolKind | None) -> None:
        self.kind = kind
        self.channel = (
            _entries(Draft.set_channel, grammar.CHANNEL_FIELDS)
            | _entries(Draft.add_limit, grammar.LIMITS)
            | _entries(Draft.set_limit_action, grammar.LIMIT_ACTION)
            | _entries(Draft.set_change_columns, grammar.CHANGES_HEADER)
            | _entries(Draft.add_changes, grammar.CHANGES)
        )
        # BIRD 1.x prints a channel's lines on the protocol itself, and so does Pipe with its routes.
        self.protocol = self.channel | _entries(Draft.set_value, grammar.PROTOCOL_FIELDS)
        if kind is not None:
            self.protocol = self.protocol | _entries(Draft.set_detail, kind.fields)
            self.channel = self.channel | _entries(Draft.set_channel_detail, kind.channel_fields)


def _entries(take: Callable[[Draft, str, Any], None], fields: grammar.Fields) -> dict[str, Entry]:
    return {label: Entry(take, name, rule) for label, (name, rule) in fields.items()}
