"""The serving process: signals, settings that change, settings that are wrong."""

from __future__ import annotations

import pathlib
import signal
import socket
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from calicometrics.testing.bird import FakeBird

from .lab import wait_for
from .serving import Serving, free_port, get, serve, value

pytestmark = pytest.mark.integration

MIXED = pathlib.Path(__file__).parents[1] / "data/bird/1.6.8/calico-mixed"


@pytest.fixture
def bird():
    with FakeBird.from_directory(MIXED) as fake:
        yield fake


def names(serving: Serving) -> set[str]:
    return {sample.name for sample in serving.samples()}


def hang_up(serving: Serving, expected: str) -> None:
    count = serving.log.count(expected)
    serving.process.send_signal(signal.SIGHUP)
    wait_for(lambda: serving.log.count(expected) > count)


def test_sigterm_ends_it_with_status_0_and_frees_the_port(bird: FakeBird) -> None:
    with serve(f"--bird.socket={bird.path}", "--no-collector.felix_summaries") as serving:
        assert value(serving.samples(), "bird_daemon_up", bird_daemon="bird") == 1
        assert serving.stop() == 0
        assert "Traceback" not in serving.log
        port = int(serving.url.rpartition(":")[2])
        with socket.socket() as again:
            again.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            again.bind(("127.0.0.1", port))


def test_sighup_reads_the_settings_again_and_refuses_wrong_ones(
    bird: FakeBird, tmp_path: pathlib.Path
) -> None:
    file = tmp_path / "calicometrics.toml"
    file.write_text("[collector]\nfelix_summaries = false\n")
    with serve(f"--bird.socket={bird.path}", f"--config.file={file}") as serving:
        assert "bird_memory_bytes" not in names(serving)
        file.write_text("[collector]\nfelix_summaries = false\nbird_memory = true\nbird_protocols = false\n")
        hang_up(serving, "settings read again")
        assert "bird_memory_bytes" in names(serving)
        assert "bird_up" not in names(serving)
        file.write_text("[collector]\nbird_memroy = true\n")
        hang_up(serving, "settings refused")
        assert "bird_memroy: no such key; did you mean collector.bird_memory?" in serving.log
        assert "bird_memory_bytes" in names(serving)
        file.write_text('endpoint = ["typha"]\n')
        hang_up(serving, "expected NAME=URL")
        assert "bird_memory_bytes" in names(serving)
        assert serving.stop() == 0


def test_a_sighup_during_a_round_costs_the_round_nothing() -> None:
    release = threading.Event()
    status = (MIXED / "show_status.raw").read_text()

    def slow() -> str:
        release.wait(20)
        return status

    replies = {"show status": slow, "show protocols all": (MIXED / "show_protocols_all.raw").read_text()}
    with (
        FakeBird(replies) as one,
        FakeBird(replies) as two,
        serve(
            *(f"--bird.socket=bird={one.path}", f"--bird.socket=bird6={two.path}", "--bird.timeout=20"),
            "--no-collector.felix_summaries",
        ) as serving,
        ThreadPoolExecutor(1) as pool,
    ):
        scrape = pool.submit(serving.samples)
        wait_for(lambda: one.commands and two.commands)
        hang_up(serving, "settings read again")
        release.set()
        samples = scrape.result()
        assert [sample.value for sample in samples if sample.name == "calicometrics_collector_success"] == [
            1
        ] * 3
        assert value(samples, "bird_daemon_up", bird_daemon="bird6") == 1
        assert "collector" not in serving.log


def test_settings_that_are_refused_leave_everything_as_it_was(bird: FakeBird, tmp_path: pathlib.Path) -> None:
    file = tmp_path / "calicometrics.toml"
    base = f"[bird]\nsocket = ['bird={bird.path}']\n[collector]\nfelix_summaries = false\n"
    other = base.replace(f"bird={bird.path}", f"other={tmp_path}/none.ctl")
    written = tmp_path / "page.prom"
    textfile = f"[sink.textfile]\npath = '{written}'\ninterval = 0.1\n"
    port = free_port()
    file.write_text(f"{base}[web]\nlisten-address = ['127.0.0.1:{port}']\n")
    with (
        serve(f"--config.file={file}", port=port, addressed=True) as serving,
        socket.create_server(("127.0.0.1", 0)) as taken,
    ):
        for address, reason in (
            (f"127.0.0.1:{taken.getsockname()[1]}", "address already in use"),
            (f"a..b:{port}", "parts between dots"),
            (f"{'a' * 70}:{port}", "parts between dots"),
        ):
            file.write_text(f"{other}[web]\nlisten-address = ['{address}']\n{textfile}")
            hang_up(serving, f"settings refused: cannot listen on {address}: ")
            assert reason in serving.log
            samples = serving.samples()
            assert value(samples, "bird_daemon_up", bird_daemon="bird") == 1
            assert value(samples, "bird_daemon_up", bird_daemon="other") is None
            assert "calicometrics_sink_up" not in {sample.name for sample in samples}
        assert "Traceback" not in serving.log
        assert serving.stop() == 0


def test_sighup_exchanges_a_sink_whose_options_changed(bird: FakeBird, tmp_path: pathlib.Path) -> None:
    file = tmp_path / "calicometrics.toml"
    base = "[collector]\nfelix_summaries = false\n[web]\n"
    file.write_text(f'{base}telemetry-path = "/one"\n')
    with serve(f"--bird.socket={bird.path}", f"--config.file={file}") as serving:
        assert get(f"{serving.url}/one")[0] == 200
        file.write_text(f'{base}telemetry-path = "/two"\n')
        hang_up(serving, "settings read again")
        assert (get(f"{serving.url}/one")[0], get(f"{serving.url}/two")[0]) == (404, 200)
        file.write_text(f'{base}telemetry-path = "three"\n')
        hang_up(serving, "settings refused")
        assert "web.telemetry-path" in serving.log
        assert get(f"{serving.url}/two")[0] == 200


def test_a_port_that_is_taken_is_one_clear_sentence(bird: FakeBird) -> None:
    with serve(f"--bird.socket={bird.path}", "--no-collector.felix_summaries") as serving:
        address = serving.url.removeprefix("http://")
        done = subprocess.run(
            [
                *(sys.executable, "-m", "calicometrics", "serve", f"--bird.socket={bird.path}"),
                f"--web.listen-address={address}",
            ],
            capture_output=True,
            text=True,
            check=False,
            timeout=30,
        )
    assert done.returncode == 1
    assert (
        done.stderr.splitlines()[-1] == f"calicometrics: cannot listen on {address}: address already in use"
    )
    assert "Traceback" not in done.stderr


def test_without_a_sink_there_is_nothing_to_do(bird: FakeBird) -> None:
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "calicometrics",
            "serve",
            f"--bird.socket={bird.path}",
            "--no-sink.prometheus",
        ],
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )
    assert done.returncode == 2
    assert "no sink is on" in done.stderr


def test_readiness_follows_the_first_daemon_that_answers(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "bird.ctl"
    with serve(f"--bird.socket=bird={path}", "--no-collector.felix_summaries") as serving:
        assert get(f"{serving.url}/-/ready")[0] == 503
        assert get(f"{serving.url}/-/healthy")[0] == 200
        with FakeBird.from_directory(MIXED, path=path):
            assert get(f"{serving.url}/-/ready")[0] == 200


def test_sigterm_ends_it_although_daemons_that_stall_are_being_read(tmp_path: pathlib.Path) -> None:
    with (
        FakeBird.from_directory(MIXED, fault="hang") as one,
        FakeBird.from_directory(MIXED, fault="hang") as two,
        serve(
            *(f"--bird.socket=bird={one.path}", f"--bird.socket=bird6={two.path}", "--bird.timeout=60"),
            "--no-collector.felix_summaries",
        ) as serving,
    ):
        address, _, port = serving.url.removeprefix("http://").partition(":")
        with socket.create_connection((address, int(port))) as client:
            client.sendall(b"GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n")
            wait_for(lambda: one.connections and two.connections)
        # Well before the round is over; serve() waits for 20 s at most.
        assert serving.stop() == 0
