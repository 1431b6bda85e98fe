"""The collector ``rpki`` on recorded replies, over a control socket."""

from __future__ import annotations

import datetime as dt
import pathlib
import time

import pytest

import calicometrics_rpki
from calicometrics import BirdSocket, Snapshot
from calicometrics.plugins import Plugin, Plugins
from calicometrics.testing.bird import FakeBird
from calicometrics_rpki.collector import RpkiCollector
from calicometrics_rpki.kind import RPKI

DATA = pathlib.Path(__file__).parent / "data"
Samples = dict[str, dict[tuple[str, ...], float]]
RPKI1 = ("rpki1",)


def collect(bird: FakeBird) -> tuple[Samples, list[str]]:
    """One round: family → label values behind the daemon's → value; and what went wrong."""
    snapshot = Snapshot({"bird": BirdSocket(bird.path)}, kinds=[RPKI])
    try:
        families = {
            family.name: {
                tuple(text for _, text in sample.labels[1:]): sample.value for sample in family.samples()
            }
            for family in RpkiCollector().collect(snapshot)
        }
    finally:
        snapshot.close()
    return families, [str(failure) for failure in snapshot.failures]


def recorded(scenario: str) -> FakeBird:
    return FakeBird.from_directory(DATA / scenario)


def test_what_a_cache_told_is_counted_by_channel() -> None:
    with recorded("2.0.12-established") as bird:
        families, failures = collect(bird)
    assert failures == []
    assert families["bird_rpki_up"] == {RPKI1: 1}
    assert families["bird_rpki_state"] == {(*RPKI1, "Established"): 1}
    assert families["bird_rpki_info"] == {(*RPKI1, "127.0.0.1", "35817", "Unprotected over TCP", "1"): 1}
    assert families["bird_rpki_session_id"] == {RPKI1: 17}
    assert families["bird_rpki_serial_number"] == {RPKI1: 42}
    assert families["bird_rpki_roas"] == {(*RPKI1, "roa4"): 2, (*RPKI1, "roa6"): 1}
    assert families["bird_rpki_aspas"] == {}


def test_timers_that_run_have_both_values_and_others_none() -> None:
    with recorded("2.0.12-established") as bird:
        families, _ = collect(bird)
    assert families["bird_rpki_refresh_timer_current"] == {RPKI1: 3596.9}
    assert families["bird_rpki_refresh_timer_initial"] == {RPKI1: 3600}
    assert families["bird_rpki_expire_timer_current"] == {RPKI1: 7196.9}
    assert families["bird_rpki_expire_timer_initial"] == {RPKI1: 7200}
    assert families["bird_rpki_retry_timer_current"] == {}
    assert families["bird_rpki_retry_timer_initial"] == {}


@pytest.mark.parametrize(("version", "remaining"), [("2.0.12", 0.317), ("2.19.2", 2.241), ("3.3.2", 2.266)])
def test_a_cache_that_cannot_be_reached_is_0_and_has_told_nothing(version: str, remaining: float) -> None:
    with recorded(version) as bird:
        families, failures = collect(bird)
    assert failures == []
    assert families["bird_rpki_up"] == {RPKI1: 0}
    assert families["bird_rpki_state"] == {(*RPKI1, "Transport-Error"): 1}
    assert families["bird_rpki_retry_timer_current"] == {RPKI1: remaining}
    assert families["bird_rpki_retry_timer_initial"] == {RPKI1: 5}
    for absent in ("roas", "serial_number", "session_id", "last_update_timestamp_seconds"):
        assert families[f"bird_rpki_{absent}"] == {}
    info = (*RPKI1, "10.9.0.99", "", "Unprotected over TCP", "1" if version == "2.0.12" else "2")
    assert families["bird_rpki_info"] == {info: 1}


def test_the_last_update_is_reckoned_from_the_daemons_clock() -> None:
    def status() -> str:
        now = dt.datetime.now(dt.UTC).strftime("%Y-%m-%d %H:%M:%S.%f")[:-3]
        return f"1000-BIRD 2.0.12\n1011-Current server time is {now}\n0013 Daemon is up and running\n"

    with recorded("2.0.12-established") as bird:
        bird.answer("show status", status)
        before = time.time()
        families, _ = collect(bird)
        after = time.time()
    updated = families["bird_rpki_last_update_timestamp_seconds"][RPKI1]
    assert before - 0.002 <= updated + 3.099 <= after + 0.002


def test_without_the_daemons_clock_there_is_no_time_of_the_last_update() -> None:
    with recorded("2.0.12-established") as bird:
        bird.answer("show status", "9001 not now")
        families, failures = collect(bird)
    assert failures == []
    assert families["bird_rpki_up"] == {RPKI1: 1}
    assert families["bird_rpki_last_update_timestamp_seconds"] == {}


def test_aspas_are_no_roas() -> None:
    reply = (
        "2002-Name       Proto      Table      State  Since         Info\n"
        "1002-rpki1      RPKI       ---        up     11:41:07.742  Established\n"
        "1006-  Channel aspa\n"
        "     State:          UP\n"
        "     Routes:         5 imported, 0 exported, 5 preferred\n"
        "   No roa4 channel\n"
        "   No roa6 channel\n"
        " \n0000 "
    )
    with FakeBird({"show protocols all": reply}) as bird:
        families, _ = collect(bird)
    assert families["bird_rpki_aspas"] == {(*RPKI1, "aspa"): 5}
    assert families["bird_rpki_roas"] == {}
    assert families["bird_rpki_up"] == {}


def test_a_daemon_without_rpki_has_no_rows_and_gets_no_other_command() -> None:
    reply = (
        "2002-Name       Proto      Table      State  Since         Info\n"
        "1002-device1    Device     ---        up     11:41:07.742  \n \n0000 "
    )
    with FakeBird({"show protocols all": reply}) as bird:
        families, failures = collect(bird)
        assert set(bird.commands) == {"restrict", "show status", "show protocols all"}
    assert failures == []
    assert not any(families.values())


def test_a_daemon_that_cannot_be_read_costs_no_other() -> None:
    with recorded("2.0.12") as bird, recorded("2.0.12") as broken:
        broken.fault = "cut"
        snapshot = Snapshot({"broken": BirdSocket(broken.path), "bird": BirdSocket(bird.path)}, kinds=[RPKI])
        up = next(iter(RpkiCollector().collect(snapshot)))
        snapshot.close()
    assert [dict(sample.labels)["bird_daemon"] for sample in up.samples()] == ["bird"]
    assert len(snapshot.failures) == 1
    assert broken.path in str(snapshot.failures[0])


def test_the_package_offers_the_kind_and_the_collector() -> None:
    plugins, plugin = Plugins(), Plugin("rpki", "calicometrics-rpki", calicometrics_rpki.__version__)
    plugins.register(calicometrics_rpki, plugin)
    assert plugin.error is None
    assert plugins.kinds["RPKI"] is RPKI
    assert plugins.collectors["rpki"] is RpkiCollector
    assert RpkiCollector.enabled_by_default
