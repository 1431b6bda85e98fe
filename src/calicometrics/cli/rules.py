"""``calicometrics rules``: Prometheus alert rules."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from calicometrics.cli import GOOD
from calicometrics.rules import RUNBOOKS, render

if TYPE_CHECKING:
    import argparse


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the verb's flags."""
    parser.add_argument(
        "--runbooks",
        default=RUNBOOKS,
        metavar="URL",
        help=f"what runbook_url begins with: where people can open a copy of the pages (default: {RUNBOOKS})",
    )
    which = parser.add_mutually_exclusive_group()
    which.add_argument("--original", action="store_true", help="the founding document's rules, as they were")
    which.add_argument(
        "--scope",
        choices=("node", "cluster"),
        help="those for a server that has a share of the nodes, or those that need all nodes; by default both",
    )


def run(parsed: argparse.Namespace) -> int:
    """Print the rules as YAML for Prometheus."""
    sys.stdout.write(render(original=parsed.original, scope=parsed.scope, runbooks=parsed.runbooks))
    return GOOD
