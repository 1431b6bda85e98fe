"""Reads the Prometheus text format 0.0.4 without changing what it says.

Names stay as printed, whether they end in ``_total`` or not; label order and NaN are kept. There are two modes.

*Strict* accepts what the text parser of Prometheus' ``common/expfmt`` (Go) accepts, and names line and reason of what
it does not: a missing line feed at the end, blanks behind the value, carriage returns, a byte order mark, a second HELP
or TYPE line, TYPE after samples, unknown types and escapes, hexadecimal numbers, exemplars, a summary's quantile or a
histogram's bound that is no number. One check goes beyond it, the one that ``expfmt`` leaves to its callers: a series
that occurs twice with one timestamp. Three oddities of ``expfmt`` are errors here: a name that goes on behind an
opening quote (``a"b"``), a backslash in a TYPE line, and the quantile or bound label given twice in one sample.

*Tolerant* skips a bad line and reports it as a problem. The first one of a repeated series, HELP or TYPE line counts;
an exemplar is dropped and its sample kept; the last line of a page that was cut off is dropped, as its number may be
cut too. A document in HTML or XML has no families and one problem. Carriage returns before line feeds, blanks behind a
line's last token and a byte order mark cost nothing and are not reported.

Both join the samples of a family that other families interrupt, keep a NUL that is in a label value or HELP text, leave
out families without samples, and read bytes of a HELP text that are not UTF-8 (lone surrogates in a ``str``) as U+FFFD.
"""

from __future__ import annotations

import contextlib
import re
from typing import TYPE_CHECKING, NamedTuple

import attrs

from calicometrics.errors import ParseError
from calicometrics.exposition.builder import Builder
from calicometrics.exposition.bulk import read_page
from calicometrics.exposition.grammar import read_comment, read_sample, read_series
from calicometrics.exposition.repair import repair_paste

if TYPE_CHECKING:
    from calicometrics.families import MetricFamily, Sample

_MARKUP = re.compile(r"\s*+<[!?a-zA-Z]")
_BYTE_ORDER_MARK = "\ufeff"
_CUT = "the last line does not end with a line feed: the page is cut off"


class Problem(NamedTuple):
    """What a tolerant reading has left out: the number of the line, counted from 1, and why."""

    line: int
    reason: str


@attrs.frozen
class Page:
    """A page read in tolerant mode.

    Attributes:
        families: What it says, in the order of the page.
        problems: What had to be left out, in the order of the lines; empty when the page is good.
    """

    families: list[MetricFamily]
    problems: list[Problem]

    @property
    def fault(self) -> str | None:
        """Why the page as a whole is not what its source meant to say, None when nothing tells so.

        What is cut may lack any number of families, and a page always has some: a program tells of itself at least.
        """
        if self.problems and self.problems[-1].reason == _CUT:
            return _CUT
        if self.families:
            return None
        return self.problems[0].reason if self.problems else "there is no metric family on it"


def parse_exposition(text: str, *, strict: bool = True, repair: bool = False) -> list[MetricFamily]:
    """Return the metric families of a page in the Prometheus text format, in the order of the page.

    Args:
        text: The page. Bytes that are not UTF-8 may be in it as ``surrogateescape`` decodes them.
        strict: Raise at the first bad line instead of leaving it out.
        repair: Undo what copying from a document or terminal does to a page, see ``repair_paste``.

    Raises:
        ParseError: The page is bad and ``strict`` is set; it has the number of the line and the reason.
    """
    if not strict:
        return parse_page(text, repair=repair).families
    if repair:
        text = repair_paste(text)
    families = read_page(text)
    return _Lines(tolerant=False).read(text).families if families is None else families


def parse_page(text: str, *, repair: bool = False) -> Page:
    """Return what can be read of a page, and what cannot; see ``parse_exposition`` for the arguments."""
    if repair:
        text = repair_paste(text)
    families = read_page(text)
    if families is None and "\r\n" in text:
        # A HELP text may end with a carriage return: a page that is good as it is keeps its own.
        with contextlib.suppress(ParseError):
            families = _Lines(tolerant=False).read(text).families
    if families is None:
        plain = text.removeprefix(_BYTE_ORDER_MARK).replace("\r\n", "\n")
        families = read_page(plain) if plain != text else None
        if families is None:
            return _Lines(tolerant=True).read(plain)
    return Page(families, [])


class _Lines:
    """The careful reader: one line at a time, with a number for every error."""

    def __init__(self, *, tolerant: bool) -> None:
        self._tolerant = tolerant
        self._builder = Builder()
        self._problems: list[Problem] = []
        self._seen: set[object] = set()

    def read(self, text: str) -> Page:
        """Read a whole page.

        Raises:
            ParseError: A line is bad, and the reader is not tolerant.
        """
        markup = _MARKUP.match(text)
        if markup:
            self._report(markup[0].count("\n") + 1, "an HTML or XML document, not the text format")
            return Page([], self._problems)
        lines = text.split("\n")
        cut = lines.pop()
        for number, line in enumerate(lines, start=1):
            try:
                self._line(number, line)
            except ParseError as error:
                self._report(number, error.reason)
        if cut.strip(" \t"):
            self._report(len(lines) + 1, _CUT)
        return Page(self._builder.build(), self._problems)

    def _report(self, number: int, reason: str) -> None:
        if not self._tolerant:
            raise ParseError(reason, number)
        self._problems.append(Problem(number, reason))

    def _line(self, number: int, line: str) -> None:
        start = line.lstrip(" \t")[:1]
        if start == "#":
            comment = read_comment(line)
            if comment is not None and comment.keyword == "TYPE" and self._tolerant:
                comment = comment._replace(text=comment.text.rstrip(" \t"))
            if comment is not None:
                self._builder.comment(comment)
        elif start == _BYTE_ORDER_MARK:
            raise ParseError("a byte order mark: the page has to be UTF-8 without one")
        elif start:
            self._add(self._sample(number, line))

    def _sample(self, number: int, line: str) -> Sample:
        if not self._tolerant:
            return read_sample(line)
        line = line.rstrip(" \t")
        if " # {" in line:
            exemplar = line.find(" # {", read_series(line)[2])
            if exemplar >= 0:
                sample = read_sample(line[:exemplar].rstrip(" \t"))
                self._report(number, "an exemplar, which the text format has no place for, was left out")
                return sample
        return read_sample(line)

    def _add(self, sample: Sample) -> None:
        self._builder.check(sample)
        identity = (sample.name, frozenset(sample.labels), sample.timestamp)
        if identity in self._seen:
            raise ParseError(f"the series {sample.name} occurs twice with the same labels and timestamp")
        self._seen.add(identity)
        self._builder.add(sample)
