"""The page on plugins: every hook is there with its signature, and its examples work."""

from __future__ import annotations

import inspect
import pathlib
import re
import subprocess
import sys

import pytest

import calicometrics.testing
from calicometrics import hookspecs

ROOT = pathlib.Path(__file__).parents[2]
PAGE = (ROOT / "docs/plugins.md").read_text(encoding="utf-8")
HOOKS = {name: hook for name, hook in vars(hookspecs).items() if hasattr(hook, f"{hookspecs.NAME}_spec")}


def section(name: str) -> str:
    match = re.search(rf"^## `{name}\(.*?(?=^## |\Z)", PAGE, re.DOTALL | re.MULTILINE)
    assert match is not None, f"docs/plugins.md has no heading for {name}"
    return match[0]


def test_there_are_three_hooks() -> None:
    assert sorted(HOOKS) == ["register_collectors", "register_protocols", "register_sinks"]


@pytest.mark.parametrize("name", HOOKS)
def test_a_hook_has_a_heading_with_its_signature_a_purpose_and_an_example(name: str) -> None:
    text = section(name)
    signature = str(inspect.signature(HOOKS[name])).replace("'", "")
    assert text.startswith(f"## `{name}{signature}`\n")
    assert "Offers " in text
    assert f"@hookimpl\ndef {name}():" in text


@pytest.mark.parametrize("name", HOOKS)
def test_a_hook_has_a_test_with_a_plugin_that_uses_it(name: str) -> None:
    tests = (ROOT / "tests/unit/test_plugins.py").read_text(encoding="utf-8")
    assert f"        {name}=lambda: [" in tests


@pytest.mark.parametrize("code", re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL))
def test_the_examples_run(code: str) -> None:
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_the_specifications_fit_on_a_screen() -> None:
    assert len((ROOT / "src/calicometrics/hookspecs.py").read_text().splitlines()) <= 50


def test_the_doubles_are_in_the_table() -> None:
    for name in calicometrics.testing.__all__:
        assert f"`{name}" in PAGE


def test_the_public_modules_exist() -> None:
    import importlib

    text = PAGE[PAGE.index("## What a plugin may rely on") :]
    named = re.findall(r"`((?:calicometrics|bird)[.\w]*)`", text.partition("Everything else")[0])
    assert len(named) >= 8
    for name in named:
        importlib.import_module(name if name.startswith("calicometrics") else f"calicometrics.{name}")
