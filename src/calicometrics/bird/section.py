"""Reads sections: line by line the first time, with one composed expression when the same lines come again.

Peers that are configured alike print the same labels in the same order. So the labels of a section that was read line
by line are remembered as its *shape*: one regular expression composed of those labels and of the grammar's own rules.
The next section is tried against the shapes that are known; when one matches, each rule's conversion gets its groups,
and the result is the same as line by line. A section that fits no shape, or that has a line nobody reads, is read line
by line.

Most of their lines are even the same word for word. When two sections fit a shape, the lines that they have in common
are remembered as a *closer* shape, which has those lines as they are, and their values ready.
"""

from __future__ import annotations

import re
from functools import lru_cache, partial
from typing import TYPE_CHECKING, Any

from calicometrics.bird import grammar
from calicometrics.bird.draft import Draft, Entry

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

_MAX_SHAPES = 32
"""Of one kind: an established peer, one that waits, each family and set of options. Others are read line by line."""
_MAX_CLOSER = 4
"""Of one shape: what two sections have in common by chance need not be common to all."""


class SectionError(ValueError):
    """A line does not match the rule of its label.

    Attributes:
        content: The line, without its indent.
    """

    def __init__(self, reason: str, content: str) -> None:
        super().__init__(reason)
        self.content = content


class SectionReader:
    """Reads one kind's sections.

    Args:
        entries: Label → where its value goes.
    """

    def __init__(self, entries: Mapping[str, Entry]) -> None:
        self._entries = entries
        self._shapes: list[_Shape] = []

    def read(self, text: str, note: Callable[[SectionError], None]) -> Draft:
        """Return the values of a section.

        Args:
            text: The section's lines, each with a line feed in front.
            note: Told of each line that does not match its rule; such a line goes to ``extra``.
        """
        for index, shape in enumerate(self._shapes):
            draft = shape.read(text)
            if draft is not None:
                if index:  # the shape in use is tried first
                    self._shapes.insert(0, self._shapes.pop(index))
                if len(self._shapes) < _MAX_SHAPES and (closer := shape.closer(text)) is not None:
                    self._shapes.insert(0, closer)
                return draft
        return self._read_lines(text, note)

    def _read_lines(self, text: str, note: Callable[[SectionError], None]) -> Draft:
        draft = Draft()
        lines = text.split("\n")
        seen: list[tuple[str, Entry]] | None = []
        position = 1
        while position < len(lines):
            line = lines[position]
            position += 1
            if not line or line.isspace():
                seen = None
                continue
            content = line.strip(" ")
            prefix, entry, rest = self._find(line, content)
            if entry is None:
                draft.extra.append(content)
                seen = None
                continue
            if isinstance(entry.rule, grammar.Block):
                end = _end_of_block(lines, position)
                rest = "".join(f"\n{below}" for below in lines[position:end])
                position = end
            try:
                entry.take(draft, entry.name, grammar.read(entry.rule, rest))
            except Exception as error:  # noqa: BLE001 - a rule may convert with foreign code
                draft.extra.append(content)
                seen = None
                reason = str(error) if isinstance(error, ValueError) else f"{type(error).__name__}: {error}"
                note(SectionError(f"{content.removesuffix(rest).rstrip()} {reason}, not {rest!r}", content))
            if seen is not None:
                seen.append((prefix, entry))
        if seen and len(self._shapes) < _MAX_SHAPES:
            self._learn(text, seen)
        return draft

    def _learn(self, text: str, seen: Sequence[tuple[str, Entry]]) -> None:
        # Of two lines that set the same value the later one counts, whichever of them is the same word for word.
        targets = [(entry.take, entry.name) for _, entry in seen if entry.take in _SETTERS]
        if len(set(targets)) < len(targets):
            return
        if all(isinstance(entry.rule, grammar.Value | grammar.Block) for _, entry in seen):
            shape = _Shape(seen)
            if shape.matches(text):
                self._shapes.insert(0, shape)

    def _find(self, line: str, content: str) -> tuple[str, Entry | None, str]:
        """Return a line up to the end of its label, the label's entry, and what stands behind it."""
        label, colon, rest = content.partition(":")
        entry = self._entries.get(label) or self._entries.get(label.rstrip(" "))
        if entry is None and not colon:
            label, _, rest = content.partition(" ")
            entry = self._entries.get(label)
        return line[: line.index(content) + len(label) + len(colon)], entry, rest.strip(" ")


def _end_of_block(lines: Sequence[str], position: int) -> int:
    """Return where the lines end that are indented deeper than the line before ``position``."""
    indent = _indent(lines[position - 1])
    while position < len(lines) and _indent(lines[position]) > indent:
        position += 1
    return position


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip(" "))


class _Shape:
    """The labels of a section, in order, and the expression that they and their rules make.

    Args:
        lines: For each line, everything up to the end of its label, and the label's entry.
        fixed: For each line its text, with the line feed in front, when it is always the same, else None.
    """

    def __init__(self, lines: Sequence[tuple[str, Entry]], fixed: Sequence[str | None] | None = None) -> None:
        pattern = []
        self._lines = lines
        self._fixed = fixed
        self._closer = 0
        self._before: list[str] | None = None
        self._start = Draft()
        self._plan: list[tuple[Callable[[Draft, str, Any], None], str, Callable[..., Any], int, int]] = []
        group = 0
        for (prefix, entry), text in zip(lines, fixed or [None] * len(lines), strict=True):
            expression, groups, convert = _line(prefix, entry.rule)
            if text is None:
                pattern.append(expression.pattern)
                self._plan.append((entry.take, entry.name, convert, group, group + groups))
                group += groups
                continue
            pattern.append(re.escape(text))
            match = expression.fullmatch(text)
            assert match is not None  # noqa: S101 - it is a line of a section that has matched
            value = convert(*match.groups())
            if entry.take in _SETTERS:  # neither their order nor what stands above them matters
                entry.take(self._start, entry.name, value)
            else:
                self._plan.append((entry.take, entry.name, partial(_same, value), 0, 0))
        self._match = re.compile("".join(pattern)).fullmatch

    def matches(self, text: str) -> bool:
        return self._match(text) is not None

    def read(self, text: str) -> Draft | None:
        """Return the section's values, or None when it has another shape."""
        match = self._match(text)
        if match is None:
            return None
        draft = self._start.copy()
        groups = match.groups()
        try:
            for take, name, convert, start, end in self._plan:
                take(draft, name, convert(*groups[start:end]))
        except Exception:  # noqa: BLE001 - as line by line
            return None  # line by line it becomes an error that names the line
        return draft

    def closer(self, text: str) -> _Shape | None:
        """Return a shape that has the lines as they are which a section that fits has in common with the one before.

        None when it is the first section, when there is too little in common, or there are enough such shapes.
        """
        if self._fixed is not None or self._closer >= _MAX_CLOSER:
            return None
        before, self._before = self._before, self._cut(text)
        if before is None:
            return None
        fixed = [new if new == old else None for new, old in zip(self._before, before, strict=True)]
        if fixed.count(None) * 2 > len(fixed):
            return None
        self._closer += 1
        return _Shape(self._lines, fixed)

    def _cut(self, text: str) -> list[str]:
        """Return the text of each line, with the line feed in front; a block is part of the line above it."""
        texts = []
        position = 0
        for prefix, entry in self._lines:
            match = _line(prefix, entry.rule)[0].match(text, position)
            assert match is not None  # noqa: S101 - the section has matched
            end = match.end()
            texts.append(text[position:end])
            position = end
        return texts


def _same(text: str) -> str:
    return text


_SETTERS = (Draft.set_value, Draft.set_detail, Draft.set_channel, Draft.set_channel_detail)


@lru_cache(maxsize=1024)
def _line(prefix: str, rule: grammar.Rule) -> tuple[re.Pattern[str], int, Callable[..., Any]]:
    """Return the expression of a line, how many groups it has, and what makes a value of them.

    Args:
        prefix: Everything up to the end of the label.
        rule: The label's rule.
    """
    label = re.escape(prefix)
    if not prefix.endswith(":"):
        # A line without a colon: its label must not be the start of another one.
        label += r"(?![^\n]*:)(?= |\n|\Z)"
    if isinstance(rule, grammar.Block):
        return re.compile(rf"\n{label}((?:\n {{{_indent(prefix) + 1},}}[^\n]*)*+)"), 1, rule.read
    assert isinstance(rule, grammar.Value)  # noqa: S101 - checked by whoever learns a shape
    inner = f"({rule.pattern})" if rule.re.groups == 0 else f"(?:{rule.pattern})"
    # No blank at the end, so that the value is the stripped text that the rule reads line by line.
    expression = rf"\n{label} *+{inner}(?<! )(?=\n|\Z)"
    return re.compile(expression), rule.re.groups or 1, rule.convert or _same
