"""Rounds: what is shared, what is isolated, what is said when something fails."""

from __future__ import annotations

import logging
import os
import pathlib
import threading
import time
from typing import ClassVar

import pytest
from prometheus_client import CollectorRegistry, generate_latest

from calicometrics.bird.awaited import AwaitedBirdSocket
from calicometrics.collectors.base import Collector
from calicometrics.errors import ConfigError, PluginError, SourceError
from calicometrics.exporter import Exporter
from calicometrics.families import MetricFamily
from calicometrics.snapshot import Snapshot
from calicometrics.spec import FamilySpec
from calicometrics.testing.bird import FakeBird
from calicometrics.testing.endpoint import FakeEndpoint

DATA = pathlib.Path(__file__).parents[1] / "data"
MIXED = DATA / "bird/1.6.8/calico-mixed"
IPV6 = DATA / "bird/1.6.8/calico-ipv6"


BIRD_FAILED = {"bird_status": 0, "bird_protocols": 0, "bgp_timers": 0, "felix_summaries": 1}


class Numbers(Collector):
    """A collector that does what it is told."""

    name = "numbers"
    help = "numbers"

    def __init__(self, collect, called: str = "numbers") -> None:
        super().__init__()
        self.name = called  # type: ignore[misc]  # one class serves many tests
        self._collect = collect

    def collect(self, snapshot):
        return self._collect(snapshot)


def family(name: str, *values: float) -> MetricFamily:
    made = MetricFamily(name, "gauge", "A number.", ("n",))
    for index, value in enumerate(values):
        made.add((str(index),), value)
    return made


def values(families, name: str) -> dict[tuple[str, ...], float]:
    return {
        tuple(value for _, value in sample.labels): sample.value
        for each in families
        for sample in each.samples()
        if sample.name == name
    }


def success(families) -> dict[str, float]:
    return {labels[0]: value for labels, value in values(families, "calicometrics_collector_success").items()}


def test_two_daemons_are_read_with_one_connection_each() -> None:
    with FakeBird.from_directory(MIXED) as bird, FakeBird.from_directory(IPV6) as bird6:
        with Exporter({"bird": bird.path, "bird6": bird6.path}) as exporter:
            families = exporter.round().families
        assert bird.connections == bird6.connections == 1
        assert bird.commands == ["restrict", "show status", "show protocols all"]
    up = values(families, "bird_up")
    assert up["bird", "Mesh_10_9_0_3"] == 1
    assert up["bird", "Node_10_9_0_6"] == 0
    assert up["bird6", "Mesh_fd00_9__2"] == 1
    assert values(families, "bird_daemon_up") == {("bird",): 1, ("bird6",): 1}
    assert set(success(families).values()) == {1}
    channels = {labels[2] for labels in values(families, "bird_preference") if labels[0] == "bird6"}
    assert channels == {"ipv6"}


def test_a_dead_daemon_costs_only_its_own_series(tmp_path: pathlib.Path) -> None:
    with FakeBird.from_directory(MIXED) as bird:
        with Exporter({"bird": bird.path, "bird6": f"{tmp_path}/none.ctl"}) as exporter:
            done = exporter.round()
    assert values(done.families, "bird_daemon_up") == {("bird",): 1, ("bird6",): 0}
    assert success(done.families) == BIRD_FAILED
    assert values(done.families, "bird_up")["bird", "device1"] == 1
    assert not done.success
    assert exporter.succeeded
    assert {error for result in done.collectors for error in result.errors} == {
        f"BIRD at {tmp_path}/none.ctl: connect: no such socket"
    }


@pytest.mark.parametrize("fault", ["hang", "hang-mid", "cut", "refuse", "denied", "endless", "unrestricted"])
def test_whatever_a_daemon_does_the_other_one_is_served(fault: str) -> None:
    from calicometrics.bird.client import BirdSocket

    with FakeBird.from_directory(MIXED) as bird, FakeBird.from_directory(IPV6, fault=fault) as bird6:
        birds = {
            "bird": BirdSocket(bird.path),
            "bird6": BirdSocket(bird6.path, timeout=0.5, max_reply=100_000),
        }
        with Exporter(birds) as exporter:
            families = exporter.round().families
            assert values(families, "bird_daemon_up") == {("bird",): 1, ("bird6",): 0}
            assert success(families) == BIRD_FAILED
            assert values(families, "bird_up")["bird", "device1"] == 1
            assert {labels[0] for labels in values(families, "bird_up")} == {"bird"}
            bird6.fault = None
            families = exporter.round().families
            assert values(families, "bird_daemon_up") == {("bird",): 1, ("bird6",): 1}
            assert set(success(families).values()) == {1}


def test_a_daemon_that_drips_is_read_when_it_is_done_in_time() -> None:
    small = {"show status": (MIXED / "show_status.raw").read_bytes()}
    with FakeBird(small, fault="dribble") as bird:
        with Exporter({"bird": bird.path}, collectors=status_only()) as exporter:
            assert values(exporter.round().families, "bird_daemon_up") == {("bird",): 1}


def status_only() -> list[Collector]:
    from calicometrics.collectors.bird_status import BirdStatusCollector

    return [BirdStatusCollector()]


def test_a_daemon_that_restarts_between_two_rounds_is_read_again() -> None:
    first = FakeBird.from_directory(MIXED)
    with Exporter({"bird": first.path}) as exporter:
        assert exporter.round().success
        first.close()
        assert values(exporter.round().families, "bird_daemon_up") == {("bird",): 0}
        os.makedirs(os.path.dirname(first.path), exist_ok=True)
        with FakeBird.from_directory(MIXED, path=first.path):
            assert exporter.round().success
        os.rmdir(os.path.dirname(first.path))


def test_what_is_not_applicable_is_absent_and_never_zero() -> None:
    with FakeBird.from_directory(MIXED) as bird, Exporter({"bird": bird.path}) as exporter:
        changes = values(exporter.round().families, "bird_route_changes")
    node = {labels[3:]: value for labels, value in changes.items() if labels[1] == "Mesh_10_9_0_3"}
    assert node == {
        ("import", "updates", "received"): 5,
        ("import", "updates", "rejected"): 0,
        ("import", "updates", "filtered"): 0,
        ("import", "updates", "ignored"): 0,
        ("import", "updates", "accepted"): 5,
        ("import", "withdraws", "received"): 0,
        ("import", "withdraws", "rejected"): 0,
        ("import", "withdraws", "ignored"): 0,
        ("import", "withdraws", "accepted"): 0,
        ("export", "updates", "received"): 10,
        ("export", "updates", "rejected"): 0,
        ("export", "updates", "filtered"): 8,
        ("export", "updates", "accepted"): 2,
        ("export", "withdraws", "received"): 0,
        ("export", "withdraws", "accepted"): 0,
    }
    assert not [labels for labels in changes if labels[1] == "Node_10_9_0_6"]


def test_lines_nobody_knows_are_counted() -> None:
    with FakeBird.from_directory(DATA / "bird/3.3.2/calico-mixed") as bird:
        with Exporter({"bird": bird.path}) as exporter:
            families = exporter.round().families
    # The eleven lines of the RPKI session, which a plugin reads.
    assert values(families, "calicometrics_bird_unknown_lines") == {("bird",): 11}


# --- collectors ------------------------------------------------------------------------------------------------


def test_a_collector_that_raises_costs_only_itself(caplog: pytest.LogCaptureFixture) -> None:
    def broken(snapshot):
        yield family("never_shown", 1)
        raise RuntimeError("out of luck")

    good = Numbers(lambda snapshot: [family("good", 1)], "good")
    with Exporter({}, collectors=[Numbers(broken), good]) as exporter:
        done = exporter.round()
    assert success(done.families) == {"numbers": 0, "good": 1}
    assert values(done.families, "good") == {("0",): 1}
    assert done.collectors[0].errors == ("RuntimeError: out of luck",)
    assert "collector numbers: RuntimeError: out of luck" in caplog.text


def test_an_error_is_logged_when_it_begins_and_when_it_is_over(
    caplog: pytest.LogCaptureFixture, tmp_path: pathlib.Path
) -> None:
    path = f"{tmp_path}/bird.ctl"
    with caplog.at_level(logging.INFO), Exporter({"bird": path}) as exporter:
        for _ in range(3):
            exporter.round()
        assert caplog.text.count("no such socket") == 1
        caplog.clear()
        with FakeBird.from_directory(MIXED, path=path):
            for _ in range(3):
                exporter.round()
    assert [record.getMessage().partition(":")[0] for record in caplog.records] == ["over"]


@pytest.mark.parametrize(
    "said",
    [
        'headers: the server answered 500 Internal Server Error: "{}"',
        "show status: timeout after {} bytes",
        "line {}: felix: no such thing",
        "greeting: this is no BIRD: b'{}'",
        "the answer is no good HTTP: illegal status line: bytearray(b'{}…",
        "expected a timer, not 'it\\'s {}'",
    ],
)
def test_others_words_are_logged_with_the_first_error_and_change_nothing(
    caplog: pytest.LogCaptureFixture, said: str
) -> None:
    count = iter(range(100, 200))

    def fail(snapshot):
        raise SourceError("it's the daemon's: " + said.format(next(count)))

    with caplog.at_level(logging.INFO), Exporter({}, collectors=[Numbers(fail)]) as exporter:
        for _ in range(5):
            exporter.round()
    assert [record.getMessage() for record in caplog.records] == [
        "collector numbers: it's the daemon's: " + said.format(100)
    ]


def test_another_error_is_logged_though_both_have_apostrophes(caplog: pytest.LogCaptureFixture) -> None:
    said = iter(["a node's disk is a node's", "a node's fan is a node's", "peers' 'a'", "peers' list 'a'"])

    def fail(snapshot):
        raise SourceError(next(said))

    with Exporter({}, collectors=[Numbers(fail)]) as exporter:
        for _ in range(4):
            exporter.round()
    assert sum(record.levelno == logging.WARNING for record in caplog.records) == 4


def test_a_collector_that_hangs_delays_nobody_and_is_not_started_twice() -> None:
    release = threading.Event()
    calls = []

    def hang(snapshot):
        calls.append(1)
        release.wait(30)
        return [family("late", 1)]

    good = Numbers(lambda snapshot: [family("good", 1)], "good")
    with Exporter({}, collectors=[Numbers(hang), good]) as exporter:
        began = time.monotonic()
        first = exporter.round(timeout=0.2)
        second = exporter.round(timeout=0.2)
        assert time.monotonic() - began < 5
        assert success(first.families) == success(second.families) == {"numbers": 0, "good": 1}
        assert first.collectors[0].errors == ("not finished when the round's time was over",)
        assert second.collectors[0].errors == ("still busy with an earlier round",)
        assert len(calls) == 1
        release.set()
        while not exporter.round(timeout=5).success:
            time.sleep(0.01)


def test_more_samples_than_allowed_are_cut_off_at_a_whole_family() -> None:
    def many(snapshot):
        yield family("few", 1, 2)
        yield family("many", *range(100))
        yield family("never_asked_for", 1)

    with Exporter({}, collectors=[Numbers(many)], max_samples=50) as exporter:
        done = exporter.round()
    assert done.collectors[0].errors == ("more than 50 samples; many and what follows is left out",)
    assert values(done.families, "few") == {("0",): 1, ("1",): 2}
    assert not values(done.families, "many")


class Claims(Collector):
    name = "claims"
    help = "claims"
    families: ClassVar = (FamilySpec("taken", "gauge", "Taken."),)

    def collect(self, snapshot):
        return ()


class AlsoClaims(Claims):
    name = "also_claims"


class ClaimsOurs(Claims):
    name = "claims_ours"
    families: ClassVar = (FamilySpec("calicometrics_build_info", "gauge", "Taken."),)


@pytest.mark.parametrize(
    ("collectors", "message"),
    [
        ([Claims(), AlsoClaims()], "the family taken is claimed by claims and by also_claims"),
        ([Claims(), Claims()], "two collectors are called claims"),
        ([ClaimsOurs()], "calicometrics_build_info is claimed by calicometrics itself and by claims_ours"),
    ],
)
def test_collectors_that_claim_the_same_are_refused(collectors: list[Collector], message: str) -> None:
    with pytest.raises(PluginError, match=message):
        Exporter({}, collectors=collectors)


def test_a_family_that_clashes_at_run_time_costs_only_itself() -> None:
    one = Numbers(lambda snapshot: [family("same", 1), family("mine", 1)], "one")
    two = Numbers(lambda snapshot: [family("same", 2), family("yours", 2), family("yours", 3)], "two")
    with Exporter({}, collectors=[one, two]) as exporter:
        done = exporter.round()
    assert values(done.families, "same") == {("0",): 1}
    assert values(done.families, "yours") == {("0",): 2}
    assert done.collectors[1].errors == (
        "the family same belongs to one and is left out",
        "the family yours belongs to two and is left out",
    )
    assert success(done.families) == {"one": 1, "two": 0}


def test_a_page_that_two_collectors_pass_through_is_no_clash_of_theirs() -> None:
    same = family("same", 1)
    both = [Numbers(lambda snapshot: [same], name) for name in ("one", "two")]
    with Exporter({}, collectors=both) as exporter:
        done = exporter.round()
    assert success(done.families) == {"one": 1, "two": 1}
    assert values(done.families, "same") == {("0",): 1}


# --- rounds ----------------------------------------------------------------------------------------------------


def test_callers_at_the_same_time_share_one_round() -> None:
    inside, release = threading.Event(), threading.Event()
    collected = []

    def slow(snapshot):
        collected.append(snapshot)
        inside.set()
        release.wait(10)
        return [family("slow", 1)]

    rounds = []
    with Exporter({}, collectors=[Numbers(slow)]) as exporter:
        threads = [threading.Thread(target=lambda: rounds.append(exporter.round())) for _ in range(5)]
        threads[0].start()
        assert inside.wait(10)
        for thread in threads[1:]:
            thread.start()
        with pytest.raises(SourceError, match="the round under way was not over in 0.05 s"):
            exporter.round(timeout=0.05)
        until = time.monotonic() + 10
        while len(exporter._flight._condition._waiters) < 4:  # the others have come, and wait
            assert time.monotonic() < until
            time.sleep(0.005)
        release.set()
        for thread in threads:
            thread.join()
    assert len(rounds) == 5
    assert all(done is rounds[0] for done in rounds)
    assert len(collected) == 1


def test_a_round_is_not_kept_for_the_next_caller() -> None:
    count = iter(range(10))
    with Exporter({}, collectors=[Numbers(lambda snapshot: [family("n", next(count))])]) as exporter:
        assert [values(exporter.round().families, "n")["0",] for _ in range(3)] == [0, 1, 2]


def test_the_exporter_has_not_succeeded_before_anything_answered(tmp_path: pathlib.Path) -> None:
    with Exporter({"bird": f"{tmp_path}/none.ctl"}) as exporter:
        exporter.round()
        assert not exporter.succeeded


def test_own_families_are_shown_last() -> None:
    with Exporter({}, collectors=[]) as exporter:
        exporter.add_own(lambda: [family("sink_health", 1)])
        assert exporter.round().families[-1].name == "sink_health"


@pytest.mark.parametrize("auto_describe", [True, False])
def test_the_exporter_is_a_prometheus_client_collector(auto_describe: bool) -> None:
    with FakeBird.from_directory(MIXED) as bird, Exporter({"bird": bird.path}) as exporter:
        registry = CollectorRegistry(auto_describe=auto_describe)
        registry.register(exporter)
        page = generate_latest(registry).decode()
        assert 'bird_up{bird_daemon="bird",bird_protocol_instance="device1"} 1.0' in page
        with pytest.raises(ValueError, match="Duplicated timeseries"):
            registry.register(exporter)


# --- snapshots -------------------------------------------------------------------------------------------------


def test_a_snapshot_asks_and_parses_once_however_many_ask() -> None:
    parsed = []

    def parse(text: str) -> int:
        parsed.append(text)
        return len(text)

    with FakeBird.from_directory(MIXED) as bird:
        from calicometrics.bird.client import BirdSocket

        snapshot = Snapshot({"bird": BirdSocket(bird.path)})
        other = snapshot.view()
        assert list(snapshot.read("show memory", parse)) == list(other.read("show memory", parse))
        assert snapshot.daemons == ("bird",)
        snapshot.close()
        assert bird.commands == ["restrict", "show status", "show memory"]
    assert len(parsed) == 1


def test_a_failure_is_noted_for_each_view_but_waited_for_once(tmp_path: pathlib.Path) -> None:
    from calicometrics.bird.client import BirdSocket

    with FakeBird.from_directory(MIXED, fault="hang") as bird:
        snapshot = Snapshot({"bird": BirdSocket(bird.path, timeout=0.3)})
        one, two = snapshot.view(), snapshot.view()
        began = time.monotonic()
        assert list(one.protocols()) == list(two.status()) == []
        assert time.monotonic() - began < 3
        assert bird.connections == 1
        assert [str(error) for error in one.failures] == [str(error) for error in two.failures]
        assert snapshot.failures == []
        snapshot.close()


def test_a_command_that_bird_refuses_costs_only_that_command() -> None:
    from calicometrics.bird.client import BirdSocket

    with FakeBird.from_directory(MIXED) as bird:
        bird.answer("show protocols all", "9001 syntax error\n")
        snapshot = Snapshot({"bird": BirdSocket(bird.path)})
        assert list(snapshot.protocols()) == []
        assert len(list(snapshot.status())) == 1
        snapshot.close()


def test_a_round_that_is_over_is_not_read_any_more() -> None:
    from calicometrics.bird.client import BirdSocket

    with FakeBird.from_directory(MIXED) as bird:
        snapshot = Snapshot({"bird": BirdSocket(bird.path)})
        snapshot.close()
        with pytest.raises(SourceError, match="the round is over"):
            snapshot.text("bird", "show status")


def test_lines_that_do_not_match_are_problems_of_the_snapshot() -> None:
    from calicometrics.bird.client import BirdSocket

    with FakeBird.from_directory(MIXED) as bird:
        text = (
            (MIXED / "show_protocols_all.raw")
            .read_text()
            .replace("Hold timer:       176/240", "Hold timer: x")
        )
        bird.answer("show protocols all", text)
        snapshot = Snapshot({"bird": BirdSocket(bird.path)})
        ((_, protocols),) = snapshot.protocols()
        assert len(protocols) == 16
        assert [problem.reason for problem in snapshot.problems("bird")] == [
            "show protocols all: Mesh_10_9_0_3: Hold timer: expected a timer, remaining/configured, not 'x'"
        ]
        assert snapshot.failures == snapshot.problems("bird")
        snapshot.close()


def test_own_families_that_cannot_be_had_cost_only_themselves(caplog: pytest.LogCaptureFixture) -> None:
    def broken():
        raise RuntimeError("no health")

    good = Numbers(lambda snapshot: [family("good", 1)], "good")
    with Exporter({}, collectors=[good]) as exporter:
        exporter.add_own(broken)
        exporter.add_own(lambda: [family("sink_health", 1)])
        names = [each.name for each in exporter.round().families]
    assert {"good", "sink_health"} <= set(names)
    assert "no health" in caplog.text


def test_a_daemon_that_comes_later_is_read_from_then_on_and_is_down_when_it_dies(
    tmp_path: pathlib.Path,
) -> None:
    path = str(tmp_path / "bird.ctl")
    with Exporter({"bird": AwaitedBirdSocket([path])}) as exporter:
        before = exporter.round()
        assert before.success
        assert values(before.families, "bird_daemon_up") == {}
        with FakeBird.from_directory(MIXED, path=path):
            assert values(exporter.round().families, "bird_daemon_up") == {("bird",): 1}
        dead = exporter.round()
        assert values(dead.families, "bird_daemon_up") == {("bird",): 0}
        assert not dead.success


def test_a_daemon_may_be_given_as_a_path_and_a_page_as_a_url(tmp_path: pathlib.Path) -> None:
    with (
        FakeBird.from_directory(MIXED) as bird,
        FakeEndpoint("felix_resync_state 3\n") as felix,
        Exporter({"bird": pathlib.Path(bird.path)}, {"felix": felix.url}) as exporter,
    ):
        done = exporter.round()
        assert values(done.families, "bird_daemon_up") == {("bird",): 1}
        assert values(done.families, "felix_resync_state") == {(): 3}
    with pytest.raises(ConfigError, match="no usable URL"):
        Exporter({}, {"felix": "localhost:9091"})
