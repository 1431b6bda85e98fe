"""Writes metric families as Prometheus text 0.0.4 and as OpenMetrics 1.0.

The text is that of ``prometheus_client.generate_latest``, byte for byte, for everything that both can express: numbers
look the same (``5.0``, ``1e+06``), every family has a HELP and a TYPE line. Two things prometheus_client cannot
express: labels keep the order in which a family has them (it sorts), and names outside the classic character set are
quoted, as Prometheus 3 reads them, instead of being changed.

A metric has one name in both formats. OpenMetrics wants ``_total`` at the end of every counter's samples, so a counter
without it is written as ``unknown`` there. Where OpenMetrics has no room for a document at all,
``openmetrics_conflict`` says why, and the text format is the answer.
"""

from __future__ import annotations

import math
import re
from itertools import chain, compress, repeat
from typing import TYPE_CHECKING

from calicometrics.exposition.grammar import LABEL_NAME, METRIC_NAME
from calicometrics.exposition.openmetrics import family_name, family_type, openmetrics_conflict

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from calicometrics.families import LabelPairs, MetricFamily, Row

__all__ = [
    "CONTENT_TYPE_OPENMETRICS",
    "CONTENT_TYPE_TEXT",
    "openmetrics_conflict",
    "render_openmetrics",
    "render_text",
]

CONTENT_TYPE_TEXT = "text/plain; version=0.0.4; charset=utf-8"
CONTENT_TYPE_OPENMETRICS = "application/openmetrics-text; version=1.0.0; charset=utf-8"

_METRIC_NAME = re.compile(METRIC_NAME)
_LABEL_NAME = re.compile(LABEL_NAME)
_SURROGATE = re.compile("[\ud800-\udfff]")
_SHORT = 1e6  # from here on Go writes an exponent where Python writes zeros
_LOWEST = -math.inf
_CHUNK_ROWS = 2000


def render_text(families: Iterable[MetricFamily]) -> Iterator[str]:
    """Yield the families in text format 0.0.4: chunks of whole lines, one for a family of ordinary size.

    None of the chunks has a lone surrogate: U+FFFD takes its place, so that every chunk can be encoded.
    """
    for family in families:
        name = _quoted_unless(_METRIC_NAME, family.name)
        text = family.help.replace("\\", r"\\").replace("\n", r"\n")
        head = f"# HELP {name} {text}\n# TYPE {name} {family.type}\n"
        yield from _chunks(head, family, str)


def render_openmetrics(families: Iterable[MetricFamily]) -> Iterator[str]:
    """Yield the families in OpenMetrics 1.0, in chunks of whole lines; the end marker is the last one.

    Ask ``openmetrics_conflict`` before whether the families make a valid document.
    """
    for family in families:
        name = _quoted_unless(_METRIC_NAME, family_name(family))
        head = f"# HELP {name} {_escape(family.help)}\n# TYPE {name} {family_type(family)}\n"
        yield from _chunks(head, family, _seconds)
    yield "# EOF\n"


def _chunks(head: str, family: MetricFamily, stamp_text: Callable[[int], str]) -> Iterator[str]:
    """Yield the head and the samples of a family; a new chunk begins after so many rows."""
    parts: list[str] = [head]
    for table in family.tables:
        columns = [
            _around(family.name + column.suffix, column.labels, shared=bool(table.label_names))
            for column in table.columns
        ]
        lines = _Wide(columns, stamp_text)
        for start in range(0, len(table.rows), _CHUNK_ROWS):
            if start:  # so that a page of a hundred megabytes is never there as a whole
                yield _text(parts)
                parts = []
            rows = table.rows[start : start + _CHUNK_ROWS]
            labels = _label_texts(table.label_names, rows)
            if len(columns) == 1 and table.timestamps is None:
                parts.extend(_narrow(rows, labels, *columns[0]))
            else:
                stamps = table.timestamps and table.timestamps[start : start + _CHUNK_ROWS]
                parts.extend(lines.of(rows, labels, stamps))
    yield _text(parts)


def _text(parts: list[str]) -> str:
    text = "".join(parts)
    return text if text.isascii() else _SURROGATE.sub("\ufffd", text)


def _narrow(rows: Sequence[Row], label_texts: Iterable[str], head: str, tail: str) -> list[str]:
    # The number's text is chosen here and not in a function: that is half of the time a page takes.
    return [
        f"{head}{labels}{tail}{repr(value * 1.0) if _LOWEST < value < _SHORT else number_text(value)}\n"
        for labels, (_, (value,)) in zip(label_texts, rows, strict=False)
        if value is not None
    ]


class _Wide:
    """Writes the rows of a table of several columns: the fixed parts of a row, labels and numbers put between them."""

    def __init__(self, columns: list[tuple[str, str]], stamp_text: Callable[[int], str]) -> None:
        self._columns = columns
        self._stamp_text = stamp_text
        self._fixed = {(True,) * len(columns): _fixed(columns)}

    def of(
        self, rows: Sequence[Row], label_texts: Iterable[str], stamps: Sequence[int | None] | None
    ) -> Iterator[str]:
        """Yield the lines of one row at a time."""
        everything = self._fixed[(True,) * len(self._columns)]
        for labels, (_, row), stamp in zip(label_texts, rows, stamps or repeat(None), strict=False):
            values = [value for value in row if value is not None]
            texts = [
                repr(value * 1.0) if _LOWEST < value < _SHORT else number_text(value) for value in values
            ]
            if stamp is not None:
                texts = [f"{text} {self._stamp_text(stamp)}" for text in texts]
            if len(values) == len(row):
                parts = everything.copy()
            else:  # rows of one table usually lack the same values
                present = tuple([value is not None for value in row])
                if present not in self._fixed:
                    self._fixed[present] = _fixed(list(compress(self._columns, present)))
                parts = self._fixed[present].copy()
            parts[1::4] = [labels] * len(values)
            parts[3::4] = texts
            yield "".join(parts)


def _fixed(columns: list[tuple[str, str]]) -> list[str]:
    """Return the parts of a row's lines, with an empty one for the labels and one for the number of each line."""
    parts: list[str] = []
    for head, tail in columns:
        parts += ["\n" + head if parts else head, "", tail, ""]
    return [*parts, "\n"] if parts else parts


def _around(name: str, extra: LabelPairs, *, shared: bool) -> tuple[str, str]:
    """Return what a line has before the labels its row shares, and between them and the value."""
    labels = ",".join(f'{_quoted_unless(_LABEL_NAME, label)}="{_escape(value)}"' for label, value in extra)
    comma = "," if labels and shared else ""
    if _METRIC_NAME.fullmatch(name):
        return (name + "{", comma + labels + "} ") if labels or shared else (name, " ")
    return "{" + _quoted_unless(_METRIC_NAME, name) + ("," if labels or shared else ""), comma + labels + "} "


def _label_texts(label_names: tuple[str, ...], rows: Sequence[Row]) -> Iterable[str]:
    """Return the labels of each row as they stand between the braces."""
    if not label_names:
        return repeat("")
    names = [_quoted_unless(_LABEL_NAME, name).replace("%", "%%") for name in label_names]
    template = ",".join(f'{name}="%s"' for name in names)
    values = [labels for labels, _ in rows]
    # One look at everything is cheaper than one at each value, and few pages have anything to escape.
    text = "".join(chain.from_iterable(values))
    if '"' in text or "\\" in text or "\n" in text:
        values = [tuple(map(_escape, labels)) for labels in values]
    return [template % labels for labels in values]


def number_text(value: float) -> str:
    """Return a sample's value as prometheus_client prints it: ``5.0``, ``1e+06``, ``1.5e+06``, ``+Inf``, ``NaN``.

    Go switches to an exponent from a million on, Python at 1e16; prometheus_client imitates Go for positive numbers.
    """
    value = float(value)
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "+Inf" if value > 0 else "-Inf"
    text = repr(value)
    if value < _SHORT or "e" in text:
        return text
    whole, _, fraction = text.partition(".")
    digits = (whole + fraction).rstrip("0")
    mantissa = digits[0] + ("." + digits[1:] if len(digits) > 1 else "")
    return f"{mantissa}e+{len(whole) - 1:02d}"


def _seconds(milliseconds: int) -> str:
    """Return a timestamp as OpenMetrics has it, exactly."""
    whole, rest = divmod(abs(milliseconds), 1000)
    return f"{'-' if milliseconds < 0 else ''}{whole}.{rest:03d}"


def _quoted_unless(plain: re.Pattern[str], name: str) -> str:
    return name if plain.fullmatch(name) else f'"{_escape(name)}"'


def _escape(text: str) -> str:
    return text.replace("\\", r"\\").replace("\n", r"\n").replace('"', r"\"")
