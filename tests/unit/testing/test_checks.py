"""What ``check_collector`` finds wrong, one thing at a time, and that the built-in collectors are right."""

from __future__ import annotations

import pathlib
from collections.abc import Callable, Iterable

import attrs
import pytest

from calicometrics import Collector, Column, FamilySpec, MetricFamily, Snapshot
from calicometrics.collectors import built_in_collectors
from calicometrics.testing import check_collector, snapshot_of

DATA = pathlib.Path(__file__).parents[2] / "data"
GOOD = FamilySpec("bird_good", "gauge", "Good.", ("bird_daemon",))


class Made(Collector):
    """A collector whose families are given."""

    name = "made"
    help = "what the test wants"

    def __init__(self, make: Callable[[Snapshot], Iterable[MetricFamily]], *specs: FamilySpec) -> None:
        super().__init__()
        self.make = make
        self.families = specs or (GOOD,)

    def collect(self, snapshot: Snapshot) -> Iterable[MetricFamily]:
        return self.make(snapshot)


def good(_: Snapshot) -> list[MetricFamily]:
    family = GOOD.family()
    family.add(("bird",), 1)
    return [family]


def with_rows(spec: FamilySpec, *rows: tuple) -> Callable[[Snapshot], list[MetricFamily]]:
    return lambda _: [spec.family(list(rows))]


@pytest.mark.parametrize("kind", built_in_collectors(), ids=lambda kind: kind.name)
@pytest.mark.parametrize("recording", ["1.6.8/calico-mixed", "2.0.12/recovery", "3.3.2/calico-mixed"])
def test_the_built_in_collectors_are_right(kind: type[Collector], recording: str) -> None:
    pages = {"felix": (DATA / "founding/felix_metrics.prom").read_text(encoding="utf-8")}
    families = check_collector(kind(), snapshot_of(DATA / "bird" / recording, pages=pages))
    assert families or kind.name == "endpoints"


def test_what_is_right_is_returned() -> None:
    assert check_collector(Made(good), snapshot_of({})) == good(snapshot_of({}))


SPECS = [
    (FamilySpec("Bird", "gauge", "x"), "'Bird' is no name of a metric in lower case without colons"),
    (FamilySpec("a:b", "gauge", "x"), "'a:b' is no name of a metric in lower case without colons"),
    (FamilySpec("a_milliseconds", "gauge", "x"), "a_milliseconds is not in a base unit, such as seconds"),
    (FamilySpec("a", "number", "x"), "a is of no type that there is: 'number'"),
    (
        FamilySpec("a_count", "gauge", "x"),
        "a_count ends like a sample of a histogram or summary and is a gauge",
    ),
    (FamilySpec("a_total", "gauge", "x"), "a_total ends like a counter and is a gauge"),
    (FamilySpec("a", "gauge", " "), "a has no help"),
    (
        FamilySpec("a", "gauge", "x", (), (Column("_max"),)),
        "a has samples that end with '_max', which no gauge has",
    ),
    (
        FamilySpec("a", "summary", "x", (), (Column("_bucket"),)),
        "a has samples that end with '_bucket'",
    ),
    (FamilySpec("a", "gauge", "x", ("Peer",)), "a has a label that is no name in lower case: 'Peer'"),
    (FamilySpec("a", "gauge", "x", ("__name",)), "a has a label that is no name in lower case: '__name'"),
    (FamilySpec("a", "gauge", "x", ("le",)), "a has the label le, which histograms and summaries have"),
    (FamilySpec("a", "gauge", "x", ("b",), (Column("", (("b", "c"),)),)), "a has the label b twice in a row"),
]


@pytest.mark.parametrize(("spec", "problem"), SPECS, ids=lambda value: getattr(value, "name", ""))
def test_a_declaration_against_the_rules_is_found(spec: FamilySpec, problem: str) -> None:
    with pytest.raises(AssertionError) as caught:
        check_collector(Made(lambda _: (), spec), snapshot_of({}))
    assert f"Made: {problem}" in str(caught.value)


B = FamilySpec("b", "gauge", "x", ("n",))
FAMILIES = [
    (with_rows(B, (("1",), (1,)), (("1",), (2,))), "b{n='1'} is there twice"),
    (with_rows(B, ((1,), (1,))), "b has a row whose labels are not one text each: (1,)"),
    (with_rows(B, (("1", "2"), (1,))), "b has a row whose labels are not one text each: ('1', '2')"),
    (with_rows(B, (("1",), ("up",))), "b has a row whose values are no numbers: ('up',)"),
    (with_rows(B, (("1",), (1, 2))), "b has a row with 2 values for 1 columns"),
    (with_rows(GOOD), "bird_good is made and not declared"),
    (lambda _: [B.family(), B.family()], "b is made twice"),
    (lambda _: [MetricFamily("b", "counter", "x", ("n",))], "b has another type than declared: 'counter'"),
    (lambda _: [MetricFamily("b", "gauge", "y", ("n",))], "b has another help than declared: 'y'"),
    (lambda _: [MetricFamily("b", "gauge", "x", ("m",))], "b has other labels or columns than declared"),
]


@pytest.mark.parametrize(("make", "problem"), FAMILIES, ids=[problem for _, problem in FAMILIES])
def test_families_that_are_not_as_declared_or_no_page_are_found(make: Callable, problem: str) -> None:
    with pytest.raises(AssertionError) as caught:
        check_collector(Made(make, B), snapshot_of({}))
    assert f"Made: {problem}" in str(caught.value)


def test_too_many_series_are_found() -> None:
    rows = [((str(n),), (n,)) for n in range(6)]
    with pytest.raises(AssertionError, match="it makes 6 series, more than 5"):
        check_collector(Made(with_rows(B, *rows), B), snapshot_of({}), max_series=5)


def test_a_collector_that_is_no_function_of_its_snapshot_is_found() -> None:
    numbers = iter(range(100))

    def other(_: Snapshot) -> list[MetricFamily]:
        return [B.family([(("1",), (next(numbers),))])]

    with pytest.raises(AssertionError, match="asked again for the same snapshot, it makes other families"):
        check_collector(Made(other, B), snapshot_of({}))


@pytest.mark.parametrize(
    ("read", "problem"),
    [
        (
            lambda snapshot, daemon: len(snapshot.text(daemon, "show status")),
            "a daemon that cannot be read costs it everything: dead: no such socket; note the error in",
        ),
        (
            lambda snapshot, daemon: snapshot.read_status(daemon).version and 1,
            "it raises AttributeError when a daemon cannot be read",
        ),
        (
            lambda snapshot, _: len(snapshot.daemons),
            "a daemon that cannot be read changes what it makes of the others",
        ),
    ],
)
def test_a_collector_that_lets_a_dead_daemon_stop_it_is_found(read: Callable, problem: str) -> None:
    def make(snapshot: Snapshot) -> list[MetricFamily]:
        list(snapshot.status())
        return [GOOD.family([((daemon,), (read(snapshot, daemon),)) for daemon in snapshot.daemons])]

    with pytest.raises(AssertionError, match=problem):
        check_collector(Made(make), snapshot_of({"show status": "1000-BIRD 2.0.12\n0013 Daemon is up\n"}))


def test_a_bad_name_help_and_options_are_found_together() -> None:
    class Bad(Made):
        name = "Bad Name"
        help = ""
        Options = dict

    with pytest.raises(AssertionError) as caught:
        check_collector(Bad(good), snapshot_of({}))
    assert str(caught.value).splitlines() == [
        "Bad: its name 'Bad Name' is no word of lower-case letters, digits and underscores",
        "Bad: it has no help",
        "Bad: its Options are no attrs class",
    ]


def test_options_of_attrs_are_fine() -> None:
    @attrs.frozen
    class Options:
        limit: int = 3

    class WithOptions(Made):
        pass

    WithOptions.Options = Options
    assert check_collector(WithOptions(good), snapshot_of({}))
