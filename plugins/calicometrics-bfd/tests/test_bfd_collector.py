"""The collector ``bfd`` on recorded replies, over a control socket."""

from __future__ import annotations

import pathlib

import pytest

import calicometrics_bfd
from calicometrics import BirdSocket, Snapshot
from calicometrics.plugins import Plugin, Plugins
from calicometrics.testing.bird import FakeBird
from calicometrics_bfd.collector import COMMANDS, BfdCollector

DATA = pathlib.Path(__file__).parent / "data"
Samples = dict[str, dict[tuple[str, ...], float]]


def collect(bird: FakeBird) -> tuple[Samples, list[str]]:
    """One round: family → label values behind the daemon's → value; and what went wrong."""
    snapshot = Snapshot({"bird": BirdSocket(bird.path)})
    try:
        families = {
            family.name: {
                tuple(text for _, text in sample.labels[1:]): sample.value for sample in family.samples()
            }
            for family in BfdCollector().collect(snapshot)
        }
    finally:
        snapshot.close()
    return families, [str(failure) for failure in snapshot.failures]


def recorded(scenario: str) -> FakeBird:
    return FakeBird.from_directory(DATA / scenario)


MULTIHOP, DIRECT = ("bfd1", "10.9.0.2", ""), ("bfd1", "10.9.0.2", "va")


@pytest.mark.parametrize("version", ["2.0.12", "2.19.2", "3.3.2"])
def test_a_session_is_told_by_protocol_address_and_interface(version: str) -> None:
    with recorded(version) as bird:
        families, failures = collect(bird)
    assert failures == []
    assert families["bird_bfd_up"] == {MULTIHOP: 1, DIRECT: 1}
    assert families["bird_bfd_state"] == {(*MULTIHOP, "Up"): 1, (*DIRECT, "Up"): 1}
    assert families["bird_bfd_transmit_interval_seconds"] == {MULTIHOP: 0.1, DIRECT: 0.1}
    assert families["bird_bfd_detect_time_seconds"] == {MULTIHOP: 0.5, DIRECT: 0.5}


def test_the_long_form_adds_families() -> None:
    with recorded("2.19.2") as bird:
        families, _ = collect(bird)
        assert COMMANDS[1] not in bird.commands
    assert families["bird_bfd_remote_state"] == {(*MULTIHOP, "Up"): 1, (*DIRECT, "Up"): 1}
    assert families["bird_bfd_detect_remaining_seconds"] == {MULTIHOP: 0.438, DIRECT: 0.455}
    assert families["bird_bfd_info"] == {(*MULTIHOP, "Multihop"): 1, (*DIRECT, "Direct"): 1}
    assert families["bird_bfd_diagnostic"] == {
        (*session, end, "None"): 1 for session in (MULTIHOP, DIRECT) for end in ("local", "remote")
    }
    assert families["bird_bfd_min_receive_interval_seconds"] == {
        (*MULTIHOP, "local"): 0.01,
        (*MULTIHOP, "remote"): 0.01,
        (*DIRECT, "local"): 0.1,
        (*DIRECT, "remote"): 0.1,
    }
    assert set(families["bird_bfd_min_transmit_interval_seconds"].values()) == {0.1}
    assert set(families["bird_bfd_detect_multiplier"].values()) == {5}


def test_a_version_without_the_long_form_is_asked_for_the_table() -> None:
    with recorded("1.6.8") as bird:
        families, failures = collect(bird)
        assert [command for command in bird.commands if "bfd" in command] == list(COMMANDS)
    assert failures == []
    assert families["bird_bfd_up"] == {DIRECT: 1}
    for absent in ("info", "remote_state", "diagnostic", "detect_remaining_seconds", "detect_multiplier"):
        assert families[f"bird_bfd_{absent}"] == {}


def test_a_session_that_is_down_is_0() -> None:
    with recorded("2.0.12-down") as bird:
        families, _ = collect(bird)
    session = ("bfd1", "10.2.0.1", "")
    assert families["bird_bfd_up"] == {session: 0}
    assert families["bird_bfd_state"] == {(*session, "Down"): 1}
    assert families["bird_bfd_detect_time_seconds"] == {session: 0}


def test_the_last_change_is_a_timestamp() -> None:
    with recorded("1.6.8-epoch") as bird:
        families, _ = collect(bird)
    assert families["bird_bfd_last_change_timestamp_seconds"] == {DIRECT: 1795409214}


@pytest.mark.parametrize(
    "reply", ["9001 There is no BFD protocol running", "9001 syntax error", "1020-bfd1: is not up\n0000 "]
)
def test_a_daemon_without_sessions_has_no_rows_and_is_no_failure(reply: str) -> None:
    with FakeBird(dict.fromkeys(COMMANDS, reply)) as bird:
        families, failures = collect(bird)
    assert failures == []
    assert not any(families.values())


def test_another_answer_of_bird_is_a_failure() -> None:
    with FakeBird(dict.fromkeys(COMMANDS, "9001 There are multiple BFD protocols running")) as bird:
        families, failures = collect(bird)
    assert not any(families.values())
    assert len(failures) == 1
    assert "show bfd sessions all" in failures[0]
    assert "multiple" in failures[0]


def test_a_daemon_that_cannot_be_read_costs_no_other() -> None:
    with recorded("1.6.8") as bird, recorded("1.6.8") as broken:
        broken.fault = "cut"
        snapshot = Snapshot({"broken": BirdSocket(broken.path), "bird": BirdSocket(bird.path)})
        up = next(iter(BfdCollector().collect(snapshot)))
        snapshot.close()
    assert [dict(sample.labels)["bird_daemon"] for sample in up.samples()] == ["bird"]
    assert len(snapshot.failures) == 1
    assert broken.path in str(snapshot.failures[0])


def test_a_line_that_is_not_understood_is_told() -> None:
    reply = "1020-bfd1:\n what\n 10.9.0.2  va  Up  04:45:14.478  0.100  0.500\n0000 "
    with FakeBird({COMMANDS[1]: reply}) as bird:
        families, failures = collect(bird)
    assert families["bird_bfd_up"] == {DIRECT: 1}
    assert failures == ["line 2: show bfd sessions: expected a row of the table, not 'what'"]


def test_what_was_not_printed_is_absent() -> None:
    with FakeBird({COMMANDS[0]: "1020-bfd1:\n   Address: 10.9.0.2\n0000 "}) as bird:
        families, _ = collect(bird)
    assert not any(families.values())


def test_the_package_offers_the_collector() -> None:
    plugins, plugin = Plugins(), Plugin("bfd", "calicometrics-bfd", calicometrics_bfd.__version__)
    plugins.register(calicometrics_bfd, plugin)
    assert plugin.error is None
    assert plugins.collectors["bfd"] is BfdCollector
    assert BfdCollector.enabled_by_default
