"""Sinks that push: what one of them does wrong costs nobody else anything."""

from __future__ import annotations

import itertools
import logging
import threading
import time
import weakref

import pytest

from calicometrics import sinks
from calicometrics.errors import SourceError
from calicometrics.exporter import Exporter
from calicometrics.families import MetricFamily
from calicometrics.rounds import Round
from calicometrics.sinks import push
from calicometrics.sinks.base import Sink
from calicometrics.sinks.push import PushOptions, PushSink
from calicometrics.sinks.ticker import Ticker
from calicometrics.snapshot import Snapshot


class StubExporter:
    """An exporter whose rounds are counted."""

    def __init__(self) -> None:
        self.rounds: list[Round] = []
        self.timeouts: list[float | None] = []
        self.error: Exception | None = None

    def round(self, timeout: float | None = None) -> Round:
        self.timeouts.append(timeout)
        if self.error is not None:
            raise self.error
        family = MetricFamily("n", "gauge", "The number of the round.")
        family.add((), len(self.rounds))
        made = Round((family,), (), Snapshot(), time.time())
        self.rounds.append(made)
        return made


class Recorder(PushSink):
    """A sink that does what it is told and keeps what it gets."""

    name = "recorder"
    help = "records"

    def __init__(self, options: PushOptions, act=lambda: None) -> None:
        super().__init__(options)
        self.got: list[Round] = []
        self.act = act
        self.arrived = threading.Event()

    def write(self, done: Round) -> None:
        self.got.append(done)
        self.arrived.set()
        self.act()


FAST = PushOptions(interval=0.05)


def wait_for(condition, timeout: float = 10.0) -> None:
    deadline = time.monotonic() + timeout
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.005)


def health(sink: PushSink, name: str) -> float | None:
    values = [s.value for family in sink.families() for s in family.samples() if s.name == name]
    return values[0] if values else None


def test_a_sink_gets_a_round_each_interval_and_a_last_one_at_the_end() -> None:
    exporter, sink = StubExporter(), Recorder(FAST)
    sink.start(exporter)
    wait_for(lambda: len(sink.got) >= 3)
    before = len(exporter.rounds)
    sink.close()
    assert len(exporter.rounds) > before
    assert sink.got[-1] is exporter.rounds[-1]
    sink.close()


def test_sinks_of_one_interval_share_their_rounds() -> None:
    exporter, one, two = StubExporter(), Recorder(FAST), Recorder(FAST)
    one.start(exporter)
    two.start(exporter)
    wait_for(lambda: len(one.got) >= 4 and len(two.got) >= 4)
    shared = {id(done) for done in one.got} & {id(done) for done in two.got}
    assert len(shared) >= 3
    one.close()
    two.close()


def test_a_sink_that_hangs_delays_no_other_sink_and_not_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(push, "GRACE", 0.2)
    release = threading.Event()
    exporter, stuck, good = StubExporter(), Recorder(FAST, lambda: release.wait(30)), Recorder(FAST)
    stuck.start(exporter)
    good.start(exporter)
    wait_for(lambda: len(good.got) >= 4)
    assert len(stuck.got) == 1
    began = time.monotonic()
    stuck.close()
    good.close()
    assert time.monotonic() - began < 5
    release.set()


def test_a_sink_that_is_slow_gets_the_newest_round_not_a_queue_of_old_ones() -> None:
    exporter = StubExporter()
    gate = threading.Event()
    sink = Recorder(FAST, lambda: gate.wait(10))
    sink.start(exporter)
    assert sink.arrived.wait(10)
    wait_for(lambda: len(exporter.rounds) >= 6)
    newest = exporter.rounds[-1]
    gate.set()
    wait_for(lambda: len(sink.got) >= 2)
    assert sink.got[1].time >= newest.time
    sink.close()


def fail() -> None:
    raise OSError("out of luck")


def test_failures_are_counted_logged_once_and_followed_by_longer_and_longer_pauses(
    caplog: pytest.LogCaptureFixture,
) -> None:
    exporter, sink = StubExporter(), Recorder(PushOptions(interval=0.02), fail)
    sink.start(exporter)
    wait_for(lambda: len(sink.got) >= 4)
    taken = [exporter.rounds.index(done) for done in sink.got[:4]]
    pauses = [later - earlier for earlier, later in itertools.pairwise(taken)]
    assert pauses == sorted(pauses)
    assert pauses[-1] > 1
    assert health(sink, "calicometrics_sink_up") == 0
    assert health(sink, "calicometrics_sink_failures_total") >= 4
    assert health(sink, "calicometrics_sink_last_success_timestamp_seconds") is None
    assert caplog.text.count("sink recorder: OSError: out of luck") == 1
    with caplog.at_level(logging.INFO):
        sink.act = lambda: None
        sink.close()
    assert "sink recorder: works again" in caplog.text
    assert health(sink, "calicometrics_sink_up") == 1
    assert health(sink, "calicometrics_sink_last_success_timestamp_seconds") == pytest.approx(
        time.time(), abs=60
    )


def test_an_exporter_that_fails_is_asked_again(caplog: pytest.LogCaptureFixture) -> None:
    exporter, sink = StubExporter(), Recorder(FAST)
    exporter.error = RuntimeError("no luck")
    sink.start(exporter)
    wait_for(lambda: "no round for the sinks: no luck" in caplog.text)
    exporter.error = None
    wait_for(lambda: sink.got)
    sink.close()


def test_an_exporter_that_goes_on_failing_is_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    exporter, sink = StubExporter(), Recorder(FAST)
    exporter.error = SourceError("no luck")
    sink.start(exporter)
    wait_for(lambda: len(exporter.timeouts) >= 4)
    with caplog.at_level(logging.INFO):
        exporter.error = None
        wait_for(lambda: sink.got)
    sink.close()
    assert caplog.text.count("no round for the sinks") == 1
    assert "rounds for the sinks again" in caplog.text


@pytest.mark.parametrize("interval", [0.01, 3600])
def test_a_round_for_the_sinks_has_the_time_that_a_scrape_which_shares_it_needs(interval: float) -> None:
    """Prometheus waits 10 s: neither a collector that hangs nor a sink in a hurry may spoil its page."""
    exporter = StubExporter()
    ticker = Ticker(exporter, 0.01)
    ticker._interval = interval
    wait_for(lambda: exporter.timeouts)
    ticker._over.set()
    ticker._tick()
    assert set(exporter.timeouts) == {8.0}


def test_a_sink_that_hangs_is_down_and_what_it_missed_are_failures(caplog: pytest.LogCaptureFixture) -> None:
    gate = threading.Event()
    exporter, sink = StubExporter(), Recorder(FAST, lambda: gate.wait(30))
    sink.start(exporter)
    wait_for(lambda: health(sink, "calicometrics_sink_failures_total") >= 3)
    assert health(sink, "calicometrics_sink_up") == 0
    assert len(sink.got) == 1
    assert caplog.text.count("sink recorder: busy with an earlier round") == 1
    with caplog.at_level(logging.INFO):
        gate.set()
        wait_for(lambda: health(sink, "calicometrics_sink_up") == 1)
    assert "sink recorder: works again" in caplog.text
    sink.close()


def test_a_sink_that_is_always_too_slow_stays_down_though_it_succeeds(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Each round is handed over, but others were missed meanwhile; the log is not to tell of it again and again."""
    exporter, sink = StubExporter(), Recorder(PushOptions(interval=3600))
    sink.start(exporter)
    for _ in range(3):
        held, entered = threading.Event(), threading.Event()

        def act(held=held, entered=entered) -> None:
            entered.set()
            held.wait(10)

        sink.act = act
        before = health(sink, "calicometrics_sink_failures_total")
        sink._offer(exporter.round())
        assert entered.wait(10)
        sink.act = lambda: None
        for _ in range(2):  # the first of them is missed
            sink._offer(exporter.round())
        assert health(sink, "calicometrics_sink_failures_total") == before + 1
        assert health(sink, "calicometrics_sink_up") == 0
        held.set()
        wait_for(lambda: sink.got[-1] is exporter.rounds[-1])
    wait_for(lambda: health(sink, "calicometrics_sink_up") == 1)
    sink.close()
    assert caplog.text.count("busy with an earlier round") == 3


def test_an_error_without_words_is_logged_by_its_name(caplog: pytest.LogCaptureFixture) -> None:
    def act() -> None:
        raise SystemExit

    exporter, sink = StubExporter(), Recorder(FAST, act)
    sink.start(exporter)
    wait_for(lambda: len(sink.got) >= 2)  # not even this ends the sink's thread
    sink.close()
    assert caplog.text.count("sink recorder: SystemExit") == 1


def test_a_sink_that_hangs_at_the_end_is_told_of(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(push, "GRACE", 0.1)
    release = threading.Event()
    sink = Recorder(PushOptions(interval=3600), lambda: release.wait(30))
    sink.start(StubExporter())
    sink.close()
    release.set()
    assert "sink recorder: not done within 0.1 s; what it had left is lost" in caplog.text


def test_a_sink_that_hangs_delays_no_scrape() -> None:
    release = threading.Event()
    with Exporter({}) as exporter:
        sink = Recorder(FAST, lambda: release.wait(30))
        exporter.add_own(sink.families)
        sink.start(exporter)
        assert sink.arrived.wait(10)
        began = time.monotonic()
        names = {family.name for family in exporter.round(5).families}
        assert time.monotonic() - began < 5
        release.set()
        sink.close()
    assert "calicometrics_sink_failures_total" in names


def test_a_sink_holds_no_round_between_two() -> None:
    exporter, sink = StubExporter(), Recorder(PushOptions(interval=3600))
    sink.start(exporter)
    sink._offer(exporter.round())
    wait_for(lambda: health(sink, "calicometrics_sink_up") == 1)
    kept = weakref.ref(exporter.rounds[0].snapshot)
    exporter.rounds.clear()
    sink.got.clear()
    wait_for(lambda: kept() is None)
    sink.close()


def test_the_package_offers_what_an_author_needs() -> None:
    assert (sinks.PushSink, sinks.Sink) == (PushSink, Sink)
    with pytest.raises(AttributeError, match="has no attribute 'nonsense'"):
        sinks.nonsense  # noqa: B018 - the access is the test


def test_the_threads_of_a_closed_sink_end() -> None:
    before = threading.active_count()
    exporter, sink = StubExporter(), Recorder(FAST)
    sink.start(exporter)
    wait_for(lambda: sink.got)
    sink.close()
    wait_for(lambda: threading.active_count() <= before)


def test_an_interval_has_to_be_positive() -> None:
    with pytest.raises(ValueError, match="'interval' has to be more than 0, not -1"):
        PushOptions(interval=-1)
