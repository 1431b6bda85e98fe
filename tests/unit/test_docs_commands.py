"""Every command of the pages has a verb that exists and flags that the verb knows."""

from __future__ import annotations

import argparse
import pathlib
import re
from functools import cache
from importlib import import_module

import pytest

from calicometrics.cli import VERBS

ROOT = pathlib.Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
COMMAND = re.compile(r"^(?:\$ |ExecStart=)(?:\S*/)?calicometrics ((?:.*\\\n)*.*)$", re.MULTILINE)
COMMANDS = [
    pytest.param(command, id=f"{page.name}: {command.split('#')[0].strip()[:60]}")
    for page in PAGES
    for command in COMMAND.findall(page.read_text(encoding="utf-8"))
]


@cache
def flags(verb: str) -> frozenset[str]:
    parser = argparse.ArgumentParser()
    import_module(f"calicometrics.cli.{verb.replace('-', '_')}").add_arguments(parser)
    return frozenset(parser._option_string_actions)


def test_there_are_commands() -> None:
    assert len(COMMANDS) > 10


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_is_one(command: str) -> None:
    first, *rest = command.split()
    if first == "--version":
        return
    assert first in VERBS
    named = {word.partition("=")[0] for word in rest if word.startswith("--")}
    assert named <= flags(first), named - flags(first)
