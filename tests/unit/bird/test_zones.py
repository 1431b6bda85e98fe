"""What an offset says about times gone by."""

from __future__ import annotations

import datetime as dt
import math
import zoneinfo
from collections.abc import Iterator

import pytest

from calicometrics.bird import zones

UTC = dt.UTC


def at(*fields: int) -> float:
    return dt.datetime(*fields, tzinfo=UTC).timestamp()


@pytest.fixture
def no_database(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A machine without time zone database: nothing on the search path, and no package ``tzdata``."""

    def missing(name: str) -> zoneinfo.ZoneInfo:
        raise zoneinfo.ZoneInfoNotFoundError(name)

    zones._changing.cache_clear()
    monkeypatch.setattr(zoneinfo, "ZoneInfo", missing)
    yield
    zones._changing.cache_clear()


def test_a_wall_clock_shows_the_hour_that_autumn_repeats_twice() -> None:
    berlin = zoneinfo.ZoneInfo("Europe/Berlin")
    assert zones.to_utc(berlin, at(2026, 10, 25, 2, 30)) == [at(2026, 10, 25, 0, 30), at(2026, 10, 25, 1, 30)]
    assert zones.to_utc(berlin, at(2026, 10, 25, 3, 30)) == [at(2026, 10, 25, 2, 30)]


@pytest.mark.parametrize("hours", [9, 5.5, 5.75, 8, -11])
def test_most_offsets_belong_to_clocks_that_never_change(hours: float) -> None:
    """Tokyo, Kolkata, Kathmandu, Singapore, Pago Pago."""
    assert zones.alternatives(int(hours * 3600), at(2026, 11, 23)) == ()
    assert zones.unchanged_since(int(hours * 3600), at(2026, 11, 23), ()) == -math.inf


def test_a_clock_without_offset_may_be_londons() -> None:
    """In winter, and then it was an hour ahead until October's last Sunday."""
    now = at(2026, 11, 23)
    assert [str(zone) for zone in zones.alternatives(0, now)] == ["Europe/London"]
    since = zones.unchanged_since(0, now, zones.alternatives(0, now))
    assert at(2026, 10, 25, 1) < since < at(2026, 11, 3)


def test_a_clock_that_has_just_changed_is_certain_of_nothing() -> None:
    now = at(2026, 10, 25, 4)
    assert zones.unchanged_since(0, now, zones.alternatives(0, now)) > now


def test_without_a_database_every_clock_may_have_been_an_hour_off(no_database: None) -> None:
    now = at(2026, 11, 23)
    others = zones.alternatives(20700, now)
    assert sorted(zones.offset_at(zone, now) for zone in others) == [17100, 24300]
    assert zones.unchanged_since(20700, now, others) > now


def test_the_table_has_every_way_in_which_clocks_changed_in_2025_and_2026() -> None:
    """Compared with the whole time zone database, every other day of two years."""
    days = [at(2025, 1, 1, 12) + day * zones.DAY for day in range(0, 730, 2)]

    def behaviour(zone: dt.tzinfo) -> tuple[int, ...]:
        return tuple(zones.offset_at(zone, day) for day in days)

    known = {behaviour(zone) for zone in zones._changing()}
    names = {name for name in zoneinfo.available_timezones() if not name.startswith("Antarctica/")}
    changing = {name for name in names if len(set(behaviour(zoneinfo.ZoneInfo(name)))) > 1}
    assert len(changing) > 150
    assert {name for name in changing if behaviour(zoneinfo.ZoneInfo(name)) not in known} == set()
