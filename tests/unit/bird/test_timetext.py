"""The texts themselves: what a printed time says before zone and day are known."""

from __future__ import annotations

import pytest

from calicometrics.bird.timetext import DAY, MINUTE, SECOND, YEAR, PrintedDate, Reading, read

NOV_23 = (PrintedDate("Y-M-D", 2026, 11, 23),)
NAMED = (PrintedDate("", 2026, 11, 23),)
CLOCK = 4 * 3600 + 44 * 60 + 33


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("04:44:33", Reading(SECOND, clock=CLOCK)),
        ("04:44:33.726", Reading(0.001, clock=CLOCK + 0.726)),
        ("04:44:33.000726", Reading(0.000001, clock=CLOCK + 0.000726)),
        ("04:44", Reading(MINUTE, clock=CLOCK - 33)),
        ("4:44", Reading(MINUTE, clock=CLOCK - 33)),
        ("23:59:60", Reading(SECOND, clock=DAY)),
        ("2026-11-23", Reading(DAY, dates=NOV_23)),
        ("2026-11-23 04:44:33", Reading(SECOND, dates=NOV_23, clock=CLOCK)),
        ("2026-11-23T04:44:33", Reading(SECOND, dates=NOV_23, clock=CLOCK)),
        ("04:44:33 2026-11-23", Reading(SECOND, dates=NOV_23, clock=CLOCK)),
        ("2026-11-23 04:44:33.726", Reading(0.001, dates=NOV_23, clock=CLOCK + 0.726)),
        ("2026-11-23 04:44:33 +0545", Reading(SECOND, dates=NOV_23, clock=CLOCK, offset=20700)),
        ("2026-11-23T04:44:33-03:30", Reading(SECOND, dates=NOV_23, clock=CLOCK, offset=-12600)),
        ("2026-11-23T04:44:33Z", Reading(SECOND, dates=NOV_23, clock=CLOCK, offset=0)),
        ("2026-11-23 04:44:33 UTC", Reading(SECOND, dates=NOV_23, clock=CLOCK, offset=0)),
        ("2026-11-23 04:44:33 CST", Reading(SECOND, dates=NOV_23, clock=CLOCK)),
        ("1795409214", Reading(SECOND, epoch=1795409214.0)),
        ("1795409214.726", Reading(0.001, epoch=1795409214.726)),
        ("Jun13", Reading(DAY, dates=(PrintedDate("", None, 6, 13),))),
        ("Feb29", Reading(DAY, dates=(PrintedDate("", None, 2, 29),))),
        ("2025", Reading(YEAR, dates=(PrintedDate("", 2025, 1, 1),))),
        ("Mon Nov 23 04:44:33 2026", Reading(SECOND, dates=NAMED, clock=CLOCK)),
        ("Monday, 23 November 2026 04:44", Reading(MINUTE, dates=NAMED, clock=CLOCK - 33)),
        ("23-Nov-2026 04:44:33 PM", Reading(SECOND, dates=NAMED, clock=CLOCK + 12 * 3600)),
        ("Nov 23 2026 12:00:00 am", Reading(SECOND, dates=NAMED, clock=0)),
        ("Nov 23 12:00 PM 2026", Reading(MINUTE, dates=NAMED, clock=DAY / 2)),
        ("2026-11-23 04:44:33 +14", Reading(SECOND, dates=NOV_23, clock=CLOCK, offset=50400)),
        ("  04:44:33 ", Reading(SECOND, clock=CLOCK)),
    ],
)
def test_a_time_says_what_it_says(text: str, expected: Reading) -> None:
    assert read(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("23.11.2026 04:44:33", {"D.M.Y": (2026, 11, 23)}),
        ("11/23/2026 04:44:33", {"M/D/Y": (2026, 11, 23)}),
        ("03-04-2026 04:44:33", {"D-M-Y": (2026, 4, 3), "M-D-Y": (2026, 3, 4)}),
        ("03/04/26 04:44:33", {"D/M/Y": (2026, 4, 3), "M/D/Y": (2026, 3, 4), "Y/M/D": (2003, 4, 26)}),
        ("26-11-23", {"D-M-Y": (2023, 11, 26), "Y-M-D": (2026, 11, 23)}),
    ],
)
def test_a_date_in_numbers_has_every_reading_that_exists(
    text: str, expected: dict[str, tuple[int, ...]]
) -> None:
    """A month 23 excludes a reading; nothing else does, for the format is the administrator's."""
    reading = read(text)
    assert reading is not None
    assert {date.order: tuple(date[1:]) for date in reading.dates} == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        "---",
        "<error>",
        "<too-long>",
        "?fut?",
        "up",
        "since 04:44:33",
        "24:00:00",
        "04:60:00",
        "04:44:61",
        "13:00 PM",
        "00:00 AM",
        "04:44:33:12",
        "04:44:33.1234567",
        "2026-13-01",
        "2026-02-30 04:44:33",
        "31.31.2026 04:44:33",
        "1969-12-31",
        "9999-12-31 23:59:59",
        "1969",
        "12",
        "12345",
        "Foo13",
        "Foo 13 04:44:33",
        "Mon 04:44:33",
        "23.11. 04:44",
        "Nov 23 04:44:33",
        "20261123044433",
        "4h40m",
        "1 day, 04:44:33",
    ],
)
def test_what_is_no_time_is_not_guessed_at(text: str) -> None:
    """A weekday and a clock leave the week open, a day and a clock the year: an old session would look young."""
    assert read(text) is None
