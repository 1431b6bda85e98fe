"""Finds PromQL in rule files and dashboards: the values of ``expr`` and ``query``, whatever is around them.

Rules are YAML, dashboards are JSON, and both are found inside each other (a ConfigMap holds dashboards) and inside the
templates of Helm, which are neither. So no document is parsed: a key is looked for, and its value is read as
YAML or JSON would read it. That works for all of them and knows the line. What it does not see: a document inside a
quoted string, and a value that is an alias of another one.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

_KEY = re.compile(
    r"""
      (?: ^ (?P<indent> [ \t]*+ (?:-[ \t]++)*+ ) | (?<=[{,]) [ \t]*+ )
      (?P<quote>["']?) (?P<key> expr | query | record ) (?P=quote)
      [ \t]*+ : (?= [ \t\n"'] ) [ \t]*+
    """,
    re.VERBOSE | re.MULTILINE,
)
_BLOCK = re.compile(r"[|>][-+0-9]*+[ \t]*+(?:\#[^\n]*+)?\n")
_DOUBLE = re.compile(r'"((?:[^"\\]|\\.)*+)"', re.DOTALL)
_SINGLE = re.compile(r"'((?:[^']|'')*+)'")
_IN_FLOW = re.compile(r"[^\n,{}\[\]]*+")
_LINE = re.compile(r"[^\n]*+\n?")
_COMMENT = re.compile(r"(?:^|[ \t]++)\#[^\n]*+")
_COLLECTION = re.compile(r"\{(?!\{)|[\[*]")
_MAPPING = re.compile(r"""[ \t]*+(?:-[ \t]++)*+(?:[\w.$-]++|"[^"\n]*+"|'[^'\n]*+')[ \t]*+:(?:\s|$)""")
_ESCAPE = re.compile(r"\\(?:\n[ \t]*+|u([0-9a-fA-F]{4})|(.))", re.DOTALL)
_ESCAPED = {"n": "\n", "r": "\r", "t": "\t"}


class Entry(NamedTuple):
    """The value of a key.

    Attributes:
        key: ``expr``, ``query`` or ``record``.
        line: The number of the key's line, counted from 1.
        text: The value.
    """

    key: str
    line: int
    text: str


def entries(text: str) -> Iterator[Entry]:
    """Yield the values of ``expr``, ``query`` and ``record``, in order; empty ones are left out."""
    text = text.replace("\r\n", "\n")
    position = line = counted = 0
    while match := _KEY.search(text, position):
        line += text.count("\n", counted, match.start())
        counted = match.start()
        indent = match["indent"]
        value, position = _value(text, match.end(), None if indent is None else len(indent))
        if value.strip():
            yield Entry(match["key"], line + 1, value.strip())


def _value(text: str, start: int, column: int | None) -> tuple[str, int]:
    """Return a value and where it ends.

    Args:
        text: The document.
        start: Where the value begins.
        column: The key's column; None when it stands in a line that has begun with something else.
    """
    if double := _DOUBLE.match(text, start):
        return _ESCAPE.sub(_unescaped, double[1]), double.end()
    if single := _SINGLE.match(text, start):
        return single[1].replace("''", "'"), single.end()
    if column is None:
        plain = _IN_FLOW.match(text, start)
        assert plain is not None  # noqa: S101 - it matches nothing at all, too
        return plain[0], plain.end()
    if block := _BLOCK.match(text, start):
        return _indented(text, block.end(), column)
    return _plain(text, start, column)


def _plain(text: str, start: int, column: int) -> tuple[str, int]:
    """Return a scalar without quotes, nothing if there is a collection or an alias, and its end."""
    first = _LINE.match(text, start)
    assert first is not None  # noqa: S101 - it matches nothing at all, too
    line = _COMMENT.sub("", first[0])
    if _COLLECTION.match(line) or (not line.strip() and _MAPPING.match(text, first.end())):
        return "", start
    rest, end = _indented(text, first.end(), column)
    return line + _COMMENT.sub("", rest), end


def _indented(text: str, start: int, column: int) -> tuple[str, int]:
    """Return the lines from a position on that are blank or further to the right than a column, and their end."""
    end = start
    while end < len(text):
        line = _LINE.match(text, end)
        assert line is not None  # noqa: S101 - as above
        if line[0].strip() and len(line[0]) - len(line[0].lstrip(" \t")) <= column:
            break
        end = line.end()
    return text[start:end], end


def _unescaped(escape: re.Match[str]) -> str:
    """Return what an escape between double quotes stands for, in YAML or JSON."""
    number, character = escape.groups()
    return chr(int(number, 16)) if number else _ESCAPED.get(character, character or "")
