"""What a collector promises to export: one declaration for each family, from which pages and docs are made."""

from __future__ import annotations

import attrs

from calicometrics.families import PLAIN, Column, MetricFamily, MetricType, Row, Table


@attrs.frozen
class FamilySpec:
    """The declaration of one family.

    Attributes:
        name: The family's name on the wire.
        type: Its type.
        help: Its documentation: what it says, and when it is absent.
        label_names: The labels that every row has a value for.
        columns: What tells the values of one row apart; see :class:`~calicometrics.families.Column`.
        unit: The unit in words, such as ``seconds`` or ``routes``; empty for flags and infos.
        source: The line of the daemon's output that the number comes from.
    """

    name: str
    type: MetricType
    help: str
    label_names: tuple[str, ...] = ()
    columns: tuple[Column, ...] = PLAIN
    unit: str = ""
    source: str = ""

    def family(self, rows: list[Row] | None = None) -> MetricFamily:
        """Return a new family.

        Args:
            rows: Its rows; by default none yet.
        """
        table = Table(self.label_names, self.columns, [] if rows is None else rows)
        return MetricFamily.from_tables(self.name, self.type, self.help, [table])

    @property
    def all_label_names(self) -> tuple[str, ...]:
        """The labels that a sample can have, those of the columns included."""
        extra = dict.fromkeys(name for column in self.columns for name, _ in column.labels)
        return (*self.label_names, *extra)
