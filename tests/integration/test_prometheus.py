"""The exporter and a real Prometheus."""

from __future__ import annotations

import json
import pathlib
import subprocess
import urllib.parse

import pytest

from calicometrics.testing.bird import FakeBird

from .lab import wait_for
from .needs import need_program
from .serving import free_port, get, serve

pytestmark = pytest.mark.integration

DATA = pathlib.Path(__file__).parents[1] / "data"


@pytest.fixture
def node(tmp_path: pathlib.Path):
    """The founding document's own node: its reply, and a status of the same BIRD."""
    replies = {
        "show protocols all": (DATA / "founding/birdc_show_protocols_all.raw").read_bytes(),
        "show status": (DATA / "bird/1.6.8/calico-mixed/show_status.raw").read_bytes(),
    }
    with FakeBird(replies) as bird:
        yield f"--bird.socket=bird={bird.path}"


def test_prometheus_scrapes_the_founding_documents_job(node: str, tmp_path: pathlib.Path) -> None:
    """Port 6502, path /: the document's job, with the node's address in place of service discovery."""
    prometheus = need_program("prometheus", "prometheus")
    port = free_port()
    config = tmp_path / "prometheus.yml"
    config.write_text(
        json.dumps(  # JSON is YAML
            {
                "global": {"scrape_interval": "1s"},
                "scrape_configs": [
                    {
                        "job_name": "bird-exporter",
                        "metrics_path": "/",
                        "static_configs": [{"targets": ["127.0.0.1:6502"]}],
                    }
                ],
            }
        )
    )

    def query(expression: str) -> list[dict]:
        url = f"http://127.0.0.1:{port}/api/v1/query?query={urllib.parse.quote(expression)}"
        try:
            status, body = get(url)
        except OSError:
            return []
        return json.loads(body)["data"]["result"] if status == 200 else []

    with serve(node, "--no-collector.felix_summaries", port=6502) as serving:
        process = subprocess.Popen(
            [
                prometheus,
                f"--config.file={config}",
                f"--storage.tsdb.path={tmp_path}/data",
                f"--web.listen-address=127.0.0.1:{port}",
            ],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            wait_for(lambda: query("bird_up"))
            up = {
                result["metric"]["bird_protocol_instance"]: result["value"][1] for result in query("bird_up")
            }
            assert up == dict.fromkeys(["kernel1", "device1", "direct1", "Node_192_168_97_2", "static1"], "1")
            (state,) = query('bird_bgp_state{bird_bgp_state="Established"}')
            assert state["metric"]["job"] == "bird-exporter"
            (target,) = query('up{job="bird-exporter"}')
            assert target["value"][1] == "1"
            assert query('scrape_samples_scraped{job="bird-exporter"}')[0]["value"][1] == str(
                len(serving.samples("/"))
            )
        finally:
            process.terminate()
            process.wait(timeout=30)


# What promtool says of names that the founding document fixes; nothing else may be said.
FIXED_BY_THE_DOCUMENT = {'bird_route_changes counter metrics should have "_total" suffix'}


@pytest.mark.parametrize("scenario", ["founding", "bird/2.0.12/calico-mixed", "bird/3.3.2/calico-mixed"])
def test_promtool_accepts_the_page(scenario: str) -> None:
    promtool = need_program("promtool", "prometheus")
    replies = {
        "show protocols all": next((DATA / scenario).glob("*show_protocols_all.raw")).read_bytes(),
        "show status": (DATA / "bird/1.6.8/calico-mixed/show_status.raw").read_bytes(),
    }
    with FakeBird(replies) as bird:
        with serve(f"--bird.socket=bird={bird.path}", "--no-collector.felix_summaries") as serving:
            _, body = get(f"{serving.url}/metrics")
    done = subprocess.run(
        [promtool, "check", "metrics"], input=body, capture_output=True, text=True, check=False
    )
    findings = set(done.stderr.strip().splitlines()) | set(done.stdout.strip().splitlines())
    assert findings <= FIXED_BY_THE_DOCUMENT
    assert done.returncode in (0, 3)  # 3: there are findings
