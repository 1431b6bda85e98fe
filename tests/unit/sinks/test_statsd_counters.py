"""What is owed to an agent, without a socket."""

from __future__ import annotations

from calicometrics.sinks.statsd_counters import KEPT_ROUNDS, Counters, Delta

A, B = ("a", ()), ("b", (("n", "1"),))


def owed(counters: Counters, totals: dict, *, all_seen: bool = True) -> list[Delta]:
    for series, total in totals.items():
        counters.see(series, total)
    return list(counters.owed(all_seen=all_seen))


def amounts(deltas: list[Delta]) -> dict:
    return {delta.series: delta.amount for delta in deltas}


def test_what_is_not_accepted_stays_owed_through_resets() -> None:
    """10 → 13 (3 owed), 13 → 2 (a reset: 2 more), 2 → 6 (4 more)."""
    counters = Counters()
    assert owed(counters, {A: 10}) == []
    assert amounts(owed(counters, {A: 13})) == {A: 3}
    assert amounts(owed(counters, {A: 2})) == {A: 5}
    last = owed(counters, {A: 6})
    assert amounts(last) == {A: 9}
    counters.accept(last)
    assert owed(counters, {A: 6}) == []


def test_what_is_taken_back_is_owed_with_what_came_meanwhile() -> None:
    counters = Counters()
    owed(counters, {A: 0, B: 0})
    counters.accept(owed(counters, {A: 5, B: 1}))
    counters.take_back()
    counters.take_back()  # once is enough
    assert amounts(owed(counters, {A: 7, B: 1})) == {A: 7, B: 1}


def test_what_is_confirmed_is_not_taken_back() -> None:
    counters = Counters()
    owed(counters, {A: 0})
    counters.accept(owed(counters, {A: 5}))
    counters.confirm()
    counters.take_back()
    assert owed(counters, {A: 5}) == []


def test_a_series_that_vanished_begins_anew() -> None:
    counters = Counters()
    owed(counters, {A: 10})
    owed(counters, {})
    assert owed(counters, {A: 50}) == []
    assert amounts(owed(counters, {A: 51})) == {A: 1}


def test_a_series_that_could_not_be_read_goes_on_where_it_was() -> None:
    counters = Counters()
    owed(counters, {A: 10})
    assert owed(counters, {}, all_seen=False) == []
    assert amounts(owed(counters, {A: 12})) == {A: 2}


def test_a_series_that_cannot_be_read_for_long_is_forgotten() -> None:
    counters = Counters()
    owed(counters, {A: 10, B: 1})
    for _ in range(KEPT_ROUNDS):
        owed(counters, {B: 1}, all_seen=False)
    assert len(counters._counts) == 2
    owed(counters, {B: 1}, all_seen=False)
    assert list(counters._counts) == [B]


def test_what_is_owed_of_a_series_that_vanished_is_still_sent() -> None:
    counters = Counters()
    owed(counters, {A: 10})
    owed(counters, {A: 14})
    last = owed(counters, {})
    assert amounts(last) == {A: 4}
    counters.accept(last)
    assert owed(counters, {}) == []
    assert counters._counts == {}


def test_what_is_owed_of_a_series_that_vanished_and_came_back_is_added_to_its_new_growth() -> None:
    counters = Counters()
    owed(counters, {A: 10})
    owed(counters, {A: 14})
    owed(counters, {})
    assert amounts(owed(counters, {A: 100})) == {A: 4}
    assert amounts(owed(counters, {A: 101})) == {A: 5}
