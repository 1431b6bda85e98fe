"""BIRD's printed times as timestamps, and the accuracy that is stated with them."""

from __future__ import annotations

import datetime as dt
import functools
import itertools
import math
import pathlib
import zoneinfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from calicometrics.bird import zones
from calicometrics.bird.clock import Clock, Instant
from calicometrics.bird.daemon import parse_status
from calicometrics.bird.parser import parse_protocols

UTC = dt.UTC
HOUR, DAY = 3600, 86400
KATHMANDU = 20700  # seconds east of UTC: a quarter of an hour that is no half


def at(*fields: int) -> float:
    return dt.datetime(*fields, tzinfo=UTC).timestamp()


NOW = at(2026, 11, 23, 4, 45, 13)
RECEIVED = NOW + 0.3


def clock(server_time: str = "2026-11-23 04:45:13.250", received: float = RECEIVED) -> Clock:
    """A daemon in UTC, on 2026-11-23."""
    return Clock(server_time, received)


class TestTheFormats:
    @pytest.mark.parametrize(
        ("text", "expected", "accuracy"),
        [
            ("04:44:33.726", at(2026, 11, 23, 4, 44, 33) + 0.726, 0.001),
            ("04:44:33", at(2026, 11, 23, 4, 44, 33), 2),
            ("2026-11-22", at(2026, 11, 22), 86400),
            ("2026-11-23 04:44:33", at(2026, 11, 23, 4, 44, 33), 2),
            ("2026-11-23 04:44:33.726", at(2026, 11, 23, 4, 44, 33) + 0.726, 0.001),
            ("2026-11-23 04:44:33.726123", at(2026, 11, 23, 4, 44, 33) + 0.726123, 0.000001),
            ("1795409214", 1795409214, 2),
            ("14:07", at(2026, 11, 22, 14, 7), 61),
            ("Nov11", at(2026, 11, 11), 86400),
            ("Jun13", at(2026, 6, 13), 86400),
            ("Nov30", at(2025, 11, 30), 86400),
            ("2025", at(2025, 1, 1), 366 * 86400),
            ("23.11.2026 04:44:33", at(2026, 11, 23, 4, 44, 33), 2),
            ("11/23/2026 04:44:33 AM", at(2026, 11, 23, 4, 44, 33), 2),
            ("Mon Nov 23 04:44:33 2026", at(2026, 11, 23, 4, 44, 33), 2),
            ("2026-11-23 10:29:33 +0545", at(2026, 11, 23, 4, 44, 33), 2),
            ("10:29:33 +0545", at(2026, 11, 23, 4, 44, 33), 2),
        ],
    )
    def test_each_has_its_timestamp_and_its_accuracy(
        self, text: str, expected: float, accuracy: float
    ) -> None:
        instant = clock().instant(text)
        assert instant == Instant(pytest.approx(expected, abs=1e-6), accuracy)
        assert isinstance(instant.timestamp, float)

    @pytest.mark.parametrize("text", ["---", "", "<error>", "<too-long>", "?fut?", "never"])
    def test_what_is_no_time_is_absent(self, text: str) -> None:
        assert clock().instant(text) is None

    def test_a_blank_in_the_format_does_not_cut_the_time(self) -> None:
        """Calico's own status code splits the row at blanks and takes the date for the whole time."""
        row = "Mesh_10_9_0_3 BGP      master   up     2026-11-23 04:44:33  Established   \n"
        (protocol,) = parse_protocols(
            f"2002-name     proto    table    state  since       info\n1002-{row}0000 \n"
        )
        assert protocol.since == "2026-11-23 04:44:33"
        assert clock().instant(protocol.since) == Instant(at(2026, 11, 23, 4, 44, 33), 2)


class TestTheDay:
    def test_a_clock_later_than_now_was_yesterday(self) -> None:
        """Not 14 hours from now, and not 14 hours of uptime."""
        assert clock().instant("18:45:13") == Instant(at(2026, 11, 22, 18, 45, 13), 2)

    def test_a_change_between_the_two_commands_was_not_yesterday(self) -> None:
        """show status is asked before show protocols; a session may change in between."""
        assert clock().instant("04:45:14.100") == Instant(at(2026, 11, 23, 4, 45, 14) + 0.1, 0.001)

    def test_a_change_after_midnight_is_tomorrows_for_a_server_time_before_it(self) -> None:
        late = Clock("2026-11-23 23:59:59.900", at(2026, 11, 24))
        assert late.instant("00:00:00.200") == Instant(at(2026, 11, 24) + 0.2, 0.001)
        assert late.instant("23:59:59.500") == Instant(at(2026, 11, 23, 23, 59, 59) + 0.5, 0.001)

    def test_a_clock_of_a_custom_limit_over_20_hours_is_believed(self) -> None:
        """With ``timeformat protocol "%T" 86400 "%F"``."""
        assert clock().instant("06:00:00") == Instant(at(2026, 11, 22, 6), 2)

    @pytest.mark.parametrize(
        ("now", "expected"),
        [
            (at(2028, 3, 1), at(2028, 2, 29)),
            (at(2027, 3, 1), at(2024, 2, 29)),
            (at(2103, 1, 1), at(2096, 2, 29)),
        ],
    )
    def test_a_29th_of_february_without_a_year_is_the_last_one(self, now: float, expected: float) -> None:
        """2100 is no leap year."""
        text = dt.datetime.fromtimestamp(now, UTC).strftime("%F %T")
        assert Clock(text, now).instant("Feb29") == Instant(expected, 86400)


class TestTheZone:
    @pytest.mark.parametrize(
        ("server_time", "offset"),
        [
            ("2026-11-23 04:45:13", 0),
            ("2026-11-23 10:30:13.250", KATHMANDU),
            ("2026-11-22 16:45:13", -12 * HOUR),
            ("2026-11-23 18:45:13", 14 * HOUR),
            ("2026-11-23 10:30:13 +0545", KATHMANDU),
            ("23.11.2026 10:30:13", KATHMANDU),
            ("10:30:13", KATHMANDU),
            ("10:30", KATHMANDU),
            ("21:45:13", -7 * HOUR),
            ("10:30:13 +0545", KATHMANDU),
        ],
    )
    def test_it_follows_from_the_server_time_and_ours(self, server_time: str, offset: int) -> None:
        daemon = clock(server_time)
        assert daemon.offset == offset
        assert daemon.now == pytest.approx(NOW, abs=14)
        assert daemon.skew == pytest.approx(daemon.now - RECEIVED)

    def test_the_daemons_day_counts_not_ours(self) -> None:
        """It is 2026-11-23 10:30 in Kathmandu and 2026-11-22 19:45 on the other side of the world."""
        east = clock("2026-11-23 10:30:13")
        assert east.instant("10:29:33") == Instant(at(2026, 11, 23, 4, 44, 33), 2)
        assert east.instant("2026-11-22") == Instant(at(2026, 11, 21, 18, 15), 86400)
        west = clock("2026-11-22 17:45:13")
        assert west.instant("17:44:33") == Instant(at(2026, 11, 23, 4, 44, 33), 2)
        assert west.instant("22:00:00") == Instant(at(2026, 11, 22, 9), 2)

    def test_a_slow_reply_moves_no_timestamp(self) -> None:
        """The rest after the zone is reported, not corrected: a timestamp must not wander from round to round."""
        quick, slow = clock(received=RECEIVED), clock(received=RECEIVED + 4)
        assert quick.instant("04:44:33") == slow.instant("04:44:33")
        assert slow.skew == pytest.approx(-4.05)

    @pytest.mark.parametrize(
        "server_time",
        [
            "2026-11-20 04:45:13",
            "2027-11-23 04:45:13",
            "18:45:13",
            "2026-11-23",
            "Jun13",
            "1795409113",
            "soon",
        ],
    )
    def test_it_is_unknown_when_the_server_time_fits_no_zone(self, server_time: str) -> None:
        """Days off, 14 hours ahead or 10 behind, an epoch, no time: then only what needs no zone is known."""
        daemon = clock(server_time)
        assert daemon.offset is None
        for text in ("04:44:33", "2026-11-22", "2026-11-22 04:44:33", "Jun13", "2025"):
            assert daemon.instant(text) is None
        assert daemon.instant("1795409214") == Instant(1795409214, 2)
        assert daemon.instant("2026-11-23 10:29:33 +0545") == Instant(at(2026, 11, 23, 4, 44, 33), 2)

    @pytest.mark.parametrize(
        ("server_time", "received"), [(None, RECEIVED), ("2026-11-23 04:45:13", None), (None, None)]
    )
    def test_it_is_unknown_when_either_time_is_missing(
        self, server_time: str | None, received: float | None
    ) -> None:
        daemon = Clock(server_time, received)
        assert (daemon.offset, daemon.skew) == (None, None)
        assert daemon.instant("04:44:33") is None
        assert daemon.instant("2026-11-22 04:44:33") is None
        assert daemon.instant("1795409214") == Instant(1795409214, 2)

    def test_an_epoch_as_server_time_says_how_old_an_epoch_is(self) -> None:
        daemon = Clock("1795409234")
        assert daemon.now == 1795409234
        assert daemon.instant("1795409214") == Instant(daemon.now - 20, 2)

    def test_a_clock_with_its_offset_needs_a_day(self) -> None:
        assert Clock().instant("10:29:33 +0545") is None


class TestAGivenZone:
    BERLIN = zoneinfo.ZoneInfo("Europe/Berlin")

    def test_a_paste_needs_no_receive_time(self) -> None:
        daemon = Clock("2026-11-23 05:45:13", zone=self.BERLIN)
        assert (daemon.now, daemon.offset, daemon.skew) == (NOW, HOUR, None)
        assert daemon.instant("05:44:33") == Instant(at(2026, 11, 23, 4, 44, 33), 2)

    def test_a_receive_time_gives_the_day_when_there_is_no_server_time(self) -> None:
        daemon = Clock(None, NOW, zone=self.BERLIN)
        assert daemon.instant("05:44:33") == Instant(at(2026, 11, 23, 4, 44, 33), 2)

    def test_a_server_time_without_a_date_is_the_nearest_one(self) -> None:
        """With ``timeformat base iso short``; our midnight lies between the two clocks."""
        daemon = Clock("00:59:59", at(2026, 11, 23, 0, 0, 1), zone=self.BERLIN)
        assert (daemon.now, daemon.skew) == (at(2026, 11, 22, 23, 59, 59), -2)
        assert daemon.instant("00:59:00") == Instant(at(2026, 11, 22, 23, 59), 2)
        assert Clock("00:59:59", zone=self.BERLIN).now is None

    def test_a_date_needs_neither(self) -> None:
        daemon = Clock(zone=self.BERLIN)
        assert daemon.offset is None
        assert daemon.instant("2026-07-01 12:00:00") == Instant(at(2026, 7, 1, 10), 2)
        assert daemon.instant("12:00:00") is None
        assert daemon.instant("Jul01") is None

    def test_times_on_both_sides_of_a_change_are_exact(self) -> None:
        daemon = Clock("2026-11-23 05:45:13", RECEIVED, zone=self.BERLIN)
        assert daemon.instant("2026-10-24 12:00:00") == Instant(at(2026, 10, 24, 10), 2)
        assert daemon.instant("2026-10-26 12:00:00") == Instant(at(2026, 10, 26, 11), 2)

    def test_the_day_of_a_change_has_23_or_25_hours(self) -> None:
        daemon = Clock("2026-11-23 05:45:13", RECEIVED, zone=self.BERLIN)
        assert daemon.instant("2026-03-29") == Instant(at(2026, 3, 28, 23), 23 * HOUR)
        assert daemon.instant("2026-10-25") == Instant(at(2026, 10, 24, 22), 25 * HOUR)

    def test_a_reading_of_the_repeated_hour_is_an_hour_less_accurate(self) -> None:
        daemon = Clock("2026-11-23 05:45:13", RECEIVED, zone=self.BERLIN)
        assert daemon.instant("2026-10-25 02:30:00") == Instant(at(2026, 10, 25, 0, 30), HOUR + 2)

    def test_in_the_repeated_hour_the_receive_time_tells_which_it_is(self) -> None:
        """At 02:10 for the second time, 02:50 was 20 minutes ago, and 02:05 was 5 or 65."""
        daemon = Clock("2026-10-25 02:10:00", at(2026, 10, 25, 1, 10), zone=self.BERLIN)
        assert daemon.now == at(2026, 10, 25, 1, 10)
        assert daemon.instant("02:50:00") == Instant(at(2026, 10, 25, 0, 50), 2)
        assert daemon.instant("02:05:00") == Instant(at(2026, 10, 25, 0, 5), HOUR + 2)
        assert Clock("2026-10-25 02:10:00", at(2026, 10, 25, 0, 10), zone=self.BERLIN).now == at(
            2026, 10, 25, 0, 10
        )

    def test_a_clock_that_was_not_shown_within_the_last_24_hours_is_no_time(self) -> None:
        """A 25-hour day: at 03:00 the last 03:30 was half an hour more than 24 hours ago."""
        assert Clock("2026-10-25 03:00:00", zone=self.BERLIN).instant("03:30:00") is None

    def test_a_daemon_whose_clock_is_wrong_keeps_its_own_time(self) -> None:
        daemon = Clock("2026-11-23 06:45:13", NOW, zone=self.BERLIN)
        assert daemon.skew == HOUR
        assert daemon.now - daemon.instant("06:44:33").timestamp == 40


class TestAChangeOfTheClock:
    """The zone is inferred: what was its offset before?"""

    def test_a_time_before_the_last_possible_change_may_be_an_hour_off(self) -> None:
        """A daemon without offset in November may stand in London, where the 1st of July was an hour ahead."""
        assert clock().instant("2026-07-01 12:00:00") == Instant(at(2026, 7, 1, 12), HOUR + 2)
        assert clock().instant("2026-11-10 12:00:00") == Instant(at(2026, 11, 10, 12), 2)

    def test_a_zone_that_never_changes_leaves_no_doubt(self) -> None:
        assert clock("2026-11-23 10:30:13").instant("2026-07-01 12:00:00") == Instant(
            at(2026, 7, 1, 6, 15), 2
        )

    def test_an_event_before_tonights_change_is_no_day_off(self) -> None:
        """03:50 in summer time was 20 minutes ago when the clock shows 03:10 again, half an hour after it went back."""
        daemon = Clock("2026-10-25 02:10:00", at(2026, 10, 25, 1, 10))
        assert daemon.offset == HOUR
        assert daemon.instant("02:50:00") == Instant(at(2026, 10, 25, 0, 50), 2)
        assert daemon.instant("2026-10-25 02:50:00") == Instant(at(2026, 10, 25, 0, 50), 2)

    def test_a_change_between_the_two_commands_is_in_doubt_too(self) -> None:
        """Casablanca went back from 03:00 to 02:00 for Ramadan, one second after the server time was read."""
        daemon = Clock("2021-04-11 02:59:59", at(2021, 4, 11, 1, 59, 59))
        assert daemon.instant("02:00:01") == Instant(at(2021, 4, 11, 1, 0, 1), HOUR + 2)

    def test_without_a_database_the_doubt_is_stated(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(zones, "_changing", tuple)
        assert clock().instant("2026-11-10 12:00:00") == Instant(at(2026, 11, 10, 12), HOUR + 2)
        assert clock().instant("1795409214") == Instant(1795409214, 2)


class TestDayAndMonth:
    """``%d.%m.%Y`` or ``%m/%d/%Y``: nobody says which."""

    def test_the_server_time_tells_the_order(self) -> None:
        assert clock("23.11.2026 04:45:13").instant("03.04.2026 12:00:00").timestamp == at(2026, 4, 3, 12)
        assert clock("11.23.2026 04:45:13").instant("03.04.2026 12:00:00").timestamp == at(2026, 3, 4, 12)

    def test_the_server_time_tells_it_even_when_both_are_small(self) -> None:
        """3 April and 4 March are not both today."""
        daemon = Clock("03/04/2026 04:45:13", at(2026, 4, 3, 4, 45, 13))
        assert daemon.instant("01/02/2026 12:00:00").timestamp == at(2026, 2, 1, 12)
        daemon = Clock("03/04/26 04:45:13", at(2026, 3, 4, 4, 45, 13))
        assert daemon.instant("01/02/26 12:00:00").timestamp == at(2026, 1, 2, 12)

    def test_a_server_time_of_another_format_says_nothing(self) -> None:
        assert clock().instant("03.04.2026 12:00:00") is None
        assert (
            clock("11.11.2026 04:45:13", at(2026, 11, 11, 4, 45, 13)).instant("03.04.2026 12:00:00") is None
        )

    def test_a_reading_in_the_future_is_excluded(self) -> None:
        assert clock().instant("10.12.2026 12:00:00") == Instant(at(2026, 10, 12, 12), HOUR + 2)

    def test_a_day_over_12_is_no_month(self) -> None:
        assert clock().instant("13.11.2026 12:00:00") == Instant(at(2026, 11, 13, 12), 2)

    def test_equal_numbers_leave_no_doubt(self) -> None:
        assert clock().instant("11.11.2026 12:00:00") == Instant(at(2026, 11, 11, 12), 2)

    def test_a_paste_with_two_readings_of_its_server_time_has_no_now(self) -> None:
        assert Clock("03.04.2026 04:45:13", zone=UTC).now is None
        assert Clock("04.04.2026 04:45:13", zone=UTC).now == at(2026, 4, 4, 4, 45, 13)

    def test_one_reading_is_kept_even_if_it_lies_in_the_future(self) -> None:
        """A reply that was read an hour after the server time was; two readings in the future are none."""
        assert clock().instant("2026-11-23 05:45:13") == Instant(at(2026, 11, 23, 5, 45, 13), 2)
        assert clock().instant("03.04.2027 12:00:00") is None


FAULTS = {"errors", "neighbor-restarts", "recovery"}  # other configurations, recorded at other ages
RUNS = [
    path
    for path in sorted((pathlib.Path(__file__).parents[2] / "data" / "bird").glob("*/*/show_status.raw"))
    if path.parent.name not in FAULTS
]


class TestRecordedDaemons:
    """One configuration, recorded in five time formats by four versions, in UTC, 12 to 40 s after the start."""

    @pytest.mark.parametrize("path", [pytest.param(p, id="/".join(p.parts[-3:-1])) for p in RUNS])
    def test_all_times_of_a_run_agree(self, path: pathlib.Path) -> None:
        status = parse_status(path.read_text())
        daemon = Clock(status.server_time, zone=UTC)
        reboot, reconfigured = (
            daemon.instant(text) for text in (status.last_reboot, status.last_reconfiguration)
        )
        age = daemon.now - reboot.timestamp
        assert 11 < age < 42
        assert reconfigured == reboot
        protocols = {p.name: p for p in parse_protocols(path.with_name("show_protocols_all.raw").read_text())}
        device = daemon.instant(protocols["device1"].since)
        assert abs(device.timestamp - reboot.timestamp) <= device.accuracy + reboot.accuracy
        texts = itertools.chain.from_iterable((p.since, p.created) for p in protocols.values())
        for instant in (daemon.instant(text) for text in texts if text is not None):
            assert reboot.timestamp <= instant.timestamp <= daemon.now + 10
            assert instant.accuracy in {0.001, 2}

    def test_the_recordings_have_five_formats(self) -> None:
        assert {path.parent.name for path in RUNS} >= {
            "calico-mixed",
            "iso-long",
            "iso-long-ms",
            "epoch",
            "custom",
        }

    @pytest.mark.parametrize("path", [pytest.param(p, id="/".join(p.parts[-3:-1])) for p in RUNS])
    def test_the_zone_of_a_live_daemon_is_inferred(self, path: pathlib.Path) -> None:
        """The same with the time at which the reply was read instead of the zone; an epoch has no zone to infer."""
        status = parse_status(path.read_text())
        pasted = Clock(status.server_time, zone=UTC)
        live = Clock(status.server_time, pasted.now + 0.02)
        assert live.offset == (None if path.parent.name == "epoch" else 0)
        assert live.instant(status.last_reboot) == pasted.instant(status.last_reboot)


# What BIRD prints, to be read back ------------------------------------------------------------------------------

SHORT = 20 * HOUR
FORMATS = {
    # name: (first format, second format, limit in seconds or 0)
    "iso short": ("%T", "%F", SHORT),
    "iso short ms": ("%T.%3f", "%F", SHORT),
    "iso short us": ("%T.%6f", "%F", SHORT),
    "iso long": ("%F %T", "", 0),
    "iso long ms": ("%F %T.%3f", "", 0),
    "iso long us": ("%F %T.%6f", "", 0),
    "epoch": ("%s", "", 0),
    "old long": ("%d-%m-%Y %T", "", 0),
    "dots": ("%d.%m.%Y %T", "", 0),
    "american": ("%m/%d/%y %I:%M:%S %p", "", 0),
    "ctime": ("%c", "", 0),
    "offset": ("%F %T%z", "", 0),
    "zone": ("%F %T %Z", "", 0),
    "date first": ("%F", "", 0),
    "short limit": ("%H:%M", "%d.%m.%Y %H:%M", HOUR),
}
BASES = ["iso long", "iso long ms", "old long", "dots", "american", "offset"]
ZONES = [
    *("UTC", "Asia/Kathmandu", "Asia/Tokyo", "Pacific/Kiritimati", "Pacific/Pago_Pago", "Etc/GMT+12"),
    *zones._CHANGING,
]


def strftime(pattern: str, moment: float, zone: zoneinfo.ZoneInfo) -> str:
    """Format as BIRD 2 does: ``%Nf`` are digits of the microseconds, the rest is strftime's."""
    local = dt.datetime.fromtimestamp(math.floor(moment), zone)
    micros = math.floor((moment - math.floor(moment)) * 1e6)
    for digits in (3, 6):
        pattern = pattern.replace(f"%{digits}f", f"{micros:06}"[:digits])
    return local.strftime(pattern.replace("%s", str(math.floor(moment))))


def old_short(moment: float, age: float, zone: zoneinfo.ZoneInfo) -> str:
    """Format as BIRD 1.3 does by default, ``tm_format_reltime``."""
    limits = ((20 * HOUR, "%H:%M"), (360 * DAY, "%b%d"), (math.inf, "%Y"))
    return strftime(next(pattern for limit, pattern in limits if age < limit), moment, zone)


def since(name: str, moment: float, age: float, zone: zoneinfo.ZoneInfo) -> str:
    if name == "old short":
        return old_short(moment, age, zone)
    first, second, limit = FORMATS[name]
    return strftime(first if not limit or age < limit else second, moment, zone)


moments = st.floats(at(2020, 1, 1), at(2035, 1, 1)).map(lambda x: math.floor(x * 1e6) / 1e6)
ages = st.one_of(
    st.floats(0, 20 * HOUR),
    st.floats(0, 3 * DAY),
    st.floats(0, 355 * DAY),
    st.floats(0, 1000 * DAY),
).map(lambda x: math.floor(x * 1e6) / 1e6)
zone_names = st.sampled_from(ZONES)


@functools.cache
def changes(name: str, year: int) -> list[float]:
    """The moments, to the hour, at which a zone's clock changes in a year."""

    def offset(moment: float) -> int:
        return zones.offset_at(zoneinfo.ZoneInfo(name), moment)

    days = [at(year, 1, 1) + day * DAY for day in range(366)]
    return [
        next(day + hour * HOUR for hour in range(1, 25) if offset(day + hour * HOUR) != offset(day))
        for day in days
        if offset(day) != offset(day + DAY)
    ]


@st.composite
def changes_of_clocks(draw: st.DrawFn) -> tuple[float, str]:
    """A moment around the change of a zone's clock, and the zone."""
    name = draw(st.sampled_from(zones._CHANGING))
    year = draw(st.integers(2021, 2034))
    change = draw(st.sampled_from(changes(name, year) or [at(year, 6, 1)]))
    return change + draw(st.integers(-4 * HOUR, 48 * HOUR)), name


scenes = st.one_of(st.tuples(moments, zone_names), changes_of_clocks())


@settings(deadline=None)  # the machine may be busy
@given(
    scene=scenes,
    age=ages,
    name=st.sampled_from([*FORMATS, "old short"]),
    base=st.sampled_from(BASES),
    later=st.floats(0, 30),
    latency=st.floats(-200, 200),
)
def test_the_error_is_within_the_stated_accuracy(
    scene: tuple[float, str], age: float, name: str, base: str, later: float, latency: float
) -> None:
    """Whatever the zone, the day, the age and the format; in doubt between two dates the answer is none."""
    now, zone_name = scene
    zone = zoneinfo.ZoneInfo(zone_name)
    event = now + later - age
    text = since(name, event, age, zone)
    daemon = Clock(strftime(FORMATS[base][0], now, zone), now + latency)
    if daemon.now is not None and daemon.offset is None:
        pytest.fail("the zone of a sound server time is always known")
    instant = daemon.instant(text)
    if instant is None:
        assert name in {"old long", "dots", "american", "short limit"}
        assert name != base or strftime("%d", now, zone) == strftime("%m", now, zone)
        return
    assert abs(event - instant.timestamp) <= instant.accuracy + 1e-6


@settings(deadline=None)  # the machine may be busy
@given(scene=scenes, age=ages, name=st.sampled_from([*FORMATS, "old short"]), latency=st.floats(-200, 200))
def test_a_given_zone_leaves_only_the_repeated_hour_in_doubt(
    scene: tuple[float, str], age: float, name: str, latency: float
) -> None:
    now, zone_name = scene
    zone = zoneinfo.ZoneInfo(zone_name)
    event = now - age
    text = since(name, event, age, zone)
    instant = Clock(strftime("%F %T.%3f", now, zone), now + latency, zone=zone).instant(text)
    if instant is None:
        assert name in {"old long", "dots", "american", "short limit"}
        return
    assert -1e-6 <= event - instant.timestamp <= instant.accuracy + 1e-6
    wall = event + zones.offset_at(zone, event)
    if name.startswith("iso long") and len(zones.to_utc(zone, wall)) == 1:
        assert instant.accuracy <= 2


@settings(deadline=None)  # the machine may be busy
@given(
    boot=moments,
    age=st.floats(0, 20 * HOUR),
    phase=st.floats(0, 1, exclude_max=True),
    name=st.sampled_from(["iso short", "iso long", "epoch", "old short"]),
)
def test_the_error_is_within_the_stated_accuracy_for_bird_1(
    boot: float, age: float, phase: float, name: str
) -> None:
    """BIRD 1.x subtracts seconds of the monotonic clock, cut, from seconds of the day, cut."""
    now = boot + age
    printed = math.floor(now) - math.floor(now + phase) + math.floor(boot + phase)
    utc = zoneinfo.ZoneInfo("UTC")
    daemon = Clock(strftime("%F %T", now, utc), now)
    instant = daemon.instant(since(name, printed, age, utc))
    assert abs(boot - instant.timestamp) <= (instant.accuracy + 1e-6)


PAGE = pathlib.Path(__file__).parents[3] / "docs" / "time-formats.md"
ROWS = [
    [cell.strip() for cell in line.strip("|").split("|")]
    for line in PAGE.read_text(encoding="utf-8").splitlines()
    if line.startswith("| `")
]


class TestTheDocumentedFormats:
    """docs/time-formats.md says what is done with each format; it is done."""

    DAEMON = Clock("2026-11-23 09:35:23", at(2026, 11, 23, 9, 35, 23))

    @pytest.mark.parametrize("row", [pytest.param(row, id=row[0]) for row in ROWS if len(row) == 4])
    def test_a_row_is_true(self, row: list[str]) -> None:
        texts, _, moment, accuracy = row
        for text in texts.replace("`", "").split(", "):
            instant = self.DAEMON.instant(text)
            if moment == "absent":
                assert instant is None
            else:
                expected = dt.datetime.fromisoformat(moment).replace(tzinfo=UTC).timestamp()
                assert instant == Instant(pytest.approx(expected, abs=1e-6), float(accuracy))

    def test_the_tables_are_there(self) -> None:
        assert [len(row) for row in ROWS] == [4] * 19 + [5] * 11

    def test_the_example_prints_what_it_says(self) -> None:
        instant = Clock("2026-11-23 05:45:13", zone=zoneinfo.ZoneInfo("Europe/Berlin")).instant("05:44:33")
        assert f'clock.instant("05:44:33")  # {instant}' in PAGE.read_text(encoding="utf-8")

    def test_a_session_shown_in_another_zone_is_as_old(self) -> None:
        """The two rows at which the other tools fail worst."""
        kathmandu = Clock("2026-11-23 15:20:23", at(2026, 11, 23, 9, 35, 23))
        for text in ("14:13:43", "2026-11-23 14:13:43"):
            assert kathmandu.now - kathmandu.instant(text).timestamp == 4000
