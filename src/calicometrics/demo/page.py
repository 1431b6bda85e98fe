"""A Prometheus text page as Go's client library prints it, of values that are functions of time."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple, Protocol

from calicometrics.demo.rhythm import Beat, chance

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

WINDOW = 600.0
"""Seconds after which the client library forgets an observation; quantiles of nothing are NaN."""

Cell = tuple[str, str, float]
"""A sample: what it adds to the family's name, its own label pair or nothing, the value."""


class Value(Protocol):
    """What a family prints for one set of labels."""

    def cells(self, seed: str, age: float) -> Iterator[Cell]:
        """Yield the samples at an age: seconds since the process started."""
        ...


class Constant(NamedTuple):
    """A number that stays."""

    number: float

    def cells(self, seed: str, age: float) -> Iterator[Cell]:  # noqa: ARG002 - the same at any time
        """Yield the number."""
        yield "", "", self.number


class Steps(NamedTuple):
    """A counter of events: ``size`` more once in ``every`` seconds."""

    every: float
    size: int = 1
    first: int = 0

    def cells(self, seed: str, age: float) -> Iterator[Cell]:
        """Yield the count."""
        yield "", "", self.first + self.size * Beat(seed, self.every).count(age)


class Spent(NamedTuple):
    """A counter that grows all the time, to a hundredth."""

    per_second: float

    def cells(self, seed: str, age: float) -> Iterator[Cell]:  # noqa: ARG002 - the same for any seed
        """Yield the total."""
        yield "", "", math.floor(self.per_second * age * 100) / 100


class Wave(NamedTuple):
    """A gauge that goes up and down between two whole numbers, once in ``period`` seconds.

    Waves of one period go together, so that what two families say of one thing agrees.
    """

    low: float
    high: float
    period: float = 300.0

    def cells(self, seed: str, age: float) -> Iterator[Cell]:  # noqa: ARG002 - the same for any seed
        """Yield the number."""
        height = (1 + math.sin(math.tau * age / self.period)) / 2
        yield "", "", round(self.low + (self.high - self.low) * height)


class Observed(NamedTuple):
    """A summary: ``size`` observations once in ``every`` seconds, most around ``median``, to so many decimals."""

    median: float
    every: float
    size: int = 1
    first: int = 0
    decimals: int = 9

    def cells(self, seed: str, age: float) -> Iterator[Cell]:
        """Yield the quantiles, NaN when nothing was observed for long; then sum and count."""
        beat = Beat(seed, self.every)
        count = self.first + self.size * beat.count(age)
        idle = beat.since(age) > WINDOW
        middle = self.median * (0.8 + 0.4 * chance(seed, int(age // 30)))
        for quantile, factor in (("0.5", 1.0), ("0.9", 2.3), ("0.99", 5.1)):
            yield "", f'quantile="{quantile}"', math.nan if idle else round(middle * factor, self.decimals)
        yield "_sum", "", round(_sum(1.3 * self.median, count), self.decimals)
        yield "_count", "", count


class Buckets(NamedTuple):
    """A histogram: one observation once in ``every`` seconds, ``parts`` of them up to each bound."""

    every: float
    mean: float
    parts: Mapping[str, float]

    def cells(self, seed: str, age: float) -> Iterator[Cell]:
        """Yield the buckets, then sum and count."""
        count = Beat(seed, self.every).count(age)
        for bound, part in self.parts.items():
            yield "_bucket", f'le="{bound}"', math.floor(part * count)
        yield "_bucket", 'le="+Inf"', count
        yield "_sum", "", _sum(self.mean, count)
        yield "_count", "", count


class Family(NamedTuple):
    """One family: a value, or one for each set of labels as they are printed."""

    name: str
    type: str
    help: str
    values: Value | dict[str, Value]


def render(families: Iterable[Family], seed: str, age: float) -> str:
    """Return the page, families in the given order.

    Args:
        families: What to print.
        seed: Decides on what looks like chance.
        age: Seconds since the process started.
    """
    return "".join(line for family in families for line in _lines(family, seed, age))


def go_float(number: float) -> str:
    """Return a number as Go's ``FormatFloat(number, 'g', -1, 64)``: shortest, with an exponent from a million on."""
    if math.isnan(number):
        return "NaN"
    if math.isinf(number):
        return "+Inf" if number > 0 else "-Inf"
    digits = repr(float(number)).lstrip("-").partition("e")[0].replace(".", "").strip("0")
    scientific = f"{number:.{max(len(digits) - 1, 0)}e}"
    if -5 < int(scientific.partition("e")[2]) < 6:  # noqa: PLR2004 - the bounds of %g
        return repr(float(number)).removesuffix(".0")
    return scientific


def _lines(family: Family, seed: str, age: float) -> Iterator[str]:
    yield f"# HELP {family.name} {family.help}\n# TYPE {family.name} {family.type}\n"
    values = family.values if isinstance(family.values, dict) else {"": family.values}
    for labels, value in values.items():
        for suffix, label, number in value.cells(f"{seed}/{family.name}/{labels}", age):
            pairs = ",".join(filter(None, (labels, label)))
            shown = f"{{{pairs}}}" if pairs else ""
            yield f"{family.name}{suffix}{shown} {go_float(number)}\n"


def _sum(mean: float, count: int) -> float:
    """Return a sum that always grows with the count, at times faster and at times slower than the mean says."""
    return mean * (count + 30 * math.sin(count / 50))
