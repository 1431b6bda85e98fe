"""All sinks from one serve and one file: the one that the documentation shows."""

from __future__ import annotations

import contextlib
import json
import pathlib
import socket
import subprocess

import pytest

from calicometrics.exposition.parser import parse_exposition
from calicometrics.testing.bird import FakeBird

from .lab import wait_for
from .needs import need_program
from .serving import free_port, get, serve, value

pytestmark = pytest.mark.integration

ROOT = pathlib.Path(__file__).parents[2]
EXAMPLE = ROOT / "docs/examples/calicometrics.toml"


def test_prometheus_json_statsd_and_textfile_run_from_the_file_of_the_docs(tmp_path: pathlib.Path) -> None:
    """The file's own addresses and paths are replaced by this test's through the environment, which beats it."""
    prometheus = need_program("prometheus", "prometheus")
    textfile, lines, port = tmp_path / "calico.prom", tmp_path / "rounds.jsonl", free_port()
    with contextlib.ExitStack() as stack:
        bird = stack.enter_context(FakeBird.from_directory(ROOT / "tests/data/bird/1.6.8/calico-mixed"))
        agent = stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
        agent.bind(("127.0.0.1", 0))
        agent.settimeout(20)
        serving = stack.enter_context(
            serve(
                f"--config.file={EXAMPLE}",
                environ={
                    "CALICOMETRICS_BIRD_SOCKET": f"bird={bird.path}",
                    "CALICOMETRICS_SINK_STATSD_ADDRESS": f"udp://127.0.0.1:{agent.getsockname()[1]}",
                    "CALICOMETRICS_SINK_STATSD_INTERVAL": "0.5",
                    "CALICOMETRICS_SINK_TEXTFILE_PATH": str(textfile),
                    "CALICOMETRICS_SINK_TEXTFILE_INTERVAL": "0.5",
                    "CALICOMETRICS_SINK_JSON_PATH": str(lines),
                    "CALICOMETRICS_SINK_JSON_INTERVAL": "0.5",
                },
            )
        )
        config = tmp_path / "prometheus.yml"
        config.write_text(
            json.dumps(
                {
                    "global": {"scrape_interval": "1s"},
                    "scrape_configs": [
                        {
                            "job_name": "calicometrics",
                            "static_configs": [{"targets": [serving.url.removeprefix("http://")]}],
                        }
                    ],
                }
            )
        )
        server = subprocess.Popen(
            [
                prometheus,
                f"--config.file={config}",
                f"--storage.tsdb.path={tmp_path}/data",
                f"--web.listen-address=127.0.0.1:{port}",
            ],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        stack.callback(server.wait, timeout=30)
        stack.callback(server.terminate)

        def scraped() -> bool:
            with contextlib.suppress(OSError):
                status, body = get(f"http://127.0.0.1:{port}/api/v1/query?query=bird_bgp_peers")
                return status == 200 and bool(json.loads(body)["data"]["result"])
            return False

        wait_for(scraped)
        wait_for(textfile.exists)
        wait_for(lambda: lines.exists() and lines.read_text().count("\n") >= 2)
        datagram = agent.recv(65536).decode()
        assert "bird_" in datagram
        assert "|g|#bird_daemon:bird" in datagram
        page = {family.name: family for family in parse_exposition(textfile.read_text())}
        assert "bird_bgp_peers" in page
        assert "bird_hold_timer_current" not in page, "bgp_timers is off in the file"
        first = json.loads(lines.read_text().splitlines()[0])
        assert len(first["daemons"]["bird"]["protocols"]) == 16
        samples = serving.samples()
        for sink in ("statsd", "textfile", "json"):
            assert value(samples, "calicometrics_sink_up", sink=sink) == 1
        assert serving.stop() == 0


def test_a_sink_that_cannot_deliver_delays_no_scrape(tmp_path: pathlib.Path) -> None:
    with FakeBird.from_directory(ROOT / "tests/data/bird/1.6.8/calico-mixed") as bird:
        with serve(
            f"--bird.socket={bird.path}",
            "--no-collector.felix_summaries",
            "--sink.statsd",
            f"--sink.statsd.address=unixgram:{tmp_path}/nobody",
            "--sink.statsd.interval=0.2",
        ) as serving:
            wait_for(lambda: value(serving.samples(), "calicometrics_sink_up", sink="statsd") == 0)
            assert value(serving.samples(), "bird_daemon_up", bird_daemon="bird") == 1
            assert "no such file or directory" in serving.log
            assert serving.stop() == 0
