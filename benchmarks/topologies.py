"""Measures what clusters cost: one exporter with as many peers as a node of each topology has, and one Prometheus.

    python -m benchmarks.topologies

Writes benchmarks/topologies.json, of which ``python -m benchmarks.scaling`` makes docs/scaling.md. Replies are
generated from a recorded BIRD 1.6.8, as Calico runs it, with a tenth of the peers changed between scrapes.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import gzip
import http.server
import json
import pathlib
import subprocess
import tempfile
import threading
import time
import urllib.parse
import urllib.request
from typing import TYPE_CHECKING, Any

from benchmarks.exporters import ROOT, Exporter, calicometrics, replayed
from tests.integration.needs import need_program
from tests.integration.serving import free_port

from calicometrics.collectors.felix import FelixCollector
from calicometrics.collectors.felix_summaries import FelixSummariesCollector
from calicometrics.snapshot import Snapshot
from calicometrics.sources import FileSource

if TYPE_CHECKING:
    from collections.abc import Iterator

RESULTS = ROOT / "benchmarks/topologies.json"
FELIX = ROOT / "tests/data/founding/felix_metrics.prom"
VERSION = "1.6.8"
NODES = (10, 100, 1_000, 5_000)
REFLECTORS = 3
PEERS = (REFLECTORS, *(nodes - 1 for nodes in NODES))
SETS = {
    "default": (),
    "bird_protocols": ("--no-collector.bgp_timers",),
    "bgp_summary": (
        "--collector.bgp_summary",
        "--no-collector.bird_protocols",
        "--no-collector.bgp_timers",
    ),
}
MEASURED = 5_000  # peers in all scrapes of one measurement, so that processor time can be read from its ticks
TARGETS = (8, 32)
TARGET_PEERS = 999
SETTLED = 75  # seconds: each target has been scraped several times


def node(peers: int, options: tuple[str, ...]) -> dict[str, Any]:
    """Return what an exporter's scrapes cost with so many peers: the warm ones, in the mean."""
    scrapes = max(5, min(200, MEASURED // peers))
    with tempfile.TemporaryDirectory() as directory:
        socket = f"{directory}/bird.ctl"
        with replayed(socket, VERSION, peers, 0.1, 4), calicometrics(socket, *options) as exporter:
            for _ in range(3):
                exporter.scrape()
            before = exporter.cpu()
            taken = [exporter.scrape() for _ in range(scrapes)]
            seconds = (exporter.cpu() - before) / scrapes
            memory = exporter.memory("VmRSS")
    last = taken[-1]
    return {
        "series": last.samples,
        "bytes": len(gzip.decompress(last.body)),
        "gzip_bytes": len(last.body),
        "cpu_s": round(seconds, 4),
        "rss_mb": round(memory),
    }


def felix() -> dict[str, int]:
    """Return how many series the collectors of Felix' page add to each node, for the founding document's page."""
    snapshot = Snapshot({}, {"felix": FileSource(FELIX)})
    return {
        collector.name: sum(1 for family in collector.collect(snapshot) for _ in family.samples())
        for collector in (FelixSummariesCollector(), FelixCollector())
    }


@contextlib.contextmanager
def page_server(exporter: Exporter) -> Iterator[int]:
    """Serve one page of an exporter, compressed once, to as many targets as ask; give the port."""
    body = exporter.scrape().body

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/plain; version=0.0.4")
            self.send_header("Content-Encoding", "gzip")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        server.server_close()


def prometheus(targets: int, page_port: int) -> dict[str, Any]:
    """Return what a Prometheus takes that scrapes so many nodes with the same page each, after four scrapes of each."""
    program = need_program("prometheus", "prometheus")
    port = free_port()
    with tempfile.TemporaryDirectory() as directory:
        config = pathlib.Path(directory, "prometheus.yml")
        nodes = [
            {"targets": [f"127.0.0.1:{page_port}"], "labels": {"instance": f"node-{number}"}}
            for number in range(targets)
        ]
        job = {"job_name": "calicometrics", "static_configs": nodes}
        config.write_text(
            json.dumps(
                {"global": {"scrape_interval": "15s", "scrape_timeout": "15s"}, "scrape_configs": [job]}
            )
        )
        process = subprocess.Popen(
            [
                *(program, f"--config.file={config}", f"--storage.tsdb.path={directory}/data"),
                f"--web.listen-address=127.0.0.1:{port}",
            ],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            begun = time.monotonic()
            while (
                query(port, "count(scrape_samples_scraped > 0)") != targets
                or time.monotonic() - begun < SETTLED
            ):
                time.sleep(1)
            status = pathlib.Path(f"/proc/{process.pid}/status").read_text()
            fields = dict(line.split(":", 1) for line in status.splitlines())
            return {
                "targets": targets,
                "series": int(query(port, "count({job='calicometrics'})")),
                "rss_mb": round(int(fields["VmRSS"].split()[0]) * 1024 / 1e6),
            }
        finally:
            process.terminate()
            process.wait()


def query(port: int, expression: str) -> float:
    """Return the value of an expression; 0 when there is none."""
    url = f"http://127.0.0.1:{port}/api/v1/query?query={urllib.parse.quote(expression)}"
    with contextlib.suppress(OSError), urllib.request.urlopen(url, timeout=30) as answer:
        found = json.load(answer)["data"]["result"]
        return float(found[0]["value"][1]) if found else 0
    return 0


def main() -> None:
    """Measure, and write the results."""
    results: dict[str, Any] = {
        "date": dt.datetime.now(dt.UTC).date().isoformat(),
        "version": VERSION,
        "nodes": NODES,
        "reflectors": REFLECTORS,
        "felix": felix(),
        "node": {},
    }
    for name, options in SETS.items():
        results["node"][name] = {peers: node(peers, options) for peers in PEERS}
        print(name, results["node"][name])
    with tempfile.TemporaryDirectory() as directory:
        socket = f"{directory}/bird.ctl"
        with (
            replayed(socket, VERSION, TARGET_PEERS, 0.1, 1),
            calicometrics(socket) as exporter,
            page_server(exporter) as port,
        ):
            results["prometheus"] = [prometheus(targets, port) for targets in TARGETS]
    print(results["prometheus"])
    RESULTS.write_text(json.dumps(results, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
