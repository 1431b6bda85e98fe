"""The grammar of the times that BIRD prints: text in; clock, calendar fields and precision out.

BIRD prints times with ``strftime`` in the C locale (no version calls ``setlocale``) and 31 characters at most. The
formats are its own (``iso short``, ``iso long``, ``old short``, ``old long``, ``ms`` and ``us`` of the iso ones) or the
administrator's. What does not match a rule here is no time: a guess would be worse.

Sources: BIRD 1.3 to 1.6 ``sysdep/unix/io.c`` (``tm_format_datetime``, ``tm_format_reltime``) and ``conf/conf.c``;
2.x and 3.x ``lib/timer.h`` and ``lib/timer.c`` (``tm_format_time``).
"""

from __future__ import annotations

import datetime as dt
import re
from typing import TYPE_CHECKING, NamedTuple

import attrs

if TYPE_CHECKING:
    from collections.abc import Callable

SECOND = 2.0
"""How far a time in whole seconds may be off.

BIRD 2 and 3 cut the fraction, which is worth one second. BIRD 1.x subtracts two clocks that count whole seconds, so it
prints 2 s less to 1 s more than the truth, and not always the same: its ``Last reboot`` jumps by a second now and then.
"""
MINUTE = 61.0
"""The same for ``HH:MM``, which only BIRD 1.x prints of itself."""
DAY = 86400.0
YEAR = 366 * DAY

_MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
_FIRST_YEAR, _LAST_YEAR = 1970, 2200  # outside of them a number is no year
_LEAP_YEAR = 2000
_MAX_HOUR, _NOON, _MAX_MINUTE, _MAX_SECOND = 23, 12, 59, 60


class PrintedDate(NamedTuple):
    """One way to read a date."""

    order: str
    """The order and the separator of numbers, such as ``D.M.Y``; empty where there is only one way."""
    year: int | None
    """None for BIRD 1.3's ``Jun13``, which it prints for the 20th hour to the 360th day."""
    month: int
    day: int


@attrs.frozen
class Reading:
    """What a printed time says of itself, before the daemon's zone and day are known.

    Attributes:
        precision: How far the time may be from what was printed, in seconds; the length of the day or year when no
            clock was printed.
        epoch: Seconds since the epoch, when that is what was printed.
        dates: The ways to read the date; empty for a clock alone.
        clock: Seconds since midnight, or None for a date alone.
        offset: Seconds east of UTC, when printed.
    """

    precision: float
    epoch: float | None = None
    dates: tuple[PrintedDate, ...] = ()
    clock: float | None = None
    offset: int | None = None


_EPOCH = re.compile(r"(\d{9,10})(?:\.(\d{1,6}))?")  # 1795409214; 1795409214.726
_WEEKDAY = re.compile(r"(?:Mon|Tues?|Wed(?:nes)?|Thu(?:rs)?|Fri|Sat(?:ur)?|Sun)(?:day)?,? +")  # Mon, Monday
_CLOCK = re.compile(
    r"(?<![\d:])(\d{1,2}):(\d\d)(?::(\d\d)(?:\.(\d{1,6}))?)?"  # 14:07; 04:44:33; 04:45:13.726
    r"(?: ?([AaPp][Mm]))?"  # 04:44:33 PM
    r"(?: ?([+-]\d\d(?::?\d\d)?|Z\b)| ([A-Z]{3,5})\b)?"  # 04:44:33 +0545; 04:44:33 CET
    r"(?![\d:.])"
)
_UTC = {"Z", "UTC", "GMT"}

_Rule = tuple[re.Pattern[str], "Callable[..., list[PrintedDate]]"]


def _year_first(year: str, separator: str, month: str, day: str) -> list[PrintedDate]:
    return [PrintedDate(f"Y{separator}M{separator}D", int(year), int(month), int(day))]


def _numbers(one: str, sep: str, two: str, three: str) -> list[PrintedDate]:
    short = len(three) == 2  # noqa: PLR2004 - digits of %y
    a, b, c = int(one), int(two), int(three)
    year = 2000 + c if short else c
    dates = [PrintedDate(f"D{sep}M{sep}Y", year, b, a), PrintedDate(f"M{sep}D{sep}Y", year, a, b)]
    return [*dates, PrintedDate(f"Y{sep}M{sep}D", 2000 + a, b, c)] if short else dates


def _month_name(name: str, day: str, year: str | None) -> list[PrintedDate]:
    months = [number for number, month in enumerate(_MONTHS, 1) if name in {month, month[:3]}]
    return [PrintedDate("", int(year) if year else None, month, int(day)) for month in months]


_DATES: tuple[_Rule, ...] = (
    (re.compile(r"(\d{4})([-./])(\d{1,2})\2(\d{1,2})"), _year_first),  # 2026-11-23
    (re.compile(r"(\d{1,2})([-./])(\d{1,2})\2(\d{4}|\d\d)"), _numbers),  # 23.11.2026; 11/23/26
    (re.compile(r"([A-Z][a-z]+)[- ]?(\d{1,2})(?:[-, ]+(\d{4}))?"), _month_name),  # Jun13; Nov 23 2026
    (
        re.compile(r"(\d{1,2})[-. ]*([A-Z][a-z]+)(?:[-, ]+(\d{4}))?"),  # 23 Nov 2026; 23-Nov-2026
        lambda day, name, year: _month_name(name, day, year),
    ),
)


def read(text: str) -> Reading | None:
    """Return what a printed time says, or None when it is none (``---``, ``<error>``, ``<too-long>``, ``?fut?``)."""
    text = text.strip()
    if match := _EPOCH.fullmatch(text):
        return Reading(_precision(match[2], SECOND), epoch=float(text))
    text, weekdays = _WEEKDAY.subn("", text, count=1)
    clock = _CLOCK.search(text)
    if clock is None:
        return _date_alone(text)
    seconds = _seconds_of(clock)
    rest = " ".join(
        f"{text[: clock.start()].removesuffix('T')} {text[clock.end() :]}".replace(",", " ").split()
    )
    dates = _dates(rest)
    if seconds is None or ((rest or weekdays) and not dates) or any(date.year is None for date in dates):
        return None
    return Reading(
        _precision(clock[4], SECOND if clock[3] else MINUTE),
        dates=dates,
        clock=seconds,
        offset=_offset(clock[6] or clock[7]),
    )


def _date_alone(text: str) -> Reading | None:
    dates = _dates(text.replace(",", " "))
    if dates:
        return Reading(DAY, dates=dates)
    if text.isascii() and text.isdigit() and _FIRST_YEAR <= int(text) <= _LAST_YEAR:
        return Reading(YEAR, dates=(PrintedDate("", int(text), 1, 1),))
    return None


def _dates(text: str) -> tuple[PrintedDate, ...]:
    for rule, convert in _DATES:
        if match := rule.fullmatch(text):
            return tuple(date for date in convert(*match.groups()) if _exists(date))
    return ()


def _exists(date: PrintedDate) -> bool:
    year = _LEAP_YEAR if date.year is None else date.year
    try:
        dt.date(year, date.month, date.day)
    except ValueError:
        return False
    return _FIRST_YEAR <= year <= _LAST_YEAR


def _seconds_of(clock: re.Match[str]) -> float | None:
    hour, minute, second = int(clock[1]), int(clock[2]), int(clock[3] or 0)
    if clock[5]:
        if not 1 <= hour <= _NOON:
            return None
        hour = hour % _NOON + (_NOON if clock[5] in {"PM", "pm"} else 0)
    if hour > _MAX_HOUR or minute > _MAX_MINUTE or second > _MAX_SECOND:
        return None
    return hour * 3600 + minute * 60 + second + (float(f"0.{clock[4]}") if clock[4] else 0)


def _precision(fraction: str | None, whole: float) -> float:
    return 10.0 ** -len(fraction) if fraction else whole


def _offset(text: str | None) -> int | None:
    """Return the offset of ``+0545``, ``+05:45``, ``+14``, ``Z``; None for the others, since ``CST`` is three zones."""
    if text in _UTC:
        return 0
    if text is None or text[0] not in "+-":
        return None
    seconds = int(text[1:3]) * 3600 + int(text[3:].lstrip(":") or 0) * 60
    return -seconds if text[0] == "-" else seconds
