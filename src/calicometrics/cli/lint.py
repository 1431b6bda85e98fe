"""``calicometrics lint``: metric names in rules and dashboards that do not exist, or no longer do."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from calicometrics.cli import GOOD, INCOMPLETE

if TYPE_CHECKING:
    import argparse


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the verb's flags."""
    parser.add_argument("files", nargs="+", metavar="FILE", help="rules or dashboards, YAML or JSON")


def run(parsed: argparse.Namespace) -> int:
    """Print what is wrong with the names in the files; the exit status tells whether anything is."""
    from calicometrics.felix.lint import has_expressions, lint_files
    from calicometrics.own_families import OWN_FAMILIES
    from calicometrics.plugins import Plugins

    known = {spec.name for spec in OWN_FAMILIES}
    for collector in Plugins.load().collectors.values():
        known |= {spec.name for spec in collector.families}
    findings = lint_files(parsed.files, known)
    sys.stdout.writelines(f"{finding}\n" for finding in findings)
    silent = [file for file in parsed.files if not has_expressions(file)]
    for file in silent:
        print(f"{file}: no expression is in it", file=sys.stderr)  # noqa: T201 - what a user is told
    # A file that is broken has none either: a check of nothing must not pass.
    return INCOMPLETE if findings or len(silent) == len(parsed.files) else GOOD
