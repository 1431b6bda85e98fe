"""What the sinks ``textfile`` and ``json`` leave on disk, whatever happens."""

from __future__ import annotations

import contextlib
import json
import os
import pathlib
import resource
import signal
import stat
import threading
import time
from collections.abc import Iterator

import pytest

from calicometrics.errors import ConfigError, SourceError
from calicometrics.exporter import Exporter
from calicometrics.exposition.parser import parse_exposition
from calicometrics.families import MetricFamily
from calicometrics.rounds import Round
from calicometrics.sinks.json_lines import JsonOptions, JsonSink
from calicometrics.sinks.textfile import TextfileOptions, TextfileSink
from calicometrics.snapshot import Snapshot
from calicometrics.testing.bird import FakeBird

MIXED = pathlib.Path(__file__).parents[2] / "data/bird/1.6.8/calico-mixed"


def done(*families: MetricFamily) -> Round:
    return Round(families, (), Snapshot(), time.time())


def family(rows: int = 1) -> MetricFamily:
    made = MetricFamily("n", "gauge", "Numbers.", ("n",))
    for n in range(rows):
        made.add((str(n),), n)
    return made


@contextlib.contextmanager
def small_disk() -> Iterator[None]:
    """Files cannot grow beyond 64 KiB, as on a disk that is full.

    For a few lines only: the file that the test runner writes to may be larger than that.
    """
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    before = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (65536, limits[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, before)


# --- textfile -----------------------------------------------------------------------------------------------------


def textfile(path: pathlib.Path) -> TextfileSink:
    return TextfileSink(TextfileOptions(path=path, interval=3600))


def test_the_file_is_a_whole_page_that_others_can_read(tmp_path: pathlib.Path) -> None:
    sink = textfile(tmp_path / "calico.prom")
    sink.write(done(family()))
    sink.write(done(family(2)))
    (read,) = parse_exposition((tmp_path / "calico.prom").read_text())
    assert (read.name, read.rows) == ("n", [(("0",), (0.0,)), (("1",), (1.0,))])
    assert stat.S_IMODE((tmp_path / "calico.prom").stat().st_mode) == 0o644
    assert os.listdir(tmp_path) == ["calico.prom"]


def test_a_path_without_a_directory_is_in_the_working_directory(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    textfile(pathlib.Path("calico.prom")).write(done(family()))
    assert os.listdir(tmp_path) == ["calico.prom"]


def test_a_reader_never_sees_half_a_file(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "calico.prom"
    page = done(family(5000))
    sink = textfile(path)
    sink.write(page)
    size, over, sizes = path.stat().st_size, threading.Event(), set()

    def read() -> None:
        while not over.is_set():
            sizes.add(len(path.read_bytes()))

    reader = threading.Thread(target=read)
    reader.start()
    for _ in range(30):
        sink.write(page)
    over.set()
    reader.join()
    assert sizes == {size}


def test_a_directory_that_is_not_there_is_told_at_the_start(tmp_path: pathlib.Path) -> None:
    with pytest.raises(ConfigError, match=f"--sink.textfile.path: there is no directory {tmp_path}/none"):
        textfile(tmp_path / "none/calico.prom").start(Exporter({}))


def test_what_a_killed_process_left_is_removed_at_the_start_and_nothing_else(tmp_path: pathlib.Path) -> None:
    for name in (".calico.prom.abc12345.tmp", ".other.prom.abc12345.tmp", "calico.prom.tmp"):
        (tmp_path / name).touch()
    sink = textfile(tmp_path / "calico.prom")
    with Exporter({}) as exporter:
        sink.start(exporter)
        assert sorted(os.listdir(tmp_path)) == [".other.prom.abc12345.tmp", "calico.prom.tmp"]
        sink.close()
    assert (tmp_path / "calico.prom").is_file()


def test_a_file_that_cannot_be_replaced_leaves_nothing_behind(tmp_path: pathlib.Path) -> None:
    (tmp_path / "calico.prom").mkdir()
    with pytest.raises(SourceError, match="calico.prom: is a directory"):
        textfile(tmp_path / "calico.prom").write(done(family()))
    assert os.listdir(tmp_path) == ["calico.prom"]


def test_a_full_disk_leaves_the_file_as_it_was(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "calico.prom"
    sink = textfile(path)
    sink.write(done(family()))
    before = path.read_bytes()
    with small_disk(), pytest.raises(SourceError, match="calico.prom: file too large"):
        sink.write(done(family(20_000)))
    assert path.read_bytes() == before
    assert os.listdir(tmp_path) == ["calico.prom"]


def test_a_directory_that_vanished_is_an_error_of_the_round(tmp_path: pathlib.Path) -> None:
    with pytest.raises(SourceError, match=f"{tmp_path}/gone/calico.prom: no such file or directory"):
        textfile(tmp_path / "gone/calico.prom").write(done(family()))


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


def test_a_file_that_was_rotated_away_is_made_again(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "rounds.jsonl"
    sink = JsonSink(JsonOptions(path=path))
    sink.write(done())
    path.rename(tmp_path / "rounds.jsonl.1")
    sink.write(done())
    assert len(path.read_text().splitlines()) == 1


def test_standard_output_has_each_line_at_once(capfd: pytest.CaptureFixture[str]) -> None:
    sink = JsonSink(JsonOptions())
    for _ in range(2):
        sink.write(done())
        (line,) = capfd.readouterr().out.splitlines()
        assert json.loads(line)["version"] == 1


def test_a_file_that_cannot_be_opened_is_named(tmp_path: pathlib.Path) -> None:
    with pytest.raises(SourceError, match=f"{tmp_path}: is a directory"):
        JsonSink(JsonOptions(path=tmp_path)).write(done())


def test_a_line_for_which_the_disk_is_too_small_is_not_half_there(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "rounds.jsonl"
    sink = JsonSink(JsonOptions(path=path))
    with FakeBird.from_directory(MIXED) as bird, Exporter({"bird": bird.path}) as exporter:
        round_ = exporter.round()
        sink.write(round_)
        for _ in range(65536 // path.stat().st_size - 1):
            sink.write(round_)
        with small_disk(), pytest.raises(SourceError, match="rounds.jsonl: file too large"):
            sink.write(round_)
    content = path.read_text()
    assert content.endswith("\n")
    assert all(json.loads(line)["version"] == 1 for line in content.splitlines())


def test_standard_output_that_nobody_reads_is_named(tmp_path: pathlib.Path) -> None:
    """With /dev/full in the place of standard output."""
    saved = os.dup(1)
    full = os.open("/dev/full", os.O_WRONLY)
    try:
        os.dup2(full, 1)
        with pytest.raises(SourceError, match="standard output: no space left on device"):
            JsonSink(JsonOptions()).write(done())
    finally:
        os.dup2(saved, 1)
        os.close(saved)
        os.close(full)
