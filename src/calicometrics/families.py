"""Metric families: the columnar shape in which numbers travel from collectors to sinks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple

import attrs

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from prometheus_client import Metric

MetricType = Literal["counter", "gauge", "histogram", "summary", "untyped"]

LabelPairs = tuple[tuple[str, str], ...]
Row = tuple[tuple[str, ...], tuple["float | None", ...]]


# prometheus_client's type -> what its samples' names add to the family's, and the type of the text format.
_FROM_CLIENT: dict[str, tuple[str, MetricType]] = {
    "counter": ("_total", "counter"),
    "gauge": ("", "gauge"),
    "histogram": ("", "histogram"),
    "info": ("_info", "gauge"),
    "stateset": ("", "gauge"),
    "summary": ("", "summary"),
}


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


@attrs.define(init=False)
class MetricFamily:
    """A named, typed, documented set of samples.

    A family that a collector makes has one table, the one that the constructor describes. Its rows may be wide: a
    BGP channel's twenty change counters are one row of twenty columns, so that the labels which they share are
    stored and escaped once. A family read from a page has as many tables as the page changes label names or
    suffixes, so that order survives.

    Attributes:
        name: The name as printed, ``_total`` included where it is printed.
        type: One of counter, gauge, histogram, summary and untyped.
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

    def to_prometheus_client(self) -> Metric:
        """Return the family as a ``prometheus_client`` metric, names untouched."""
        from prometheus_client import Metric
        from prometheus_client.samples import Sample as ClientSample, Timestamp

        metric = Metric(self.name, self.help, "unknown" if self.type == "untyped" else self.type)
        metric.samples = [
            ClientSample(
                s.name,
                dict(s.labels),
                s.value,
                None
                if s.timestamp is None
                else Timestamp(s.timestamp // 1000, s.timestamp % 1000 * 1_000_000),
            )
            for s in self.samples()
        ]
        return metric

    @classmethod
    def from_prometheus_client(cls, metric: Metric) -> MetricFamily:
        """Return the family of a ``prometheus_client`` metric; a counter gets the name its samples print."""
        suffix, kind = _FROM_CLIENT.get(metric.type, ("", "untyped"))
        name = metric.name + suffix
        family = cls(name, kind, metric.documentation)
        family.tables = []
        for sample in metric.samples:
            if not sample.name.startswith(name):
                continue  # _created, which the text format would print as a family of its own
            column = Column(sample.name[len(name) :])
            names = tuple(sample.labels)
            if (
                not family.tables
                or family.tables[-1].label_names != names
                or family.tables[-1].columns != (column,)
            ):
                family.tables.append(Table(names, (column,)))
            family.tables[-1].rows.append((tuple(sample.labels.values()), (sample.value,)))
        return family
