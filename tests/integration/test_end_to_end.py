"""Everything together: BIRD, a Felix page, the exporter, a real Prometheus with our rules and dashboard."""

from __future__ import annotations

import contextlib
import json
import pathlib
import re
import signal
import subprocess
import time
import urllib.parse
from collections.abc import Iterator
from http import HTTPStatus
from typing import Any

import attrs
import pytest
import yaml

from calicometrics.dashboard import expressions
from calicometrics.rules import render
from calicometrics.testing import FakeEndpoint

from .lab import Lab, Peering, established, wait_for
from .needs import need_program
from .serving import free_port, get, serve

pytestmark = [pytest.mark.integration, pytest.mark.outside]

ROOT = pathlib.Path(__file__).parents[2]
FAMILIES = ROOT / "tests/rules/felix-families.txt"
JOBS = ROOT / "deploy/prometheus/prometheus.yml"
FOR = "3s"  # instead of minutes
WINDOW = "10s"
SCRAPE = "1s"
LIMIT = "import limit 100 action block;"


def felix_page() -> str:
    """A page with every family that Felix is known to print, whose counters grow with time."""
    grown = time.time() % 10_000
    lines = []
    for line in FAMILIES.read_text(encoding="utf-8").splitlines():
        if not line or line.startswith("#"):
            continue
        name, kind, *labels = line.split()
        shown = ",".join(f'{label}="4"' for label in labels if label != "quantile")
        lines.append(f"# TYPE {name} {'untyped' if kind == '?' else kind}\n")
        if kind == "summary":
            quantile = ",".join(filter(None, [shown, 'quantile="0.99"']))
            lines.append(f"{name}{{{quantile}}} 0.25\n")
            lines += [f"{name}{suffix}{{{shown}}} {grown:.3f}\n" for suffix in ("_sum", "_count")]
        elif kind == "histogram":
            bucket = ",".join(filter(None, [shown, 'le="+Inf"']))
            lines.append(f"{name}_bucket{{{bucket}}} {grown:.3f}\n")
            lines += [f"{name}{suffix}{{{shown}}} {grown:.3f}\n" for suffix in ("_sum", "_count")]
        else:
            lines.append(f"{name}{{{shown}}} {3 if name == 'felix_resync_state' else round(grown)}\n")
    return "".join(lines)


def jobs(targets: dict[str, str]) -> dict[str, Any]:
    """Our scrape jobs; what Kubernetes would find is given instead."""
    config = yaml.safe_load(JOBS.read_text(encoding="utf-8"))
    config["global"] = {"scrape_interval": SCRAPE, "evaluation_interval": SCRAPE}
    found = []
    for job in config["scrape_configs"]:
        if job["job_name"] in targets:
            del job["kubernetes_sd_configs"], job["relabel_configs"]
            job["static_configs"] = [{"targets": [targets[job["job_name"]]], "labels": {"node": "node-a"}}]
            found.append(job)
    assert {job["job_name"] for job in found} == targets.keys()
    return config | {"scrape_configs": found}


def rules() -> str:
    """Our rules, with less patience."""
    groups = yaml.safe_load(render())
    for group in groups["groups"]:
        for rule in group["rules"]:
            if "for" in rule:
                rule["for"] = FOR
            if "alert" in rule:
                rule["expr"] = re.sub(r"\[\d+[mh]\]", f"[{WINDOW}]", rule["expr"])
    return yaml.safe_dump(groups)


@attrs.frozen
class Prometheus:
    """A running Prometheus."""

    port: int

    def api(self, path: str) -> Any:
        """Return the data that the API answers with, None while it does not."""
        try:
            status, body = get(f"http://127.0.0.1:{self.port}/api/v1/{path}")
        except OSError:
            return None
        if status == HTTPStatus.SERVICE_UNAVAILABLE:  # in plain text, while it reads its configuration
            return None
        answer = json.loads(body)
        assert status == 200, answer
        return answer["data"]

    def query(self, expression: str) -> list[dict[str, Any]]:
        """Return the series that an expression has now."""
        data = self.api(f"query?query={urllib.parse.quote(expression)}")
        return data["result"] if data else []

    def states(self, alert: str) -> set[str]:
        """Return the states that the alert's instances are in."""
        data = self.api("alerts") or {"alerts": []}
        return {each["state"] for each in data["alerts"] if each["labels"]["alertname"] == alert}


@contextlib.contextmanager
def prometheus(directory: pathlib.Path, targets: dict[str, str]) -> Iterator[Prometheus]:
    program = need_program("prometheus", "prometheus")
    (directory / "calicometrics.rules.yaml").write_text(rules(), encoding="utf-8")
    (directory / "prometheus.yml").write_text(yaml.safe_dump(jobs(targets)), encoding="utf-8")
    running = Prometheus(free_port())
    process = subprocess.Popen(
        [
            program,
            f"--config.file={directory}/prometheus.yml",
            f"--storage.tsdb.path={directory}/data",
            f"--web.listen-address=127.0.0.1:{running.port}",
        ],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield running
    finally:
        process.terminate()
        process.wait(timeout=30)


def with_a_limit(lab: Lab) -> None:
    lab.reconfigure("a", dict.fromkeys(lab.names, Peering(policy=LIMIT)))
    wait_for(lambda: lab.a.admin("show protocols").count("Established") == len(lab.names))


def test_the_dashboard_has_data_and_a_peer_that_is_cut_is_an_alert(tmp_path: pathlib.Path) -> None:
    with (
        established(tmp_path, "2.0.12") as lab,
        FakeEndpoint(felix_page) as felix,
        serve(
            f"--bird.socket=bird={lab.a.path}",
            *(f"--felix.url={felix.url}", "--collector.felix", "--no-collector.felix_summaries"),
        ) as serving,
    ):
        with_a_limit(lab)
        targets = {"calicometrics": serving.url.removeprefix("http://")}
        (tmp_path / "prometheus").mkdir()
        with prometheus(tmp_path / "prometheus", targets) as watched:
            wait_for(lambda: watched.query("daemon:bird_bgp_peers_established:ratio == 1"))
            wanted = set(expressions())

            def all_have_data() -> bool:
                wanted.difference_update([text for text in wanted if watched.query(text)])
                return not wanted

            with contextlib.suppress(AssertionError):
                wait_for(all_have_data, timeout=40)
            assert wanted == set(), "these expressions of the dashboard have no data"

            assert watched.states("BirdPeerDown") == set()
            seen: set[str] = set()
            lab.b.stop(signal.SIGKILL)

            def is_seen(state: str) -> bool:
                seen.update(watched.states("BirdPeerDown"))
                return state in seen

            wait_for(lambda: is_seen("pending"), timeout=40)
            wait_for(lambda: is_seen("firing"), timeout=40)
            wait_for(lambda: watched.states("BirdNodeIsolated") == {"firing"})
