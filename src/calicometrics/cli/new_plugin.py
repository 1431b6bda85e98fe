"""``calicometrics new-plugin NAME``: the skeleton of a plugin, with a test that passes."""

from __future__ import annotations

import pathlib
import sys
from typing import TYPE_CHECKING

from calicometrics.cli import GOOD
from calicometrics.scaffold import write_plugin

if TYPE_CHECKING:
    import argparse


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the verb's arguments."""
    parser.add_argument("name", metavar="NAME", help="what the plugin is about, such as bfd")
    parser.add_argument(
        "--directory",
        type=pathlib.Path,
        default=pathlib.Path(),
        metavar="DIR",
        help="where to make the package's directory (default: here)",
    )


def run(parsed: argparse.Namespace) -> int:
    """Write the files and say what to do with them."""
    written = write_plugin(parsed.name, parsed.directory)
    root = parsed.directory / f"calicometrics-{parsed.name}"
    sys.stdout.writelines(f"{path}\n" for path in written)
    sys.stdout.write(f"\ncd {root} && pip install --editable . --group test && pytest\n")
    return GOOD
