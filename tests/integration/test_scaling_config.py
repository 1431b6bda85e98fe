"""The configurations of docs/scaling.md are taken by promtool, and the series that they name exist."""

from __future__ import annotations

import pathlib
import re
import shutil
import subprocess

import pytest
import yaml

from calicometrics import rules
from calicometrics.collectors import built_in_collectors
from calicometrics.felix.promql import metric_names

from .needs import need_program

pytestmark = [pytest.mark.integration, pytest.mark.outside]

ROOT = pathlib.Path(__file__).parents[2]
PAGE = (ROOT / "docs/scaling.md").read_text(encoding="utf-8")
RULES = ROOT / "deploy/prometheus/calicometrics.rules.yaml"
_BLOCK = re.compile(r"^## ([^\n]+)\n(?:(?!^## ).)*?```yaml\n(.*?)```", re.MULTILINE | re.DOTALL)
BLOCKS = dict(_BLOCK.findall(PAGE))


def test_each_way_has_its_configuration() -> None:
    assert set(BLOCKS) == {
        "Fewer series at the source",
        "Recording rules",
        "Shards",
        "Federation",
        "Remote write",
        "Protect the server",
    }


@pytest.mark.parametrize("title", BLOCKS)
def test_promtool_takes_the_configuration(tmp_path: pathlib.Path, title: str) -> None:
    promtool = need_program("promtool", "prometheus")
    config = yaml.safe_load(BLOCKS[title])
    for job in config.get("scrape_configs", ()):
        if job.pop("kubernetes_sd_configs", None):  # Debian's Prometheus is built without
            job["static_configs"] = [{"targets": ["node-1:6502"]}]
    (tmp_path / "prometheus.yml").write_text(yaml.safe_dump(config))
    shutil.copy(RULES, tmp_path)
    for scope in ("node", "cluster"):
        (tmp_path / f"{scope}.rules.yaml").write_text(rules.render(scope=scope))
    done = subprocess.run(
        [promtool, "check", "config", str(tmp_path / "prometheus.yml")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_records_that_are_fetched_and_the_series_that_are_dropped_exist() -> None:
    recorded = set(re.findall(r"record: (\w+):", RULES.read_text(encoding="utf-8")))
    for title in ("Federation", "Remote write"):
        levels = re.search(r"\(((?:\w+\|)+\w+)\):\.\+", BLOCKS[title])
        assert levels is not None
        assert set(levels[1].split("|")) == recorded, title
    dropped = re.search(r"regex: (\w+)\n +action: drop", BLOCKS["Fewer series at the source"])
    assert dropped is not None
    assert dropped[1] in {spec.name for collector in built_in_collectors() for spec in collector.families}


def test_what_the_clusters_alerts_need_is_fetched_from_the_shards() -> None:
    (job,) = yaml.safe_load(BLOCKS["Federation"])["scrape_configs"]
    fetched = [
        re.compile(found) for text in job["params"]["match[]"] for found in re.findall(r'"(.+?)"', text)
    ]
    (group,) = rules.groups(scope="cluster")
    needed = {name for rule in group.rules for name in metric_names(rule.expr)}
    assert {"felix_cluster_num_hosts", "calicometrics_build_info"} < needed
    for name in needed:
        assert any(pattern.fullmatch(name) for pattern in fetched), name


def test_the_flags_of_the_page_are_flags() -> None:
    flags = re.findall(r"(--[\w.-]+)", "".join(re.findall(r"```text\n(.*?)```", PAGE, re.DOTALL)))
    known = (ROOT / "docs/configuration.md").read_text(encoding="utf-8")
    assert len(flags) == 6
    for flag in flags:
        assert f"`{flag.replace('--no-', '--')}" in known, flag
