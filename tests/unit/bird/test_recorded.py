"""Recorded replies in place of a daemon: of their own time, and with the daemon's errors."""

from __future__ import annotations

import pytest

from calicometrics.bird.recorded import RecordedBird
from calicometrics.errors import CommandError
from calicometrics.snapshot import Snapshot

STATUS = "1000-BIRD 2.0.12\n1011-Current server time is 2026-11-23 05:45:13\n0013 Daemon is up and running\n"
AT_0545_UTC = 1795412713.0  # date -u -d '2026-11-23 05:45:13' +%s


def test_what_is_made_of_a_recording_does_not_depend_on_the_day() -> None:
    clock = Snapshot({"bird": RecordedBird({"show status": STATUS})}).clock("bird")
    assert clock.now == AT_0545_UTC
    instant = clock.instant("05:44:33")
    assert instant is not None
    assert instant.timestamp == AT_0545_UTC - 40


def test_the_time_of_reading_tells_the_zone() -> None:
    bird = RecordedBird({"show status": STATUS}, received=AT_0545_UTC - 3600)
    clock = Snapshot({"bird": bird}).clock("bird")
    assert (clock.offset, clock.now) == (3600, AT_0545_UTC - 3600)


@pytest.mark.parametrize(
    "replies",
    [{}, {"show status": "9001 syntax error\n"}, {"show status": "1000-BIRD 2.0.12\n0013 \n"}],
)
def test_replies_that_tell_no_time_are_of_now(
    replies: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    bird = RecordedBird(replies)
    for now in (1000.0, 2000.0):
        monkeypatch.setattr("time.time", lambda now=now: now)
        assert bird.now() == now


def test_an_error_that_was_recorded_is_the_error_of_a_socket() -> None:
    bird = RecordedBird({"show bfd sessions": "0001 BIRD 2.0.12 ready.\n8003 No protocols match\n"})
    with pytest.raises(
        CommandError, match=r"^BIRD at recorded replies: show bfd sessions: BIRD answered 8003 No prot"
    ) as told:
        bird.ask("show bfd sessions")
    assert told.value.code == "8003"
    with pytest.raises(CommandError, match="show ospf: no reply was recorded"):
        bird.ask("show ospf")
