"""The fast reader of a page: whole blocks of well-formed lines at a time.

It answers only for pages that are good from end to end. Of any other it says no more than that it is not, and the
line-by-line reader finds out where and why.
"""

from __future__ import annotations

import functools
import re
from itertools import zip_longest
from typing import TYPE_CHECKING

from calicometrics.errors import ParseError
from calicometrics.exposition.builder import NUMBER_LABELS, Builder, is_number
from calicometrics.exposition.grammar import LABEL_NAME, METRIC_NAME, read_comment, read_number, read_sample

if TYPE_CHECKING:
    from calicometrics.exposition.builder import Draft
    from calicometrics.families import MetricFamily, Table

# One match a line (one for HELP with TYPE), whatever the line is, so that nothing between two matches is lost.
# Labels are taken as a whole, without the blanks and escapes that are rare; what has them is left to the last
# alternative. Possessive throughout, so that the time a page takes grows with its length and no faster.
_LINES = re.compile(
    rf"""
    ({METRIC_NAME})                                                       # felix_ipset_calls
    (?:\{{((?:[^"}}\\\n]*+"[^"\\\n]*+")*+[^"}}\\\n]*+)\}})?+              # {{ip_version="4",table="nat"}}
    [ \t]++([-+.0-9eEInfNa]++)(?:[ ](-?[0-9]{{1,18}}+))?+\n               # 8 1520879607789
    | \#[ ]HELP[ ]({METRIC_NAME})[ ]([^ \t\\\n][^\\\n]*+)\n
      \#[ ]TYPE[ ]\5[ ](counter|gauge|histogram|summary|untyped)\n
    | [ \t]*+\#[ \t]*+(?!(?:HELP|TYPE)[ \t\n])[^\n]*+\n                       # any other comment
    | ([^\n]*+)\n
    """,
    re.VERBOSE,
)
_SHAPE = re.compile(
    rf'[ \t]*+(?:{LABEL_NAME}[ \t]*+=[ \t]*+""[ \t]*+(?:,[ \t]*+{LABEL_NAME}[ \t]*+=[ \t]*+""[ \t]*+)*+,?+[ \t]*+)?+'
)
_LABEL_NAME = re.compile(LABEL_NAME)

_BLOCK = 1 << 20  # characters matched at a time: what findall returns is larger than the page
_CACHED_SHAPE = 64  # pieces up to which a shape is worth remembering


def read_page(text: str) -> list[MetricFamily] | None:
    """Return the families of a page, None if there is anything wrong with it."""
    if text and not text.endswith("\n"):
        return None
    if not text.isascii():
        try:
            text.encode()
        except UnicodeEncodeError:
            return None
    builder = Builder()
    start = 0
    try:
        while start < len(text):
            stop = text.find("\n", start + _BLOCK) + 1 or len(text)
            _read_block(builder, text, start, stop)
            start = stop
    except (ParseError, ValueError):
        return None
    for draft in builder.drafts.values():
        label = NUMBER_LABELS.get(draft.type)
        if label and _breaks_its_type(draft, label):
            return None
        tables = draft.tables
        if (len(tables) > 1 or (tables and len(tables[0].rows) > 1)) and _repeats_itself(tables):
            return None
    return builder.build()


def _read_block(builder: Builder, text: str, start: int, stop: int) -> None:
    known = builder.series
    no_labels: list[str] = []
    for name, blob, value, stamp, subject, help_text, kind, other in _LINES.findall(text, start, stop):
        if name:
            if blob:
                # The quotes divide it: names with their punctuation at even places, values at odd ones.
                pieces = blob.split('"')
                shape = pieces[::2]
                labels = tuple(pieces[1::2])
            else:
                shape = no_labels
                labels = ()
            series = known.get(name)
            if series is None or series[1] != shape:
                label_names = () if shape is no_labels else _label_names(shape)
                if label_names is None:
                    builder.add(read_sample(f"{name}{{{blob}}} {value} {stamp}".rstrip()))
                    continue
                series = builder.open(name, label_names, shape)
            number = float(value)
            if number - number:  # NaN, as infinity minus infinity is
                number = read_number(value)
            series[0]((labels, (number,)))
            if stamp:
                series[2].stamp(int(stamp))
        elif subject:
            builder.declare(subject, help_text, kind)
        elif other:
            _read_other(builder, other)


def _read_other(builder: Builder, line: str) -> None:
    line = line.lstrip(" \t")
    if line.startswith("#"):
        comment = read_comment(line)
        if comment is not None:
            builder.comment(comment)
    elif line:
        builder.add(read_sample(line))


def _label_names(shape: list[str]) -> tuple[str, ...] | None:
    """Return the label names between the quotes of a label set, None if they are not plain, distinct names."""
    return (
        _cached_label_names(*shape)
        if len(shape) <= _CACHED_SHAPE
        else _cached_label_names.__wrapped__(*shape)
    )


@functools.lru_cache(maxsize=1024)  # a page has tens of shapes, and the next page has the same ones
def _cached_label_names(*shape: str) -> tuple[str, ...] | None:
    text = '""'.join(shape)
    if not _SHAPE.fullmatch(text):
        return None
    names = tuple(_LABEL_NAME.findall(text))
    return names if len(set(names)) == len(names) and "__name__" not in names else None


def _breaks_its_type(draft: Draft, label: str) -> bool:
    """Tell whether a summary or histogram may have a quantile, bound or count that it must not have."""
    for table in draft.tables:
        if label in table.label_names:
            place = table.label_names.index(label)
            if not all(map(is_number, {labels[place] for labels, _ in table.rows})):
                return True
        counts = draft.type != "summary" and table.columns[0].suffix != "_sum"
        if counts and any(value is not None and value < 0 for _, (value,) in table.rows):
            return True
    return False


def _repeats_itself(tables: list[Table]) -> bool:
    """Tell whether a series of a family may occur twice with one timestamp."""
    if len(tables) == 1:
        return len(_identities(tables[0])) < len(tables[0].rows)
    seen: dict[tuple[object, frozenset[str]], tuple[tuple[str, ...], set[object]]] = {}
    for table in tables:
        names, others = seen.setdefault(
            (table.columns, frozenset(table.label_names)), (table.label_names, set())
        )
        before = len(others)
        others |= _identities(table)
        # The same names in another order: the line-by-line reader compares them.
        if len(others) - before < len(table.rows) or names != table.label_names:
            return True
    return False


def _identities(table: Table) -> set[object]:
    if table.timestamps is None:
        return {labels for labels, _ in table.rows}
    return {(row[0], stamp) for row, stamp in zip_longest(table.rows, table.timestamps)}
