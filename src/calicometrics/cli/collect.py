"""``calicometrics collect``: one round to standard output."""

from __future__ import annotations

import contextlib
import sys
from typing import TYPE_CHECKING

from calicometrics.cli import GOOD, INCOMPLETE, build

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator

    from calicometrics.rounds import Round


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the verb's flags."""
    parser.add_argument(
        "--format",
        choices=("prometheus", "openmetrics", "json"),
        default="prometheus",
        help="text 0.0.4 (default), OpenMetrics 1.0, or the models as JSON",
    )
    build.add_arguments(parser)


def run(parsed: argparse.Namespace) -> int:
    """Collect once, print what could be had, and return whether that was everything."""
    setup = build.load(parsed)
    with contextlib.ExitStack() as stack:
        done = build.make_exporter(setup, stack).round()
        for chunk in _rendered(done, parsed.format):
            sys.stdout.write(chunk)
        sys.stdout.flush()
    return GOOD if done.success else INCOMPLETE


def _rendered(done: Round, form: str) -> Iterator[str]:
    from calicometrics.exposition import writer

    if form == "json":
        from calicometrics.jsonmodel import dumps, round_to_json

        yield dumps(round_to_json(done), indent=2) + "\n"
    elif form == "openmetrics":
        conflict = writer.openmetrics_conflict(done.families)
        if conflict is not None:
            from calicometrics.errors import CalicometricsError

            raise CalicometricsError(f"OpenMetrics has no room for these families: {conflict}")
        yield from writer.render_openmetrics(done.families)
    else:
        yield from writer.render_text(done.families)
