"""Sinks that push: what one of them does wrong costs nobody else anything."""

from __future__ import annotations

import io
import itertools
import json
import logging
import os
import pathlib
import stat
import sys
import threading
import time

import attrs
import pytest

from calicometrics.errors import ConfigError
from calicometrics.exporter import Exporter, Round
from calicometrics.exposition.parser import parse_exposition
from calicometrics.families import MetricFamily
from calicometrics.sinks import push
from calicometrics.sinks.json_lines import JsonOptions, JsonSink
from calicometrics.sinks.push import PushOptions, PushSink
from calicometrics.sinks.textfile import TextfileOptions, TextfileSink
from calicometrics.snapshot import Snapshot
from calicometrics.testing.bird import FakeBird

MIXED = pathlib.Path(__file__).parents[2] / "data/bird/1.6.8/calico-mixed"


class StubExporter:
    """An exporter whose rounds are counted."""

    def __init__(self) -> None:
        self.rounds: list[Round] = []
        self.error: Exception | None = None

    def round(self, timeout: float | None = None) -> Round:
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
    assert caplog.text.count("sink recorder: out of luck") == 1
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


# --- textfile -----------------------------------------------------------------------------------------------------


def textfile(path: pathlib.Path) -> TextfileSink:
    return TextfileSink(TextfileOptions(path=path, interval=60))


def test_the_file_is_a_whole_page_that_others_can_read(tmp_path: pathlib.Path) -> None:
    exporter = StubExporter()
    sink = textfile(tmp_path / "calico.prom")
    sink.write(exporter.round())
    sink.write(exporter.round())
    (family,) = parse_exposition((tmp_path / "calico.prom").read_text())
    assert (family.name, family.rows) == ("n", [((), (1.0,))])
    assert stat.S_IMODE((tmp_path / "calico.prom").stat().st_mode) == 0o644
    assert os.listdir(tmp_path) == ["calico.prom"]


def test_a_reader_never_sees_half_a_file(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "calico.prom"
    family = MetricFamily("many", "gauge", "Many.", ("n",))
    for n in range(5000):
        family.add((str(n),), n)
    done = Round((family,), (), Snapshot(), 0.0)
    sink = textfile(path)
    sink.write(done)
    size, over, sizes = path.stat().st_size, threading.Event(), set()

    def read() -> None:
        while not over.is_set():
            sizes.add(len(path.read_bytes()))

    reader = threading.Thread(target=read)
    reader.start()
    for _ in range(30):
        sink.write(done)
    over.set()
    reader.join()
    assert sizes == {size}


def test_a_directory_that_is_not_there_is_told_at_the_start(tmp_path: pathlib.Path) -> None:
    with pytest.raises(ConfigError, match=f"there is no directory {tmp_path}/none"):
        textfile(tmp_path / "none/calico.prom").start(StubExporter())


def test_a_file_that_cannot_be_written_leaves_nothing_behind(tmp_path: pathlib.Path) -> None:
    (tmp_path / "calico.prom").mkdir()
    with pytest.raises(Exception, match="calico.prom: is a directory"):
        textfile(tmp_path / "calico.prom").write(StubExporter().round())
    assert os.listdir(tmp_path) == ["calico.prom"]


# --- json ---------------------------------------------------------------------------------------------------------


def test_each_round_is_one_line_of_json(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "rounds.jsonl"
    sink = JsonSink(JsonOptions(path=path))
    with FakeBird.from_directory(MIXED) as bird, Exporter({"bird": bird.path}) as exporter:
        sink.write(exporter.round())
        sink.write(exporter.round())
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    assert len(lines) == 2
    assert lines[1]["daemons"]["bird"]["protocols"][0]["name"] == "device1"


def test_standard_output_is_flushed_line_by_line(monkeypatch: pytest.MonkeyPatch) -> None:
    written = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(io.BufferedWriter(written)))
    JsonSink(JsonOptions()).write(StubExporter().round())
    assert json.loads(written.getvalue())["version"] == 1


def test_a_line_that_cannot_be_written_names_the_file(tmp_path: pathlib.Path) -> None:
    with pytest.raises(Exception, match=f"{tmp_path}: is a directory"):
        JsonSink(JsonOptions(path=tmp_path)).write(StubExporter().round())


def test_options_are_attrs_classes() -> None:
    assert {field.name for field in attrs.fields(TextfileOptions)} == {"interval", "path"}
