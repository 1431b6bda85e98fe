"""Metric families: the columnar shape in which numbers travel from collectors to sinks."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Literal, NamedTuple

import attrs

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from prometheus_client import Metric
    from prometheus_client.samples import Sample as ClientSample
    from prometheus_client.samples import Timestamp

MetricType = Literal["counter", "gauge", "gaugehistogram", "histogram", "summary", "untyped"]

LabelPairs = tuple[tuple[str, str], ...]
Row = tuple[tuple[str, ...], tuple[float | None, ...]]

# prometheus_client's type -> what its samples' names add to the family's, and the type of the text format.
_FROM_CLIENT: dict[str, tuple[str, MetricType]] = {
    "counter": ("_total", "counter"),
    "gauge": ("", "gauge"),
    "gaugehistogram": ("", "gaugehistogram"),
    "histogram": ("", "histogram"),
    "info": ("_info", "gauge"),
    "stateset": ("", "gauge"),
    "summary": ("", "summary"),
}

# What prometheus_client calls a gauge histogram's samples, and what the text format calls them.
_FROM_CLIENT_SUFFIX = {"_gcount": "_count", "_gsum": "_sum"}
_TO_CLIENT_SUFFIX = {text: client for client, text in _FROM_CLIENT_SUFFIX.items()}


class Sample(NamedTuple):
    """One line of a page: the whole sample name, label pairs in order, the value, milliseconds or None."""

    name: str
    labels: LabelPairs
    value: float
    timestamp: int | None = None


class Column(NamedTuple):
    """One value of a row: what its sample adds to the family's name and to the row's labels."""

    suffix: str = ""
    labels: LabelPairs = ()


PLAIN: tuple[Column, ...] = (Column(),)


@attrs.define
class Table:
    """Rows that share label names and columns.

    A row is a pair: the label values, one for each label name, and the values, one for each column. None as a
    value means that the row has no such sample; it is never a zero.
    """

    label_names: tuple[str, ...] = ()
    columns: tuple[Column, ...] = PLAIN
    rows: list[Row] = attrs.field(factory=list)
    timestamps: list[int | None] | None = None
    """Milliseconds since the epoch, one for each row; None when no row has one."""

    def append(self, row: Row, timestamp: int | None = None) -> None:
        """Append a row with its timestamp, in milliseconds, if it has one."""
        self.rows.append(row)
        if timestamp is not None or self.timestamps is not None:
            self.stamp(timestamp)

    def stamp(self, timestamp: int | None) -> None:
        """Give the last row its timestamp; earlier rows that have none yet get None."""
        stamps = self.timestamps = self.timestamps or []
        stamps.extend([None] * (len(self.rows) - len(stamps) - 1))
        stamps.append(timestamp)


@attrs.define(init=False)
class MetricFamily:
    """A named, typed, documented set of samples.

    A family that a collector makes has one table, the one that the constructor describes. Its rows may be wide: a
    BGP channel's twenty change counters are one row of twenty columns, so that the labels which they share are
    stored and escaped once. A family read from a page has as many tables as the page changes label names or
    suffixes, so that order survives.

    Two families are equal when they print the same: name, type, help and, in order, samples. How the samples are
    spread over tables, rows and columns does not matter. NaN equals itself as long as it is one object;
    ``math.nan`` is the one that everything here uses.

    Attributes:
        name: The name as printed, ``_total`` included where it is printed.
        type: One of counter, gauge, gaugehistogram, histogram, summary and untyped.
        help: The documentation text, unescaped; empty when there is none.
        tables: The samples.
    """

    name: str
    type: MetricType
    help: str
    tables: list[Table]

    def __init__(
        self,
        name: str,
        type: MetricType,  # noqa: A002 - the format's own word
        help: str,  # noqa: A002 - the format's own word
        label_names: Iterable[str] = (),
        columns: Iterable[Column] = PLAIN,
    ) -> None:
        self.name = name
        self.type = type
        self.help = help
        self.tables = [Table(tuple(label_names), tuple(columns))]

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, MetricFamily):
            return NotImplemented
        if (self.name, self.type, self.help) != (other.name, other.type, other.help):
            return False
        return self.tables == other.tables or list(self.samples()) == list(other.samples())

    __hash__ = None  # type: ignore[assignment]  # it is mutable

    @property
    def label_names(self) -> tuple[str, ...]:
        """The label names that the first table's rows share."""
        return self.tables[0].label_names

    @property
    def rows(self) -> list[Row]:
        """The first table's rows, for a collector to append to."""
        return self.tables[0].rows

    def add(self, labels: Sequence[str], *values: float | None) -> None:
        """Append one row: values for the label names, then one number (or None) for each column.

        Raises:
            ValueError: The counts do not fit the family's label names or columns.
        """
        table = self.tables[0]
        if len(labels) != len(table.label_names) or len(values) != len(table.columns):
            raise ValueError(
                f"{self.name}: a row has {len(table.label_names)} label values and {len(table.columns)} numbers, "
                f"not {len(labels)} and {len(values)}"
            )
        table.rows.append((tuple(labels), values))

    def samples(self) -> Iterator[Sample]:
        """Yield every sample in order; absent values (None) are left out."""
        for table in self.tables:
            names = table.label_names
            columns = [(self.name + column.suffix, column.labels) for column in table.columns]
            stamps = table.timestamps or [None] * len(table.rows)
            for (labels, values), stamp in zip(table.rows, stamps, strict=True):
                shared = tuple(zip(names, labels, strict=True))
                for (name, extra), value in zip(columns, values, strict=True):
                    if value is not None:
                        yield Sample(name, shared + extra, value, stamp)

    def sample_count(self) -> int:
        """Return the number of samples, without building them."""
        return sum(len(values) - values.count(None) for table in self.tables for _, values in table.rows)

    @property
    def most_samples(self) -> int:
        """How many samples there are if none is absent: known without looking at the rows."""
        return sum(len(table.rows) * len(table.columns) for table in self.tables)

    @property
    def empty(self) -> bool:
        """Whether there are no samples."""
        return next(self.samples(), None) is None

    def to_prometheus_client(self) -> Metric:
        """Return the family as a ``prometheus_client`` metric whose samples keep their names.

        ``prometheus_client`` writes ``_total`` into the metadata of every counter, so a counter whose name lacks it
        becomes an ``unknown``: its HELP and TYPE lines would otherwise describe a name that has no samples.
        """
        from prometheus_client import Metric
        from prometheus_client.samples import Sample as ClientSample

        name: str = self.name
        kind: str = self.type
        suffixes = _TO_CLIENT_SUFFIX if kind == "gaugehistogram" else {}
        if kind == "counter":
            name = self.name.removesuffix("_total")
            if name in {"", self.name}:
                name, kind = self.name, "unknown"
        elif kind == "untyped":
            kind = "unknown"
        metric = Metric(name, self.help, kind)
        metric.samples = [
            ClientSample(
                self.name + suffixes.get(s.name[len(self.name) :], s.name[len(self.name) :]),
                dict(s.labels),
                s.value,
                None if s.timestamp is None else _seconds(s.timestamp),
            )
            for s in self.samples()
        ]
        return metric

    @classmethod
    def from_tables(
        cls,
        name: str,
        type: MetricType,  # noqa: A002 - the format's own word
        help: str,  # noqa: A002 - the format's own word
        tables: list[Table],
    ) -> MetricFamily:
        """Return a family that has these tables."""
        family = cls.__new__(cls)
        family.name = name
        family.type = type
        family.help = help
        family.tables = tables
        return family

    @classmethod
    def from_prometheus_client(cls, metric: Metric) -> MetricFamily:
        """Return the family of a ``prometheus_client`` metric, as its ``generate_latest`` would print it.

        A counter gets the name that its samples print, an info its ``_info``, labels are in alphabetical order, a
        timestamp is cut to milliseconds. What the text format has no place for in the same family is left out:
        exemplars, native histograms and ``_created`` samples.

        Raises:
            ValueError: A sample's name does not begin with the family's.
        """
        suffix, kind = _FROM_CLIENT.get(metric.type, ("", "untyped"))
        family = cls(metric.name + suffix, kind, metric.documentation)
        family.tables = []
        for sample in metric.samples:
            if sample.name == metric.name + "_created" or sample.native_histogram is not None:
                continue
            if not sample.name.startswith(family.name):
                raise ValueError(f"{family.name}: the sample {sample.name} does not belong to this family")
            family._append(sample)
        return family

    def _append(self, sample: ClientSample) -> None:
        suffix = sample.name[len(self.name) :]
        if self.type == "gaugehistogram":
            suffix = _FROM_CLIENT_SUFFIX.get(suffix, suffix)
        labels = sorted(sample.labels.items())
        names = tuple(name for name, _ in labels)
        columns = (Column(suffix),)
        if not self.tables or (self.tables[-1].label_names, self.tables[-1].columns) != (names, columns):
            self.tables.append(Table(names, columns))
        value = float(sample.value)
        self.tables[-1].append(
            (tuple(text for _, text in labels), (math.nan if math.isnan(value) else value,)),
            None if sample.timestamp is None else _milliseconds(sample.timestamp),
        )


def _milliseconds(seconds: float | Timestamp) -> int:
    """Return the milliseconds that prometheus_client would print for its timestamp."""
    return int(float(seconds) * 1000)


def _seconds(milliseconds: int) -> float:
    """Return the seconds of which prometheus_client makes these milliseconds again.

    It cuts where it might round: 1.001 s becomes 1000 ms. The next float away from zero survives.
    """
    seconds = milliseconds / 1000
    if _milliseconds(seconds) != milliseconds:
        seconds = math.nextafter(seconds, math.copysign(math.inf, milliseconds))
    return seconds
