"""Puts what the lines of a page say together to metric families."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from calicometrics.errors import ParseError
from calicometrics.exposition.grammar import Comment, read_number, shorten
from calicometrics.families import Column, MetricFamily, Table

if TYPE_CHECKING:
    from collections.abc import Callable

    from calicometrics.families import MetricType, Row, Sample

# The type words of the format; gaugehistogram has two spellings, and case does not matter.
TYPES: dict[str, MetricType] = {
    "counter": "counter",
    "gauge": "gauge",
    "gaugehistogram": "gaugehistogram",
    "gauge_histogram": "gaugehistogram",
    "histogram": "histogram",
    "summary": "summary",
    "untyped": "untyped",
}

# The types whose samples have names of their own -> what those names add to the family's.
_SUFFIXES: dict[str | None, tuple[str, ...]] = {
    "summary": ("_count", "_sum"),
    "histogram": ("_count", "_sum", "_bucket"),
    "gaugehistogram": ("_count", "_sum", "_bucket"),
}
_ENDINGS = _SUFFIXES["histogram"]

# The types one of whose labels has to be a number.
NUMBER_LABELS: dict[str | None, str] = {"summary": "quantile", "histogram": "le", "gaugehistogram": "le"}

_COLUMNS: dict[str, tuple[Column, ...]] = {suffix: (Column(suffix),) for suffix in ("", *_ENDINGS)}


class Draft:
    """A family while its page is read; type and help are None until a line has settled them."""

    __slots__ = ("help", "name", "series", "tables", "type")

    def __init__(self, name: str, type: MetricType | None = None, help: str | None = None) -> None:  # noqa: A002 - the format's own words
        self.name = name
        self.type = type
        self.help = help
        self.tables: list[Table] = []
        self.series: str | None = None
        """The name of the last sample."""


# Where the next sample of a name goes, as long as its labels' names stay as they are: the append method of a
# table's rows, what the reader compares to see that they did stay, and the table. A tuple, as it is looked at once
# for every sample of a page.
Series = tuple["Callable[[Row], None]", object, Table]


class Builder:
    """Collects samples and comments, in the order of their lines.

    A family owns the samples that have its name; a summary and a histogram own ``_sum`` and ``_count`` (and
    ``_bucket``) too, unless such a name was a family before the summary or histogram was declared. Samples of a
    family that others interrupt are joined to it.

    Attributes:
        drafts: The families so far, by name, in the order of their first line.
        series: Where samples go, by whole sample name; a name is missing when its next sample opens a table.
    """

    def __init__(self) -> None:
        self.drafts: dict[str, Draft] = {}
        self.series: dict[str, Series] = {}

    def owner(self, name: str) -> Draft:
        """Return the family to which a name on a line belongs; a new one if there is none."""
        draft = self.drafts.get(name)
        if draft is not None:
            return draft
        if name.endswith(_ENDINGS):
            base, _, ending = name.rpartition("_")
            draft = self.drafts.get(base)
            if draft is not None and "_" + ending in _SUFFIXES.get(draft.type, ()):
                return draft
        draft = self.drafts[name] = Draft(name)
        return draft

    def comment(self, comment: Comment) -> None:
        """Take over a HELP or TYPE line; one without text names its family and says nothing.

        Raises:
            ParseError: The family has that line already, or samples before its TYPE line, or the type is unknown.
        """
        draft = self.owner(comment.name)
        if not comment.text:
            return
        if comment.keyword == "HELP":
            if draft.help is not None:
                raise ParseError(f"a second HELP line for {shorten(draft.name)}")
            draft.help = comment.text
            return
        if draft.type is not None:
            what = "a TYPE line after samples of" if draft.tables else "a second TYPE line for"
            raise ParseError(f"{what} {shorten(draft.name)}")
        kind = TYPES.get(comment.text.lower())
        if kind is None:
            raise ParseError(f"unknown metric type {shorten(comment.text)}")
        draft.type = kind
        if kind in _SUFFIXES:
            # What it owns depends on the names before this line, so this line is its place on the page.
            self.drafts[draft.name] = self.drafts.pop(draft.name)

    def declare(self, name: str, text: str, kind: str) -> None:
        """Take over the HELP and TYPE lines, well-formed both, that most families begin with.

        Raises:
            ParseError: As ``comment`` has it.
        """
        if name in self.drafts or name.endswith(_ENDINGS):
            self.comment(Comment("HELP", name, text))
            self.comment(Comment("TYPE", name, kind))
        else:
            self.drafts[name] = Draft(name, TYPES[kind], text)

    def open(self, name: str, label_names: tuple[str, ...], shape: object = None) -> Series:
        """Return where samples go that have this name and these label names, in this order."""
        draft = self.drafts.get(name) or self.owner(name)
        suffix = name[len(draft.name) :]
        if draft.series is None:
            draft.type = draft.type or "untyped"
        else:
            self.series.pop(draft.series, None)
        draft.series = name
        tables = draft.tables
        if not tables or tables[-1].label_names != label_names or tables[-1].columns[0].suffix != suffix:
            tables.append(Table(label_names, _COLUMNS[suffix], []))
        table = tables[-1]
        series = self.series[name] = (table.rows.append, shape, table)
        return series

    def add(self, sample: Sample) -> None:
        """Append one sample to its family."""
        series = self.open(sample.name, tuple(name for name, _ in sample.labels))
        series[2].append((tuple(value for _, value in sample.labels), (sample.value,)), sample.timestamp)

    def check(self, sample: Sample) -> None:
        """Compare a sample with what its family's type asks for, before it is added.

        Raises:
            ParseError: A quantile or bucket bound is no number, or a histogram counts less than nothing.
        """
        draft = self.owner(sample.name)
        label = NUMBER_LABELS.get(draft.type)
        if label is None:
            return
        bound = next((value for name, value in sample.labels if name == label), None)
        if bound is not None and not is_number(bound):
            raise ParseError(f"expected a number as the value of the label {label!r}, got {shorten(bound)}")
        if draft.type != "summary" and sample.value < 0:
            suffix = sample.name[len(draft.name) :]
            if suffix == "_count" or (
                suffix != "_sum" and bound is not None and not math.isnan(read_number(bound))
            ):
                raise ParseError(f"a negative count in the histogram {shorten(draft.name)}")

    def build(self) -> list[MetricFamily]:
        """Return the families that have samples, in the order of their first or, if it decides, their TYPE line."""
        for draft in self.drafts.values():
            for table in draft.tables:
                if table.timestamps is not None:
                    table.timestamps.extend([None] * (len(table.rows) - len(table.timestamps)))
        return [
            MetricFamily.from_tables(draft.name, draft.type, draft.help or "", draft.tables)
            for draft in self.drafts.values()
            if draft.tables and draft.type is not None
        ]


def is_number(text: str) -> bool:
    """Tell whether a label's value is a number of the format."""
    try:
        read_number(text)
    except ValueError:
        return False
    return True
