"""Which families of a page of others are passed through: options that ``felix`` and ``endpoints`` share."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import attrs

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from calicometrics.families import MetricFamily

RUNTIME = r"(go|process|promhttp)_.*"
"""What every Go program prints of itself; two pages would claim the same names."""


def _patterns(_: object, attribute: attrs.Attribute[Any], patterns: tuple[str, ...]) -> None:
    for pattern in patterns:
        try:
            re.compile(pattern)
        except re.error as error:
            raise ValueError(
                f"'{attribute.name}' has to be a regular expression, not {pattern!r}: {error}"
            ) from None


@attrs.frozen
class PageOptions:
    """Regular expressions that a family's whole name is held against."""

    include: tuple[str, ...] = attrs.field(
        default=(".*",),
        validator=_patterns,
        metadata={"help": "families to pass through, by regular expression", "metavar": "REGEX"},
    )
    exclude: tuple[str, ...] = attrs.field(
        default=(RUNTIME,),
        validator=_patterns,
        metadata={"help": "families to leave out all the same", "metavar": "REGEX"},
    )

    def select(self, families: Iterable[MetricFamily]) -> Iterator[MetricFamily]:
        """Yield the families that are wanted."""
        include, exclude = (
            re.compile("|".join(f"(?:{p})" for p in each)) for each in (self.include, self.exclude)
        )
        for family in families:
            if include.fullmatch(family.name) and not (self.exclude and exclude.fullmatch(family.name)):
                yield family
