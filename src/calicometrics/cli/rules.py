"""``calicometrics rules``: Prometheus alert rules."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from calicometrics.cli import GOOD

if TYPE_CHECKING:
    import argparse


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the verb's flags."""
    parser.add_argument("--original", action="store_true", help="the founding document's rules, as they were")


def run(parsed: argparse.Namespace) -> int:
    """Print the rules as YAML for Prometheus."""
    from calicometrics.rules import render

    sys.stdout.write(render(original=parsed.original))
    return GOOD
