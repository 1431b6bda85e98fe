"""``calicometrics metrics``: every family that collectors can export."""

from __future__ import annotations

import pathlib
import sys
from typing import TYPE_CHECKING, Any

from calicometrics.cli import GOOD, build
from calicometrics.cli.examples import examples
from calicometrics.cli.not_exported import NOT_EXPORTED
from calicometrics.own_families import OWN_FAMILIES

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator, Mapping

    from calicometrics.collectors.base import Collector
    from calicometrics.felix.catalogue import CatalogueEntry
    from calicometrics.sinks.base import Sink
    from calicometrics.spec import FamilySpec

ITSELF = "the exporter itself"
SINKS = "sinks"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the verb's flags."""
    parser.add_argument("--format", choices=("markdown", "json"), default="markdown", help="how to print it")
    parser.add_argument("--all", action="store_true", help="collectors that are off, too")
    parser.add_argument(
        "--examples",
        action="append",
        default=[],
        type=pathlib.Path,
        metavar="DIRECTORY",
        help="show examples from a directory of recorded replies, such as show_status.raw; may be given again",
    )
    build.add_arguments(parser)


def run(parsed: argparse.Namespace) -> int:
    """Print the families of the collectors that are on, or of all."""
    setup = build.load(parsed)
    known = setup.plugins.collectors
    chosen = {name: known[name] for name in (known if parsed.all else setup.settings.enabled("collector"))}
    if parsed.format == "json":
        from calicometrics.jsonmodel import dumps, to_json

        groups: dict[str, tuple[Any, ...]] = {
            name: collector.families or passed_through(name) for name, collector in chosen.items()
        }
        groups[ITSELF] = OWN_FAMILIES
        groups[SINKS] = _of_sinks(setup.plugins.sinks)
        shown = {name: to_json(list(specs)) for name, specs in groups.items()}
        sys.stdout.write(dumps(shown, indent=2) + "\n")
    else:
        samples = examples(chosen.values(), parsed.examples) if parsed.examples else {}
        sys.stdout.write("\n".join(document(chosen, setup.plugins.sinks, samples)) + "\n")
    return GOOD


def document(
    collectors: Mapping[str, type[Collector]], sinks: Mapping[str, type[Sink]], samples: Mapping[str, str]
) -> Iterator[str]:
    """Yield the lines of a page in Markdown: families by collector, and the numbers that have none.

    Args:
        collectors: Name → collector, in the order of the page.
        sinks: Name → sink.
        samples: Family → an example.
    """
    yield from (
        "# Metrics",
        "",
        "What each collector exports. A family has no series where BIRD prints nothing: absent is never 0. Every",
        "series carries the labels listed; labels without a value are empty. Times are seconds since the epoch.",
        "",
    )
    for name, collector in collectors.items():
        state = "on by default" if collector.enabled_by_default else f"off by default: `--collector.{name}`"
        yield from (f"## {name}", "", f"{collector.help[0].upper()}{collector.help[1:]}; {state}.", "")
        if collector.families:
            yield from _families(collector.families, samples)
        else:
            yield from _catalogued(passed_through(name))
    yield from (f"## {ITSELF}", "", "Always on.", "")
    yield from _families(OWN_FAMILIES, samples)
    yield from (f"## {SINKS}", "", "How the sinks that push do, while they are on.", "")
    yield from _families(_of_sinks(sinks), samples)
    yield from (
        "## Not exported",
        "",
        "Numbers that BIRD prints and the models (and the JSON) hold, deliberately without a family.",
        "",
        "| model's field | why |",
        "|---|---|",
    )
    yield from (f"| `{field}` | {why} |" for field, why in NOT_EXPORTED.items())


def _of_sinks(sinks: Mapping[str, type[Sink]]) -> tuple[FamilySpec, ...]:
    return tuple({spec.name: spec for sink in sinks.values() for spec in sink.declared}.values())


def passed_through(collector: str) -> tuple[CatalogueEntry, ...]:
    """Return what is known of the pages that a collector passes through."""
    from calicometrics.collectors.felix_summaries import ALWAYS
    from calicometrics.felix.catalogue import catalogue

    felix = [entry for entry in catalogue() if entry.component == "felix"]
    known = {
        "felix": felix,
        "felix_summaries": [
            entry
            for entry in felix
            if entry.name in ALWAYS or (entry.type == "summary" and entry.name.startswith("felix_"))
        ],
        "endpoints": [entry for entry in catalogue() if entry.component != "felix"],
    }
    return tuple(known.get(collector, ()))


def _catalogued(entries: tuple[CatalogueEntry, ...]) -> Iterator[str]:
    yield "Names, types and labels are those of the page that is passed through."
    if entries:
        yield from (
            "Releases of Calico print, or have printed:",
            "",
            "| family | of | type | labels | since | until |",
            "|---|---|---|---|---|---|",
        )
    for entry in entries:
        labels = ", ".join(f"`{label}`" for label in entry.labels)
        cells = (entry.component, entry.type or "", labels, entry.since or "", entry.last or "")
        yield f"| `{entry.name}` | " + " | ".join(cells) + " |"
    yield ""


def _families(specs: tuple[FamilySpec, ...], samples: Mapping[str, str]) -> Iterator[str]:
    yield "| family | type | unit | labels | what it says | BIRD's line |"
    yield "|---|---|---|---|---|---|"
    for spec in specs:
        labels = ", ".join(f"`{label}`" for label in spec.all_label_names)
        source = f"`{spec.source}`" if spec.source else ""
        cells = (f"`{spec.name}`", spec.type, spec.unit, labels, spec.help, source)
        yield "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"
    yield ""
    lines = [samples[spec.name] for spec in specs if spec.name in samples]
    if lines:
        yield from ("For example:", "", "```text", *lines, "```", "")
