"""Beats: irregular to look at, the same each time."""

from __future__ import annotations

import math

import pytest

from calicometrics.demo.rhythm import Beat, chance


def test_chance_is_the_same_for_the_same_arguments_and_spread_for_others():
    numbers = [chance("seed", number) for number in range(1000)]
    assert numbers == [chance("seed", number) for number in range(1000)]
    assert all(0 <= number < 1 for number in numbers)
    assert 400 < sum(number < 0.5 for number in numbers) < 600
    assert chance("other", 0) != numbers[0]


def test_each_period_has_one_event_inside_its_window():
    beat = Beat("seed", 10.0, 0.2, 0.4)
    for number in range(100):
        assert 10 * number + 2 <= beat.moment(number) < 10 * number + 4
        assert beat.count(10 * number + 1.9) == number
        assert beat.count(10 * number + 4) == number + 1


def test_the_latest_and_the_next_event_enclose_every_age():
    beat = Beat("seed", 10.0)
    for age in range(500):
        latest, following = age - beat.since(age), age + beat.until(age)
        assert latest <= age < following
        if beat.count(age):
            assert latest == pytest.approx(beat.moment(beat.count(age) - 1))
        assert following == pytest.approx(beat.moment(beat.count(age)))


def test_nothing_has_happened_before_the_beginning():
    assert Beat("seed", 10.0).count(-1) == 0
    assert Beat("seed", 10.0, 0.5).since(3) == 3


def test_a_beat_without_an_end_of_its_period_never_happens():
    beat = Beat("seed", math.inf)
    assert beat.count(1e9) == 0
    assert beat.since(1e9) == 1e9


def test_beats_whose_windows_do_not_overlap_take_turns():
    one, other = Beat("one", 10.0, 0.0, 0.3), Beat("other", 10.0, 0.5, 0.8)
    differences = {one.count(age) - other.count(age) for age in range(1000)}
    assert differences == {0, 1}
