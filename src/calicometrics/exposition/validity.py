"""What is wrong with a family that somebody has put together: it would break the page that it is printed on."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, get_args

from calicometrics.exposition.grammar import LABEL_NAME, METRIC_NAME
from calicometrics.families import MetricType

if TYPE_CHECKING:
    from collections.abc import Iterator

    from calicometrics.families import MetricFamily, Row, Table

# Names beyond these are read by Prometheus 3 alone; one in a page costs an older server the whole page.
_METRIC_NAME = re.compile(METRIC_NAME)
_LABEL_NAME = re.compile(f"(?!__){LABEL_NAME}")


def problems(family: MetricFamily) -> Iterator[str]:
    """Yield what is wrong with a family: its name and type, its labels, its rows, series that are there twice."""
    name = family.name
    if not _is_name(_METRIC_NAME, name):
        yield f"{name!r} is no name of a metric"
        return
    if family.type not in get_args(MetricType):
        yield f"{name} is of no type that there is: {family.type!r}"
    if not isinstance(family.help, str):
        yield f"{name} has a help that is no text: {family.help!r}"
    sound = True
    for table in family.tables:
        for problem in (*_of_the_labels(name, table), *_of_the_rows(name, table)):
            sound = False
            yield problem
    if sound:
        yield from series_twice(family)


def series_twice(family: MetricFamily) -> Iterator[str]:
    """Yield what a family has more than one value for."""
    seen: set[tuple[object, ...]] = set()
    for sample in family.samples():
        key = (sample.name, tuple(sorted(sample.labels)))
        if key in seen:
            labels = ",".join(f"{name}={value!r}" for name, value in sample.labels)
            yield f"{sample.name}{{{labels}}} is there twice"
        seen.add(key)


def _of_the_labels(name: str, table: Table) -> Iterator[str]:
    for column in table.columns:
        labels = [*table.label_names, *(label for label, _ in column.labels)]
        for label in labels:
            if not _is_name(_LABEL_NAME, label):
                yield f"{name} has a label that is no name: {label!r}"
            elif labels.count(label) > 1:
                yield f"{name} has the label {label} twice in a row"
        if not _METRIC_NAME.fullmatch(f"{name}{column.suffix}"):
            yield f"{name} has samples with another name: {name}{column.suffix!r}"


def _of_the_rows(name: str, table: Table) -> Iterator[str]:
    for row in table.rows:
        yield from _of_a_row(name, table, row)


def _of_a_row(name: str, table: Table, row: Row) -> Iterator[str]:
    labels, values = row
    if len(labels) != len(table.label_names) or not all(isinstance(text, str) for text in labels):
        yield f"{name} has a row whose labels are not one text each: {labels!r}"
    elif not all(map(_can_be_sent, labels)):
        yield f"{name} has a row whose labels are no Unicode: {labels!r}"
    if not all(value is None or isinstance(value, int | float) for value in values):
        yield f"{name} has a row whose values are no numbers: {values!r}"
    elif not all(map(_is_a_float, values)):
        yield f"{name} has a row with a value that is beyond a float"
    if len(values) != len(table.columns):
        yield f"{name} has a row with {len(values)} values for {len(table.columns)} columns"


def _is_name(pattern: re.Pattern[str], name: object) -> bool:
    return isinstance(name, str) and pattern.fullmatch(name) is not None


def _can_be_sent(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:  # half of a surrogate pair
        return False
    return True


def _is_a_float(value: float | None) -> bool:
    try:
        float(value or 0)
    except OverflowError:
        return False
    return True
