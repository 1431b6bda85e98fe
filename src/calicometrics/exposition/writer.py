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
from itertools import chain, compress, islice, repeat
from operator import is_not
from typing import TYPE_CHECKING, TypeVar

from calicometrics.exposition.grammar import LABEL_NAME, METRIC_NAME
from calicometrics.exposition.openmetrics import family_name, family_type, openmetrics_conflict

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from calicometrics.families import LabelPairs, MetricFamily, Row, Table

T = TypeVar("T")

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
_CHUNK_SAMPLES = 2000  # written at a time
_CHUNK = 64 * 1024  # characters of a chunk, at least


class KeptText:
    """The text of tables whose rows are the same list as the time before, and the time before that.

    It belongs to whoever renders the same families again and again; collectors hand out the same list as long as no row
    of it changed. A table that changes from time to time is not kept.
    """

    def __init__(self) -> None:
        self._before: dict[str, tuple[Table, list[str] | None]] = {}
        self._now = self._before
        self.labels = _Labels()

    def begin(self) -> None:
        """Forget what was not asked for since the last time."""
        self._before, self._now = self._now, {}
        self.labels.forget_old()

    def chunks(self, family: MetricFamily, make: Callable[[Table], Iterator[str]]) -> Iterator[str]:
        """Yield the text of a family's rows: what is kept, or else what ``make`` yields for its only table."""
        (table,) = family.tables
        before, texts = self._before.get(family.name, (None, None))
        same = before is not None and before.rows is table.rows and before == table
        if same and texts is None:
            texts = list(make(table))
        self._now[family.name] = table, texts if same else None
        return make(table) if texts is None or not same else iter(texts)


def render_text(families: Iterable[MetricFamily], kept: KeptText | None = None) -> Iterator[str]:
    """Yield the families in text format 0.0.4: chunks of whole lines, one for a family of ordinary size.

    None of the chunks has a lone surrogate: U+FFFD takes its place, so that every chunk can be encoded.

    Args:
        families: The families.
        kept: The text of earlier calls.
    """
    if kept is not None:
        kept.begin()
    labels = _Labels() if kept is None else kept.labels
    for family in families:
        name = _quoted_unless(_METRIC_NAME, family.name)
        text = family.help.replace("\\", r"\\").replace("\n", r"\n")
        head = _sendable(f"# HELP {name} {text}\n# TYPE {name} {family.type}\n")
        yield from _chunks(head, family, labels, str, kept)


def render_openmetrics(families: Iterable[MetricFamily]) -> Iterator[str]:
    """Yield the families in OpenMetrics 1.0, in chunks of whole lines; the end marker is the last one.

    Ask ``openmetrics_conflict`` before whether the families make a valid document.
    """
    labels = _Labels()
    for family in families:
        name = _quoted_unless(_METRIC_NAME, family_name(family))
        head = _sendable(f"# HELP {name} {_escape(family.help)}\n# TYPE {name} {family_type(family)}\n")
        yield from _chunks(head, family, labels, _seconds)
    yield "# EOF\n"


def _chunks(
    head: str,
    family: MetricFamily,
    labels: _Labels,
    stamp_text: Callable[[int], str],
    kept: KeptText | None = None,
) -> Iterator[str]:
    """Yield the head and the samples of a family, joined to chunks."""

    def of(table: Table) -> Iterator[str]:
        return _rows(family.name, table, labels, stamp_text)

    chunk = head
    if kept is not None and len(family.tables) == 1:
        texts = kept.chunks(family, of)
    else:
        texts = chain.from_iterable(map(of, family.tables))
    for text in texts:
        chunk += text
        if len(chunk) > _CHUNK:  # so that a page of a hundred megabytes is never there as a whole
            yield chunk
            chunk = ""
    if chunk:
        yield chunk


def _rows(name: str, table: Table, labels: _Labels, stamp_text: Callable[[int], str]) -> Iterator[str]:
    """Yield the lines of a table, of so many rows at a time."""
    columns = [
        _around(name + column.suffix, column.labels, shared=bool(table.label_names))
        for column in table.columns
    ]
    lines = _Lines(columns, labels.of(table.label_names), stamp_text)
    step = _CHUNK_SAMPLES // max(1, len(columns)) + 1
    for start in range(0, len(table.rows), step):
        stamps = table.timestamps and table.timestamps[start : start + step]
        yield _sendable(lines.of(table.rows[start : start + step], stamps))


def _sendable(text: str) -> str:
    return text if text.isascii() else _SURROGATE.sub("\ufffd", text)


class _Lines:
    """Writes the rows of a table: the fixed parts of a row's lines, with labels and numbers put between them.

    Thousands of rows are written by a few calls: a loop over the samples would take several times as long.
    """

    def __init__(
        self,
        columns: list[tuple[str, str]],
        label_texts: Callable[[Sequence[Row]], Iterable[str]],
        stamp_text: Callable[[int], str],
    ) -> None:
        self._columns = columns
        self._label_texts = label_texts
        self._stamp_text = stamp_text
        self._layouts: dict[tuple[bool, ...], list[str]] = {}

    def of(self, rows: Sequence[Row], stamps: Sequence[int | None] | None = None) -> str:
        """Return the lines of some rows."""
        values = list(chain.from_iterable([values for _, values in rows]))
        present = tuple(map(is_not, values, repeat(None)))
        width = len(self._columns)
        labels = list(self._label_texts(rows))
        texts = _number_texts([value for value in values if value is not None])
        if stamps is not None:
            texts = list(map(self._stamped, texts, compress(_repeated(stamps, width), present)))
        if present == present[:width] * len(rows):  # rows of one table usually have and lack the same values
            return self._together(present[:width], labels, texts)
        numbers = iter(texts)
        return "".join(
            [
                self._together(there, [labels[row]], list(islice(numbers, sum(there))))
                for row in range(len(rows))
                if any(there := present[row * width : (row + 1) * width])
            ]
        )

    def _together(self, present: tuple[bool, ...], labels: Sequence[str], texts: Sequence[str]) -> str:
        """Return the lines of rows that have the same columns."""
        layout = self._layouts.get(present)
        if layout is None:
            layout = self._layouts[present] = [
                part
                for head, tail in compress(self._columns, present)
                for part in ("\n" + head, "", tail, "")
            ]
        parts = layout * len(labels)
        parts[1::4] = _repeated(labels, len(layout) // 4)
        parts[3::4] = texts
        if not parts:
            return ""
        parts[0] = parts[0][1:]
        parts.append("\n")
        return "".join(parts)

    def _stamped(self, text: str, stamp: int | None) -> str:
        return text if stamp is None else f"{text} {self._stamp_text(stamp)}"


def _repeated(items: Sequence[T], times: int) -> Iterable[T]:
    """Return each item so many times."""
    return items if times == 1 else chain.from_iterable(map(repeat, items, repeat(times)))


class _Labels:
    """The labels of rows as they stand between the braces; families share most of them."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, ...], _LabelTexts] = {}

    def of(self, label_names: tuple[str, ...]) -> Callable[[Sequence[Row]], Iterable[str]]:
        """Return what tells the labels of rows with these label names."""
        if not label_names:
            return lambda rows: repeat("", len(rows))
        texts = self._known.get(label_names)
        if texts is None:
            texts = self._known[label_names] = _LabelTexts(label_names)
        return texts.of

    def forget_old(self) -> None:
        """Forget the labels of rows that are no more, when they are most of what is known."""
        for texts in self._known.values():
            if len(texts) > 2 * texts.asked:
                texts.clear()
            texts.asked = 0


class _LabelTexts(dict[tuple[str, ...], str]):
    """Label values → their text, for one tuple of label names."""

    def __init__(self, label_names: tuple[str, ...]) -> None:
        super().__init__()
        names = [_quoted_unless(_LABEL_NAME, name).replace("%", "%%") for name in label_names]
        self._template = ",".join(f'{name}="%s"' for name in names)
        self.asked = 0

    def of(self, rows: Sequence[Row]) -> list[str]:
        """Return the labels of each row."""
        self.asked += len(rows)
        return [self[labels] for labels, _ in rows]

    def __missing__(self, labels: tuple[str, ...]) -> str:
        everything = "".join(labels)
        plain = labels
        if '"' in everything or "\\" in everything or "\n" in everything:
            plain = tuple(map(_escape, labels))
        text = self[labels] = self._template % plain
        return text


class _SmallTexts(dict[float, str]):
    """Small whole numbers that are not negative → their text: what most samples are."""

    def __missing__(self, value: float) -> str:
        text = number_text(value)
        if float(value).is_integer():  # no more than there are such numbers
            self[value] = text
        return text


_SMALL = 20_000
_SMALL_TEXTS = _SmallTexts()


def _number_texts(values: Sequence[float]) -> list[str]:
    """Return the texts of numbers, with no call for each of them where they are of a common kind."""
    if not values or min(map(math.copysign, repeat(1.0), values)) < 0:  # 0.0 and -0.0 are one key
        return list(map(number_text, values))
    if math.isnan(sum(values)):
        return list(map(number_text, values))
    known = _SMALL_TEXTS
    if not float(values[0]).is_integer():  # the others of a family are none, then, either
        return [repr(value * 1.0) if value < _SHORT else number_text(value) for value in values]
    if max(values) < _SMALL:
        return list(map(known.__getitem__, values))
    return [
        known[value] if value < _SMALL else repr(value * 1.0) if value < _SHORT else number_text(value)
        for value in values
    ]


def _around(name: str, extra: LabelPairs, *, shared: bool) -> tuple[str, str]:
    """Return what a line has before the labels its row shares, and between them and the value."""
    labels = ",".join(f'{_quoted_unless(_LABEL_NAME, label)}="{_escape(value)}"' for label, value in extra)
    comma = "," if labels and shared else ""
    if _METRIC_NAME.fullmatch(name):
        return (name + "{", comma + labels + "} ") if labels or shared else (name, " ")
    return "{" + _quoted_unless(_METRIC_NAME, name) + ("," if labels or shared else ""), comma + labels + "} "


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
