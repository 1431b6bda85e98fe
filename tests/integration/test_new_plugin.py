"""The skeleton of a plugin: installed beside the host in a fresh environment, it passes its own tests and is there."""

from __future__ import annotations

import pathlib
import subprocess
import sys
import venv

import pytest

from calicometrics.testing import FakeBird

from .serving import value
from .test_plugin_packages import ROOT, run

pytestmark = pytest.mark.integration

RECORDING = ROOT / "tests/data/bird/2.0.12/calico-mixed"


def test_a_new_plugin_passes_its_own_tests_and_is_found_by_the_host(tmp_path: pathlib.Path) -> None:
    venv.create(tmp_path / "venv", symlinks=True)
    python = tmp_path / "venv/bin/python"
    pip = (
        sys.executable,
        "-m",
        "pip",
        "--disable-pip-version-check",
        "--python",
        python,
        "install",
        "--quiet",
    )
    installed = run(*pip, ROOT, "pytest>=8", "hatchling", "editables")
    assert installed.returncode == 0, installed.stderr
    made = run(python, "-m", "calicometrics", "new-plugin", "route-age", f"--directory={tmp_path}")
    assert made.returncode == 0, made.stderr
    package = tmp_path / "calicometrics-route-age"
    installed = run(*pip, "--no-build-isolation", "--editable", package)
    assert installed.returncode == 0, installed.stderr
    tested = subprocess.run(
        [str(python), "-m", "pytest", "-q"], cwd=package, capture_output=True, text=True, check=False
    )
    assert tested.returncode == 0, tested.stdout
    assert "2 passed" in tested.stdout
    listed = run(python, "-m", "calicometrics", "plugins")
    assert "route-age 0.1.0  (package calicometrics-route-age)" in listed.stdout
    with FakeBird.from_directory(RECORDING) as bird:
        collected = run(
            *(python, "-m", "calicometrics", "collect", f"--bird.socket=bird={bird.path}"),
            "--no-collector.felix_summaries",
        )
    assert (collected.returncode, collected.stderr) == (0, "")
    from calicometrics.exposition.parser import parse_exposition

    samples = [sample for family in parse_exposition(collected.stdout) for sample in family.samples()]
    assert value(samples, "route_age_protocols", bird_daemon="bird", proto="Device", state="up") == 1
