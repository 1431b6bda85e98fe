"""What OpenMetrics 1.0 asks for beyond the text format, and whether a document can have it.

The rules are those of the OpenMetrics 1.0 specification as ``prometheus_client.openmetrics.parser`` enforces them: a
document without a conflict is one that this parser accepts.
"""

from __future__ import annotations

import math
import re
from itertools import pairwise
from typing import TYPE_CHECKING

from calicometrics.exposition.grammar import LABEL_NAME, METRIC_NAME, read_number, shorten

if TYPE_CHECKING:
    from collections.abc import Iterable

    from calicometrics.families import MetricFamily, Sample

_METRIC_NAME = re.compile(METRIC_NAME)
_LABEL_NAME = re.compile(rf"(?!__){LABEL_NAME}")  # two leading underscores are reserved

# Type -> what may follow the family's name in the names of its samples.
_SAMPLES = {
    "counter": ("_total",),
    "gauge": ("",),
    "histogram": ("_bucket", "_count", "_sum"),
    "summary": ("", "_count", "_sum"),
    "unknown": ("",),
}
# Type -> the names, beyond its samples' and its own, that no other family may have.
_RESERVED = {"counter": ("_created",), "histogram": ("_created",), "summary": ("_created",)}


def family_type(family: MetricFamily) -> str:
    """Return the type of a family in OpenMetrics; a counter without ``_total`` is ``unknown`` there."""
    if family.type == "untyped" or (family.type == "counter" and not _is_total(family)):
        return "unknown"
    return family.type


def family_name(family: MetricFamily) -> str:
    """Return the name that a family's HELP and TYPE lines have in OpenMetrics: a counter's without ``_total``."""
    return family.name.removesuffix("_total") if family_type(family) == "counter" else family.name


def openmetrics_conflict(families: Iterable[MetricFamily]) -> str | None:
    """Return why OpenMetrics 1.0 forbids a document of these families, None if it allows it.

    The reason names the family. A conflict is not an error of the families: the text format takes all of them.
    """
    taken: dict[str, str] = {}
    for family in families:
        kind = family_type(family)
        name = family_name(family)
        if not _METRIC_NAME.fullmatch(name):
            return f"{shorten(name)} is not a metric name of OpenMetrics 1.0"
        if kind not in _SAMPLES:
            return f"{name}: the text format names the samples of a {kind} otherwise than OpenMetrics does"
        for full in {name, *(name + suffix for suffix in _SAMPLES[kind] + _RESERVED.get(kind, ()))}:
            if full in taken:
                return f"{taken[full]} and {family.name}: both claim the name {full} in OpenMetrics"
            taken[full] = family.name
        reason = _conflict(family, kind, name)
        if reason is not None:
            return f"{family.name}: {reason}"
    return None


def _is_total(family: MetricFamily) -> bool:
    return family.name.endswith("_total") and family.name != "_total"


def _conflict(family: MetricFamily, kind: str, name: str) -> str | None:
    samples = {name + suffix for suffix in _SAMPLES[kind]}
    for table in family.tables:
        for column in table.columns:
            if table.rows and family.name + column.suffix not in samples:
                return f"a {kind} has no sample {family.name}{column.suffix}"
            for label in (*table.label_names, *(label for label, _ in column.labels)):
                if not _LABEL_NAME.fullmatch(label):
                    return f"{shorten(label)} is not a label name of OpenMetrics 1.0"
    if kind in {"summary", "histogram"}:
        return _group_conflict(family, kind)
    if _repeats_itself(family):
        return "a series occurs twice"
    if kind == "counter":
        values = (value for table in family.tables for _, row in table.rows for value in row)
        if not all(value is None or value >= 0 for value in values):
            return "a counter is never negative or NaN"
    return None


def _repeats_itself(family: MetricFamily) -> bool:
    if len(family.tables) == 1:
        table = family.tables[0]
        distinct = {(column.suffix, frozenset(column.labels)) for column in table.columns}
        return len(distinct) < len(table.columns) or len({labels for labels, _ in table.rows}) < len(
            table.rows
        )
    seen = {(sample.name, frozenset(sample.labels)) for sample in family.samples()}
    return len(seen) < family.sample_count()


def _group_conflict(family: MetricFamily, kind: str) -> str | None:
    """Check a summary or histogram whose samples are, set of labels by set of labels, one after the other."""
    groups: dict[frozenset[tuple[str, str]], list[Sample]] = {}
    last: frozenset[tuple[str, str]] | None = None
    label, ending = ("quantile", "") if kind == "summary" else ("le", "_bucket")
    for sample in family.samples():
        bounded = sample.name == family.name + ending
        group = frozenset(pair for pair in sample.labels if not (bounded and pair[0] == label))
        if group != last and group in groups:
            return "the samples of one set of labels are not together"
        last = group
        groups.setdefault(group, []).append(sample)
    check = _summary_conflict if kind == "summary" else _histogram_conflict
    for samples in groups.values():
        if len({sample.timestamp for sample in samples}) > 1:
            return "the samples of one set of labels have several timestamps"
        if len({(sample.name, frozenset(sample.labels)) for sample in samples}) < len(samples):
            return "a series occurs twice"
        reason = check(family.name, samples)
        if reason is not None:
            return reason
    return None


def _summary_conflict(name: str, samples: list[Sample]) -> str | None:
    for sample in samples:
        if sample.name == name:
            if not 0 <= _bound(sample, "quantile") <= 1:
                return "a quantile is between 0 and 1"
            if sample.value < 0:
                return "a quantile's value is never negative"
        elif reason := _total_conflict(sample):
            return reason
    return None


def _histogram_conflict(name: str, samples: list[Sample]) -> str | None:
    for sample in samples:
        if reason := _total_conflict(sample):
            return reason
    totals = {sample.name: sample.value for sample in samples}
    buckets = [sample for sample in samples if sample.name == name + "_bucket"]
    if not buckets or ("le", "+Inf") not in buckets[-1].labels:
        return "the last bucket's bound is +Inf"
    bounds = [_bound(bucket, "le") for bucket in buckets]
    count = totals.get(name + "_count")
    rules = {
        "the bounds of buckets ascend": all(low < high for low, high in pairwise(bounds)),
        "buckets are cumulative": all(low.value <= high.value for low, high in pairwise(buckets)),
        "sum and count come together": (name + "_sum" in totals) == (count is not None),
        "the count is that of the last bucket": count is None or count == buckets[-1].value,
        "a histogram with negative bounds has no sum": name + "_sum" not in totals or bounds[0] >= 0,
    }
    return next((rule for rule, kept in rules.items() if not kept), None)


def _total_conflict(sample: Sample) -> str | None:
    if not sample.value >= 0:
        return f"{sample.name} is never negative or NaN"
    if not sample.name.endswith("_sum") and not float(sample.value).is_integer():
        return f"{sample.name} is an integer"
    return None


def _bound(sample: Sample, label: str) -> float:
    """Return a quantile or bucket bound, NaN if there is none or it is no number."""
    try:
        return read_number(dict(sample.labels).get(label, ""))
    except ValueError:
        return math.nan
