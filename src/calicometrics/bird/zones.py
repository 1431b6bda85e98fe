"""Wall clocks and UTC: what a zone, or only its present offset, says about times gone by.

"Wall" is the reading of a wall clock as seconds since 1970-01-01 00:00 on that same clock.
"""

from __future__ import annotations

import datetime as dt
import functools
import math
import zoneinfo
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

HOUR = 3600
DAY = 86400

_EPOCH = dt.datetime(1970, 1, 1)  # noqa: DTZ001 - naive on purpose: a wall clock before its zone is known
_LOOK_BACK = 60  # weeks: every clock that changes at all changes twice within them
_STEP = 7 * DAY  # no clock changes twice within a week
_MARGIN = 3 * HOUR  # no change is larger

# One of each way in which the world's clocks still change; without Antarctica's stations, who run no clusters.
_CHANGING = (
    *("Africa/Cairo", "Africa/Casablanca", "America/Adak", "America/Anchorage", "America/Chicago"),
    *("America/Denver", "America/Halifax", "America/Havana", "America/Los_Angeles", "America/Miquelon"),
    *("America/New_York", "America/Nuuk", "America/Santiago", "America/St_Johns", "Asia/Beirut", "Asia/Gaza"),
    *("Asia/Jerusalem", "Atlantic/Azores", "Australia/Adelaide", "Australia/Lord_Howe", "Australia/Sydney"),
    *("Europe/Athens", "Europe/Berlin", "Europe/Chisinau", "Europe/London", "Pacific/Auckland"),
    *("Pacific/Chatham", "Pacific/Easter", "Pacific/Norfolk"),
)


def offset_at(zone: dt.tzinfo, utc: float) -> int:
    """Return a zone's seconds east of UTC at a moment."""
    moment = (_EPOCH + dt.timedelta(seconds=utc)).replace(tzinfo=dt.UTC)
    return _seconds(moment.astimezone(zone).utcoffset())


def to_utc(zone: dt.tzinfo, wall: float) -> list[float]:
    """Return the moments at which a zone's wall clock shows a reading: two in the hour that autumn repeats."""
    local = (_EPOCH + dt.timedelta(seconds=wall)).replace(tzinfo=zone)
    return sorted({wall - _seconds(local.replace(fold=fold).utcoffset()) for fold in (0, 1)})


def alternatives(offset: int, now: float) -> tuple[dt.tzinfo, ...]:
    """Return zones that have an offset now and may have had another one before; empty for most of the world.

    Where there is no time zone database, any clock may have been an hour away from its present offset.
    """
    changing = _changing()
    if not changing:
        return tuple(_fixed(offset + difference) for difference in (-HOUR, HOUR))
    return tuple(zone for zone in changing if offset_at(zone, now) == offset)


def unchanged_since(offset: int, until: float, zones: Iterable[dt.tzinfo]) -> float:
    """Return a time between which and ``until`` none of the zones had another offset.

    It may be a week or so too late: only then is a look at each zone's history worth its time. It is later than
    ``until`` for a zone that changes just before.
    """
    since = -math.inf
    for zone in zones:
        weeks = 0
        while weeks < _LOOK_BACK and offset_at(zone, until - weeks * _STEP) == offset:
            weeks += 1
        since = max(since, until - (weeks - 1) * _STEP + _MARGIN)
    return since


@functools.cache
def _changing() -> tuple[dt.tzinfo, ...]:
    zones = []
    for name in _CHANGING:
        try:
            zones.append(zoneinfo.ZoneInfo(name))
        except zoneinfo.ZoneInfoNotFoundError:  # no database, or one older than the zone's name
            continue
    return tuple(zones)


def _fixed(offset: int) -> dt.tzinfo:
    return dt.timezone(dt.timedelta(seconds=offset))


def _seconds(offset: dt.timedelta | None) -> int:
    return round(offset.total_seconds()) if offset is not None else 0
