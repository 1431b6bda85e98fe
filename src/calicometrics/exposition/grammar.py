"""The tokens of the text format 0.0.4 and how they make one line.

The rules are those of the text parser in Prometheus' own ``common/expfmt`` (Go), with UTF-8 names, as of 2026: blanks
are spaces and tabs only, a line ends with its value or timestamp, numbers are Go's decimal floats.
"""

from __future__ import annotations

import math
import re
from typing import Literal, NamedTuple

from calicometrics.errors import ParseError
from calicometrics.families import Sample

METRIC_NAME = r"[a-zA-Z_:][a-zA-Z0-9_:]*+"
LABEL_NAME = r"[a-zA-Z_][a-zA-Z0-9_]*+"

# Possessive throughout: no input makes a match step back over what it has read.
_BLANKS = re.compile(r"[ \t]*+")
_METRIC_NAME = re.compile(METRIC_NAME)  # felix_ipset_calls
_LABEL_NAME = re.compile(LABEL_NAME)  # ip_version
_QUOTED = re.compile(r'"([^"\\]*+(?:\\[\\n"][^"\\]*+)*+)("?+)(\\?+)')  # "10.0.0.1", "a \"b\""
_ESCAPED = re.compile(r"[^\\]*+(?:\\[\\n\"][^\\]*+)*+")  # the text of a HELP line
_ESCAPE = re.compile(r"\\(.)")
_TOKEN = re.compile(r"[^ \t]*+")
_COMMENT = re.compile(r"[ \t]*+#[ \t]*+(HELP|TYPE)(?![^ \t])[ \t]*+")  # "# HELP ", "#TYPE\t"
_DECIMAL = re.compile(r"[-+]?(?:[0-9]++(?:\.[0-9]*+)?|\.[0-9]++)(?:[eE][-+]?[0-9]++)?")  # 5, -1.5e+06, .5
_INFINITY = re.compile(r"([-+]?)inf(?:inity)?", re.IGNORECASE | re.ASCII)  # +Inf
_NOT_A_NUMBER = re.compile(r"nan", re.IGNORECASE | re.ASCII)  # NaN; it has no sign
_INTEGER = re.compile(r"([-+]?)0*+([0-9]*+)")  # 1520879607789
_SURROGATE = re.compile("[\ud800-\udfff]")

_LONGEST_INTEGER = 19  # digits in 2**63
_SHOWN = 40  # characters of a text that an error repeats


class Comment(NamedTuple):
    """A HELP or TYPE line: the metric name and the rest of the line, unescaped if it is a HELP line."""

    keyword: Literal["HELP", "TYPE"]
    name: str
    text: str


def read_number(token: str) -> float:
    """Return the value of a number as Go's ``strconv.ParseFloat`` reads it, without hexadecimal and underscores.

    NaN is always the object ``math.nan``, so that samples that hold it compare equal.

    Raises:
        ValueError: It is no such number, or one too large for a float.
    """
    if _DECIMAL.fullmatch(token):
        value = float(token)
        if math.isinf(value):
            raise ValueError(f"{token} is out of range")
        return value
    if match := _INFINITY.fullmatch(token):
        return -math.inf if match[1] == "-" else math.inf
    if _NOT_A_NUMBER.fullmatch(token):
        return math.nan
    raise ValueError(f"{token} is not a number")


def read_comment(line: str) -> Comment | None:
    """Return what a ``#`` line says about a metric, None if it is a plain comment or names nothing.

    Raises:
        ParseError: The metric name or an escape sequence is malformed.
    """
    match = _COMMENT.match(line)
    if match is None or match.end() == len(line):
        return None
    name, at = _name(line, match.end(), _METRIC_NAME, "metric name")
    if at == len(line):
        return None
    if not name or line[at] not in " \t":
        raise ParseError(f"invalid metric name in a {match[1]} line: {shorten(line[match.end() :])}")
    text = line[_skip(line, at) :]
    if match[1] == "TYPE":
        return Comment("TYPE", name, text)
    if "\\" in text:
        good = _ESCAPED.match(text)
        if good is not None and good.end() < len(text):
            raise _invalid_escape(text, good.end())
        text = _unescape(text)
    # Go keeps such bytes; in a str they are lone surrogates, which nobody downstream could encode.
    return Comment("HELP", name, text if text.isascii() else _SURROGATE.sub("\ufffd", text))


def read_sample(line: str) -> Sample:
    """Return the sample that a line holds.

    Raises:
        ParseError: Name, labels, value or timestamp is malformed.
    """
    name, labels, at = read_series(line)
    token = _token(line, at)
    try:
        value = read_number(token)
    except ValueError:
        raise ParseError(f"expected a number as the value of {name}, got {shorten(token)}") from None
    at += len(token)
    if at == len(line):
        return Sample(name, labels, value)
    at = _skip(line, at)
    if at == len(line):
        raise ParseError("blanks after the value")
    token = _token(line, at)
    if at + len(token) < len(line):
        raise ParseError(f"unexpected text after the timestamp: {shorten(line[at + len(token) :])}")
    return Sample(name, labels, value, _read_timestamp(token))


def read_series(line: str) -> tuple[str, tuple[tuple[str, str], ...], int]:
    """Return a sample line's metric name and labels, and the offset of its value.

    Raises:
        ParseError: Name or labels are malformed.
    """
    at = _skip(line, 0)
    if line.startswith("{", at):
        name, labels, at = _labels(line, at + 1, "")
        if not name:
            raise ParseError("invalid metric name: the braces hold none, and none is before them")
        return name, labels, _skip(line, at)
    name, at = _name(line, at, _METRIC_NAME, "metric name")
    if not name:
        raise ParseError(f"invalid metric name: {shorten(line)}")
    labels = ()
    at = _skip(line, at)
    if line.startswith("{", at):
        _, labels, at = _labels(line, at + 1, name)
    return name, labels, _skip(line, at)


def shorten(text: str) -> str:
    """Return a text quoted as errors quote it: escaped and, if it is long, cut."""
    return repr(text) if len(text) <= _SHOWN else repr(text[:_SHOWN]) + "..."


def _labels(line: str, at: int, name: str) -> tuple[str, tuple[tuple[str, str], ...], int]:
    """Read labels up to the closing brace; without a metric name before the brace, one is among them."""
    inside = not name
    labels: dict[str, str] = {}
    while True:
        at = _skip(line, at)
        if line.startswith("}", at):
            return name, tuple(labels.items()), at + 1
        label, at = _name(line, at, _LABEL_NAME, "label name")
        if not label:
            raise _unexpected(line, at, "invalid label name")
        at = _skip(line, at)
        if line.startswith("=", at):
            if label == "__name__":
                raise ParseError("the label name '__name__' is reserved")
            if label in labels:
                raise ParseError(f"the label name {shorten(label)} occurs twice")
            labels[label], at = _value(line, _skip(line, at + 1), label)
            at = _skip(line, at)
        elif not inside:
            raise _unexpected(line, at, f"expected '=' after the label name {shorten(label)}")
        elif name:
            raise ParseError(f"a second metric name: {shorten(label)} after {shorten(name)}")
        else:
            name = label
        if line.startswith(",", at):
            at += 1
        elif not line.startswith("}", at):
            raise _unexpected(line, at, f"expected ',' or '}}' after {shorten(label)}")


def _name(line: str, at: int, plain: re.Pattern[str], what: str) -> tuple[str, int]:
    """Read a plain or a quoted name; an empty one means that there is none."""
    if line.startswith('"', at):
        return _quoted(line, at, what)
    match = plain.match(line, at)
    return (match[0], match.end()) if match else ("", at)


def _value(line: str, at: int, label: str) -> tuple[str, int]:
    if not line.startswith('"', at):
        raise _unexpected(line, at, f"expected '\"' at the start of the value of the label {shorten(label)}")
    return _quoted(line, at, f"value of the label {shorten(label)}")


def _quoted(line: str, at: int, what: str) -> tuple[str, int]:
    match = _QUOTED.match(line, at)
    assert match is not None, "the callers have seen the opening quote"  # noqa: S101 - it narrows the type
    text = match[1]
    if not match[2]:
        if match[3]:
            raise _invalid_escape(line, match.end(1))
        raise ParseError(f"the {what} has no closing quote on its line: {shorten(text)}")
    if not text.isascii() and _SURROGATE.search(text):
        raise ParseError(f"the {what} is not valid UTF-8: {shorten(text)}")
    return _unescape(text), match.end(2)


def _unescape(text: str) -> str:
    return _ESCAPE.sub(_escaped, text) if "\\" in text else text


def _escaped(match: re.Match[str]) -> str:
    return "\n" if match[1] == "n" else match[1]


def _read_timestamp(token: str) -> int:
    match = _INTEGER.fullmatch(token)
    if match and token[-1:].isdigit() and len(match[2]) <= _LONGEST_INTEGER:
        value = int(match[1] + (match[2] or "0"))
        if -(2**63) <= value < 2**63:
            return value
    raise ParseError(f"expected an integer of milliseconds as timestamp, got {shorten(token)}")


def _token(line: str, at: int) -> str:
    match = _TOKEN.match(line, at)
    return match[0] if match else ""


def _skip(line: str, at: int) -> int:
    match = _BLANKS.match(line, at)
    return match.end() if match else at


def _invalid_escape(text: str, at: int) -> ParseError:
    return ParseError(f"invalid escape sequence {shorten(text[at : at + 2])}")


def _unexpected(line: str, at: int, expectation: str) -> ParseError:
    return ParseError(
        f"{expectation}, found {shorten(line[at : at + 1]) if at < len(line) else 'the end of the line'}"
    )
