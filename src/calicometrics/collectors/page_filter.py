"""Which families of a page of others are passed through: options that ``felix`` and ``endpoints`` share."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs

from calicometrics.collectors.patterns import EVERYTHING, are_patterns, wanted

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from calicometrics.families import MetricFamily

RUNTIME = r"(go|process|promhttp)_.*"
"""What every Go program prints of itself; two pages would claim the same names."""


@attrs.frozen
class PageOptions:
    """Regular expressions that a family's whole name is held against."""

    include: tuple[str, ...] = attrs.field(
        default=EVERYTHING,
        validator=are_patterns,
        metadata={"help": "families to pass through, by regular expression", "metavar": "REGEX"},
    )
    exclude: tuple[str, ...] = attrs.field(
        default=(RUNTIME,),
        validator=are_patterns,
        metadata={"help": "families to leave out all the same", "metavar": "REGEX"},
    )

    def select(self, families: Iterable[MetricFamily]) -> Iterator[MetricFamily]:
        """Yield the families that are wanted."""
        fits = wanted(self.include, self.exclude)
        for family in families:
            if fits(family.name):
                yield family
