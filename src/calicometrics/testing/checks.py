"""Holds a collector against what a page of metrics needs, and what Prometheus' naming rules want."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NoReturn, get_args

import attrs

from calicometrics.errors import CalicometricsError, SourceError
from calicometrics.exposition.validity import problems as problems_of
from calicometrics.families import MetricType

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from calicometrics.collectors.base import Collector
    from calicometrics.families import MetricFamily
    from calicometrics.snapshot import Snapshot
    from calicometrics.spec import FamilySpec

MAX_SERIES = 10_000

_OPTION_NAME = re.compile(r"[a-z][a-z0-9_]*")
_METRIC_NAME = re.compile(r"[a-z][a-z0-9_]*")
_LABEL_NAME = re.compile(r"(?!__)[a-z_][a-z0-9_]*")
_NOT_BASE_UNITS = re.compile(
    r"_(?:ms|milliseconds|us|microseconds|minutes|hours|kb|kilobytes|mb|megabytes|percent)$"
)
_OF_OTHER_TYPES = re.compile(r"_(?:bucket|count|sum)$")
_RESERVED = {"histogram": {"le"}, "gaugehistogram": {"le"}, "summary": {"quantile"}}
_SUFFIXES = {
    "summary": {"", "_sum", "_count"},
    "histogram": {"_bucket", "_sum", "_count"},
    "gaugehistogram": {"_bucket", "_sum", "_count"},
}


def check_collector(
    collector: Collector, snapshot: Snapshot, *, max_series: int = MAX_SERIES
) -> list[MetricFamily]:
    """Return what a collector makes of a snapshot, once nothing is wrong with the collector.

    Checked are its name, help and options; the name, type, help and labels of each family that it declares, by the
    rules of Prometheus; that it makes what it declares, of text and numbers, each series once, no more than so many,
    and the same when it is asked again; and that a daemon that cannot be read costs no more than
    its own rows.

    Args:
        collector: The collector.
        snapshot: What it is to read; see :func:`~calicometrics.testing.snapshot_of`.
        max_series: The most series that it may make of the snapshot.

    Raises:
        AssertionError: Something is wrong; the message has a line for each thing.
    """
    problems = [*_of_the_class(collector), *_of_the_specs(collector.families)]
    families = list(collector.collect(snapshot.view()))
    malformed = [problem for family in families for problem in problems_of(family)]
    problems += malformed or _of_the_families(collector, families, max_series)
    if list(collector.collect(snapshot.view())) != families:
        problems.append("asked again for the same snapshot, it makes other families")
    if snapshot.daemons and not malformed:
        problems += _beside_the_dead(collector, snapshot, families)
    if problems:
        what = f"{type(collector).__name__}: "
        raise AssertionError(what + f"\n{what}".join(problems))
    return families


def _of_the_class(collector: Collector) -> Iterator[str]:
    if not _OPTION_NAME.fullmatch(collector.name):
        yield f"its name {collector.name!r} is no word of lower-case letters, digits and underscores"
    if not collector.help.strip():
        yield "it has no help"
    if not attrs.has(collector.Options):
        yield "its Options are no attrs class"


def _of_the_specs(specs: Iterable[FamilySpec]) -> Iterator[str]:
    seen: set[str] = set()
    for spec in specs:
        name = spec.name
        if name in seen:
            yield f"{name} is declared twice"
        seen.add(name)
        if not _METRIC_NAME.fullmatch(name):
            yield f"{name!r} is no name of a metric in lower case without colons"
        if _NOT_BASE_UNITS.search(name):
            yield f"{name} is not in a base unit, such as seconds, bytes or a ratio"
        if spec.type not in get_args(MetricType):
            yield f"{name} is of no type that there is: {spec.type!r}"
        elif spec.type in {"counter", "gauge", "untyped"} and _OF_OTHER_TYPES.search(name):
            yield f"{name} ends like a sample of a histogram or summary and is a {spec.type}"
        elif spec.type == "gauge" and name.endswith("_total"):
            yield f"{name} ends like a counter and is a gauge"
        if not spec.help.strip():
            yield f"{name} has no help"
        for suffix in dict.fromkeys(column.suffix for column in spec.columns):
            if suffix not in _SUFFIXES.get(spec.type, {""}):
                yield f"{name} has samples that end with {suffix!r}, which no {spec.type} has"
        yield from _of_the_labels(spec)


def _of_the_labels(spec: FamilySpec) -> Iterator[str]:
    for label in spec.all_label_names:
        if not _LABEL_NAME.fullmatch(label):
            yield f"{spec.name} has a label that is no name in lower case: {label!r}"
        if label in {"le", "quantile"} and label not in _RESERVED.get(spec.type, ()):
            yield f"{spec.name} has the label {label}, which histograms and summaries have"
    for column in spec.columns:
        both = {label for label, _ in column.labels} & set(spec.label_names)
        if both:
            yield f"{spec.name} has the label {both.pop()} twice in a row"


def _of_the_families(collector: Collector, families: list[MetricFamily], max_series: int) -> Iterator[str]:
    declared = {spec.name: spec for spec in collector.families}
    names: set[str] = set()
    series = 0
    for family in families:
        name = family.name
        if name in names:
            yield f"{name} is made twice"
        names.add(name)
        spec = declared.get(name)
        if declared and spec is None:
            yield f"{name} is made and not declared"
        elif spec is not None:
            yield from _other_than_declared(spec, family)
        series += family.sample_count()
    if series > max_series:
        yield f"it makes {series} series, more than {max_series}"


def _other_than_declared(spec: FamilySpec, family: MetricFamily) -> Iterator[str]:
    for what in ("type", "help"):
        if getattr(spec, what) != getattr(family, what):
            yield f"{spec.name} has another {what} than declared: {getattr(family, what)!r}"
    for table in family.tables:
        if (table.label_names, table.columns) != (spec.label_names, spec.columns):
            yield f"{spec.name} has other labels or columns than declared"


def _beside_the_dead(collector: Collector, snapshot: Snapshot, families: list[MetricFamily]) -> Iterator[str]:
    try:
        beside = list(collector.collect(snapshot.with_daemon("dead", _Dead("dead"))))
    except CalicometricsError as error:
        yield f"a daemon that cannot be read costs it everything: {error}; note the error in snapshot.failures instead"
    except Exception as error:  # noqa: BLE001 - whatever it raises is wrong
        yield f"it raises {type(error).__name__} when a daemon cannot be read: {error}"
    else:
        left = {sample for family in beside for sample in family.samples()}
        if any(sample not in left for family in families for sample in family.samples()):
            yield "a daemon that cannot be read changes what it makes of the others"


@attrs.define
class _Dead:
    """A daemon that cannot be read."""

    path: str
    expected = True

    def connect(self, deadline: float | None = None) -> NoReturn:  # noqa: ARG002 - nobody waits for it
        raise SourceError(f"{self.path}: no such socket")

    def now(self) -> NoReturn:
        raise NotImplementedError("it has no replies that could be of a time")
