"""A family that would break its page is told from one that is good."""

from __future__ import annotations

from typing import Any

import pytest

from calicometrics.exposition.validity import problems
from calicometrics.families import Column, MetricFamily, Table


def family(rows: list[Any] | None = None, **changed: Any) -> MetricFamily:
    given = {"name": "thing", "type": "gauge", "help": "A thing.", "labels": ("a",), "columns": (Column(),)}
    given |= changed
    table = Table(given["labels"], given["columns"], rows or [])
    return MetricFamily.from_tables(given["name"], given["type"], given["help"], [table])


def test_a_good_family_has_no_problem() -> None:
    wide = (Column("", (("b", "1"),)), Column("", (("b", "2"),)))
    assert (
        list(problems(family([(("x",), (1, None)), (("y",), (float("nan"), 10**300))], columns=wide))) == []
    )


@pytest.mark.parametrize(
    ("made", "problem"),
    [
        (family(name="x-y"), "'x-y' is no name of a metric"),
        (family(name=None), "None is no name of a metric"),
        (family(type="gouge"), "thing is of no type that there is: 'gouge'"),
        (family(help=b"x"), "thing has a help that is no text: b'x'"),
        (family(labels=("l-x",)), "thing has a label that is no name: 'l-x'"),
        (family(labels=("__name__",)), "thing has a label that is no name: '__name__'"),
        (family(labels=(7,)), "thing has a label that is no name: 7"),
        (family(columns=(Column("", (("a", "1"),)),)), "thing has the label a twice in a row"),
        (family(columns=(Column("-x"),)), "thing has samples with another name: thing'-x'"),
        (family([(("1", "2"), (1,))]), "thing has a row whose labels are not one text each: ('1', '2')"),
        (family([((1,), (1,))]), "thing has a row whose labels are not one text each: (1,)"),
        (family([(("\ud800",), (1,))]), "thing has a row whose labels are no Unicode: ('\\ud800',)"),
        (family([(("1",), ("up",))]), "thing has a row whose values are no numbers: ('up',)"),
        (family([(("1",), (10**400,))]), "thing has a row with a value that is beyond a float"),
        (family([(("1",), ())]), "thing has a row with 0 values for 1 columns"),
        (family([(("1",), (1,)), (("1",), (2,))]), "thing{a='1'} is there twice"),
    ],
)
def test_what_would_break_a_page_is_told(made: MetricFamily, problem: str) -> None:
    assert problem in list(problems(made))
