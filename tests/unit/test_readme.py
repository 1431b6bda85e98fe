"""What the README and the page on embedding show works."""

from __future__ import annotations

import pathlib
import re
import subprocess
import sys

import pytest

from calicometrics.cli import VERBS

ROOT = pathlib.Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
EMBEDDING = (ROOT / "docs/embedding.md").read_text(encoding="utf-8")


def examples(page: str) -> list[str]:
    return re.findall(r"```python\n(.*?)```", page, re.DOTALL)


@pytest.mark.parametrize("code", [*examples(README), *examples(EMBEDDING)])
def test_the_python_examples_run(code: str) -> None:
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr


def test_there_are_examples() -> None:
    assert len(examples(README)) >= 2
    assert len(examples(EMBEDDING)) >= 6


def test_the_commands_exist() -> None:
    verbs = set(
        re.findall(
            r"calicometrics ([a-z-]+)", " ".join(re.findall(r"(?:`|\$ )(calicometrics [^`\n]+)", README))
        )
    )
    assert verbs
    assert verbs <= set(VERBS)
    targets = set(re.findall(r"\$ make ([a-z-]+)", README))
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    assert {"demo", "test"} <= targets
    assert all(f"\n{target}:" in makefile for target in targets)


def test_the_links_lead_somewhere() -> None:
    for link in re.findall(r"\]\(([^)]+)\)", README):
        assert link.startswith("http") or (ROOT / link.partition("#")[0]).exists(), link


def test_the_families_of_the_table_are_exported() -> None:
    from calicometrics.collectors import built_in_collectors
    from calicometrics.own_families import OWN_FAMILIES

    known = {spec.name for collector in built_in_collectors() for spec in collector.families}
    known |= {spec.name for spec in OWN_FAMILIES}
    table = README[README.index("## What it exports") : README.index("## In Python")]
    for name in re.findall(r"^\| `(bird_\w+|calicometrics_\w+)`", table, re.MULTILINE):
        assert name in known


def test_the_table_of_peers_is_what_the_command_prints() -> None:
    import importlib.util

    spec = importlib.util.spec_from_file_location("generate", ROOT / "docs/generate.py")
    generate = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(generate)
    assert f"$ calicometrics status --demo\n{generate.status_example()}```" in README
