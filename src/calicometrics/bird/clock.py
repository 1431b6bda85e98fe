"""The clock of a BIRD daemon: its printed times as UTC timestamps of a stated accuracy."""

from __future__ import annotations

import calendar
import datetime as dt
import math
from typing import TYPE_CHECKING, NamedTuple

import attrs

from calicometrics.bird import zones
from calicometrics.bird.timetext import DAY, PrintedDate, read
from calicometrics.bird.zones import HOUR

if TYPE_CHECKING:
    from calicometrics.bird.timetext import Reading

_QUARTER = 900  # every offset from UTC in use is a multiple
_WESTMOST, _EASTMOST = -12 * HOUR, 14 * HOUR
_LATER = 120  # seconds that an event may be younger than the server time, which is asked for first
_CLOCK_LIMIT = 20 * HOUR  # after which BIRD prints a date instead of a clock (lib/timer.h, TM_ISO_SHORT_S)
_LEAP_CYCLE = 8  # years between two 29th of February at most
_FIRST_DAY = dt.date(1970, 1, 1)


@attrs.frozen
class Instant:
    """A moment, as well as the daemon let it be known.

    The true time, on the daemon's own clock, is at most ``accuracy`` seconds away from ``timestamp``. When BIRD cut
    something off (a fraction, a minute, the time of the day), timestamp is the beginning of what was printed.

    Attributes:
        timestamp: Seconds since the epoch, UTC.
        accuracy: Seconds; 0.001 for ``04:45:13.726``, 2 for ``04:45:13``, 86,400 for ``2026-11-23``. A difference that
            the repeated hour of autumn, or an unknown change of the daemon's zone, may make is included.
    """

    timestamp: float
    accuracy: float


class Clock:
    """What is known of a daemon's clock at one moment; it turns the daemon's printed times into instants.

    BIRD prints the time of its own wall clock, in its own zone, and names neither zone nor, for 20 hours, the day.
    Both follow from the daemon's ``Current server time`` and the time at which we read it: their difference, rounded
    to a quarter of an hour, is the zone's offset. The rest, ``skew``, is not corrected: daemon and reader share a
    machine, so it is the time that the reply took, and a correction would move every timestamp a little every round.

    An inferred offset is that of now. For a time before the last change of a clock that has this offset now, the other
    offset is possible too and is part of the accuracy; a zone that is given has no such doubt.

    Args:
        server_time: What ``show status`` prints as ``Current server time``.
        received: Seconds since the epoch, UTC, on our clock, at which that reply was read.
        zone: The daemon's zone, where it is known; nothing is inferred then, and either of the other two arguments
            gives the day.

    Attributes:
        offset: The daemon's seconds east of UTC, now; None when unknown. Only epoch times and times printed with their
            offset can be known then.
        now: The daemon's time, in seconds since the epoch, UTC; None when unknown. ``now - instant.timestamp`` is an
            age.
        skew: The daemon's time less ours, in seconds, once the zone is accounted for; None when either is unknown.
    """

    def __init__(
        self,
        server_time: str | None = None,
        received: float | None = None,
        *,
        zone: dt.tzinfo | None = None,
    ) -> None:
        reading = read(server_time) if server_time is not None else None
        self.now: float | None = received
        self.skew: float | None = None
        self.offset: int | None = None
        self._order = ""
        if reading is not None:
            self._set(reading, received, zone)
        self._zones: tuple[dt.tzinfo, ...] = ()
        self._certain_since = -math.inf
        if zone is not None:
            self._zones = (zone,)
            self.offset = zones.offset_at(zone, self.now) if self.now is not None else None
        elif self.offset is not None and self.now is not None:
            self._zones = zones.alternatives(self.offset, self.now)
            self._certain_since = zones.unchanged_since(self.offset, self.now + _LATER, self._zones)
        self._given = zone is not None

    def instant(self, text: str) -> Instant | None:
        """Return the moment of a printed time: ``Since``, ``Created``, ``Last reboot`` and their like.

        A clock without a date is that of the last 20 hours, or else of the last 24. A date whose day and month could be
        exchanged is read in the order that the server time shows, or in the only one that is not in the future.

        Args:
            text: As BIRD prints it, in whatever ``timeformat``.

        Returns:
            None when the time cannot be known: no time was printed, the daemon's zone or day is unknown, or the date
            has two readings.
        """
        reading = read(text)
        if reading is None:
            return None
        if reading.epoch is not None:
            return Instant(reading.epoch, reading.precision)
        if reading.offset is None and self.offset is None and not self._given:
            return None
        if reading.dates:
            return self._dated(reading)
        return self._undated(reading)

    def _set(self, reading: Reading, received: float | None, zone: dt.tzinfo | None) -> None:
        """Take the time, the zone's offset and the order of dates from the server time."""
        found = _anchors(reading, received, zone)
        if received is not None:
            found.sort(key=lambda anchor: abs(anchor.now - received))
            if len({anchor.offset for anchor in found}) > 1:
                return  # without a date, 13 hours ahead of UTC look like 11 behind
        elif len({anchor.date and anchor.date[1:] for anchor in found}) > 1:
            return  # day and month may be exchanged, and nothing says whether they are
        else:
            found.sort(
                key=lambda anchor: -anchor.now
            )  # in the hour that autumn repeats: so that no event is later
        if not found:
            return
        self.now, self.offset, _ = found[0]
        self.skew = self.now - received if received is not None else None
        orders = {anchor.date.order for anchor in found if anchor.date and anchor.now == self.now}
        self._order = orders.pop() if len(orders) == 1 else ""

    def _dated(self, reading: Reading) -> Instant | None:
        dates = [date for date in reading.dates if date.order == self._order] or list(reading.dates)
        possible: dict[PrintedDate, Instant] = {}
        for date in dates:
            for complete in self._years(date):
                instant = self._on(complete, reading)
                if self.now is None or instant.timestamp <= self.now + _LATER:
                    possible[complete._replace(order="")] = instant
                    break
        if not possible and len(dates) == 1 and dates[0].year is not None:
            return self._on(dates[0], reading)
        return possible.popitem()[1] if len(possible) == 1 else None

    def _years(self, date: PrintedDate) -> list[PrintedDate]:
        """Return a date with the years that it can have, the latest first."""
        if date.year is not None:
            return [date]
        if self.now is None:
            return []
        last = _date(self.now + DAY).year
        return [
            date._replace(year=year)
            for year in range(last, last - _LEAP_CYCLE - 1, -1)
            if (date.month, date.day) != (2, 29) or calendar.isleap(year)
        ]

    def _on(self, date: PrintedDate, reading: Reading) -> Instant:
        wall = _wall(date, reading.clock or 0)
        starts = self._moments(wall, reading.offset)
        if reading.clock is not None:
            return _instant(self._past(starts), reading.precision)
        ends = self._moments(wall + reading.precision, reading.offset)
        return Instant(starts[0], max(max(ends) - starts[0], starts[0] - min(starts)))

    def _undated(self, reading: Reading) -> Instant | None:
        if self.now is None or reading.clock is None:
            return None
        offset = reading.offset if reading.offset is not None else self.offset or 0
        today = (self.now + offset) // DAY
        moments = [
            moment
            for day in (today, today - 1, today + 1)
            for moment in self._moments(float(day * DAY + reading.clock), reading.offset)
        ]
        latest = self.now + _LATER
        for limit in (_CLOCK_LIMIT + 2 * _LATER, DAY):
            recent = [moment for moment in moments if latest - limit < moment <= latest]
            if recent:
                return _instant(recent, reading.precision)
        return None

    def _past(self, moments: list[float]) -> list[float]:
        if self.now is None:
            return moments
        latest = self.now + _LATER
        return [moment for moment in moments if moment <= latest] or moments

    def _moments(self, wall: float, offset: int | None) -> list[float]:
        """Return the moments at which the daemon's wall clock may have shown a reading, the likeliest first."""
        if offset is None and self._given:
            return zones.to_utc(self._zones[0], wall)
        first = wall - (offset if offset is not None else self.offset or 0)
        if offset is not None or first >= self._certain_since:
            return [first]
        others = {moment for zone in self._zones for moment in zones.to_utc(zone, wall)}
        return [first, *sorted(others - {first})]


class _Anchor(NamedTuple):
    now: float
    offset: int | None
    date: PrintedDate | None


def _anchors(reading: Reading, received: float | None, zone: dt.tzinfo | None) -> list[_Anchor]:
    """Return what the daemon's time may be, one for each way to read its date."""
    if reading.epoch is not None:
        return [_Anchor(reading.epoch, None, None)]
    found = []
    for wall, date in _walls(reading, received):
        if reading.offset is not None:
            found.append(_Anchor(wall - reading.offset, reading.offset, date))
        elif zone is not None:
            found += [_Anchor(utc, None, date) for utc in zones.to_utc(zone, wall)]
        elif received is not None:
            offset = round((wall - received) / _QUARTER) * _QUARTER
            if _WESTMOST <= offset <= _EASTMOST:
                found.append(_Anchor(wall - offset, offset, date))
    return found


def _walls(reading: Reading, received: float | None) -> list[tuple[float, PrintedDate | None]]:
    """Return what the daemon's wall clock may show: a clock alone can be of the day before or after ours."""
    clock = reading.clock
    if clock is None:
        return []
    if reading.dates:
        return [(_wall(date, clock), date) for date in reading.dates]
    if received is None:
        return []
    today = received // DAY
    return [(day * DAY + clock, None) for day in (today - 1, today, today + 1)]


def _instant(moments: list[float], precision: float) -> Instant:
    first = moments[0]
    return Instant(round(first, 6), precision + max(abs(moment - first) for moment in moments))


def _wall(date: PrintedDate, clock: float) -> float:
    day = dt.date(date.year or 0, date.month, date.day)
    return float((day - _FIRST_DAY).days * DAY + clock)


def _date(wall: float) -> dt.date:
    return _FIRST_DAY + dt.timedelta(days=wall // DAY)
