"""``calicometrics metrics``: every family the enabled collectors can export."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from calicometrics.cli import GOOD, build
from calicometrics.exporter import OWN_FAMILIES

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterable, Iterator

    from calicometrics.spec import FamilySpec


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the verb's flags."""
    parser.add_argument("--format", choices=("markdown", "json"), default="markdown", help="how to print it")
    build.add_arguments(parser)


def run(parsed: argparse.Namespace) -> int:
    """Print the families of the collectors that are on."""
    setup = build.load(parsed)
    groups: dict[str, Iterable[FamilySpec]] = {
        name: setup.plugins.collectors[name].families for name in setup.settings.enabled("collector")
    }
    groups["the exporter itself"] = OWN_FAMILIES
    if parsed.format == "json":
        from calicometrics.jsonmodel import dumps, to_json

        shown = {name: to_json(list(specs)) for name, specs in groups.items()}
        sys.stdout.write(dumps(shown, indent=2) + "\n")
    else:
        sys.stdout.write("\n".join(_markdown(groups)) + "\n")
    return GOOD


def _markdown(groups: dict[str, Iterable[FamilySpec]]) -> Iterator[str]:
    for name, specs in groups.items():
        if not specs:
            continue
        yield from (
            f"## {name}",
            "",
            "| family | type | unit | labels | what it says | BIRD's line |",
            "|---|---|---|---|---|---|",
        )
        for spec in specs:
            labels = ", ".join(f"`{label}`" for label in spec.all_label_names)
            source = f"`{spec.source}`" if spec.source else ""
            cells = (f"`{spec.name}`", spec.type, spec.unit, labels, spec.help, source)
            yield "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"
        yield ""
