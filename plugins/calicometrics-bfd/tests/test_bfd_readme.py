"""The README is not stale: its table of families, and its example."""

from __future__ import annotations

import pathlib
import textwrap

import pytest

from calicometrics.testing.bird import FakeBird
from calicometrics_bfd.collector import BfdCollector

README = pathlib.Path(__file__).parents[1] / "README.md"
DATA = pathlib.Path(__file__).parent / "data"


def test_the_readme_lists_every_family_with_its_labels_and_help() -> None:
    rows = [line for line in README.read_text(encoding="utf-8").splitlines() if line.startswith("| `bird_")]
    assert rows == [
        f"| `{spec.name}` | {', '.join(f'`{label}`' for label in spec.all_label_names)} | {spec.help} |"
        for spec in BfdCollector.families
    ]


def test_the_example_of_the_readme_runs(capsys: pytest.CaptureFixture[str]) -> None:
    section = README.read_text(encoding="utf-8").split("## As a library\n")[1]
    example = textwrap.dedent("\n".join(line for line in section.split("\n") if line.startswith("    ")))
    with FakeBird.from_directory(DATA / "2.19.2") as bird:
        assert "/var/run/calico/bird.ctl" in example
        exec(example.replace("/var/run/calico/bird.ctl", bird.path), {})
    assert capsys.readouterr().out == "10.9.0.2 None Up\n10.9.0.2 va Up\n"
