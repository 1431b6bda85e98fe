"""Measures the text format against prometheus_client: medians of interleaved runs in one process, as ratios.

    python benchmarks/exposition.py [--json FILE] [--repeat N] [--check]

Reading is compared with ``prometheus_client.parser`` on the founding document's two pages and on 100,000 generated
samples (strict mode, repeated series looked for), writing with ``generate_latest`` from prebuilt families of 300,000
samples. A page of 10,000 BGP peers is written as wide rows. Growth is the time for a doubled input over the time for
the input. ``--check`` exits with 1 when a figure misses its goal.
"""

from __future__ import annotations

import argparse
import contextlib
import gc
import json
import random
import statistics
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from prometheus_client import generate_latest
from prometheus_client.parser import text_string_to_metric_families

from calicometrics.errors import ParseError
from calicometrics.exposition.parser import parse_exposition
from calicometrics.exposition.writer import openmetrics_conflict, render_text
from calicometrics.families import Column, MetricFamily

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from prometheus_client import Metric

CASES = Path(__file__).parents[1] / "tests" / "unit" / "exposition" / "cases"
FASTER = 4.0  # times as fast as prometheus_client, at least
GROWTH = 2.6  # times as long for twice the input, at most
SHORTEST = 0.01  # seconds that one measurement takes at least

GROWING: dict[str, Callable[[int], str]] = {
    "escaped quotes": lambda n: 'a{b="' + '\\"' * n + '"} 1\n',
    "escaped backslashes": lambda n: 'a{b="' + "\\\\" * n + '"} 1\n',
    "labels": lambda n: "a{" + ",".join(f'l{i}="v"' for i in range(n // 8)) + "} 1\n",
    "blanks": lambda n: "a" + " " * (16 * n) + "1\n",
    "blanks after the value": lambda n: "a 1" + " " * (16 * n) + "\n",
    "comment length": lambda n: "# " + "x" * (64 * n) + "\n",
    "help escapes": lambda n: "# HELP a " + "x\\n" * n + "\n",
    "opening braces": lambda n: "a" + "{" * (16 * n) + "\n",
    "quotes that do not end": lambda n: 'a{b="' + "x" * (16 * n) + "\n",
    "digits": lambda n: "a " + "1" * n + "\n",
}


class Registry:
    """What ``generate_latest`` asks for metrics."""

    def __init__(self, families: Iterable[MetricFamily]) -> None:
        self._metrics = [family.to_prometheus_client() for family in families]

    def collect(self) -> list[Metric]:
        """Return the metrics, built before the clock runs."""
        return self._metrics


def samples(count: int, families: int) -> list[MetricFamily]:
    """Return families of four labels, alphabetical as prometheus_client sorts them, with numbers of six digits."""
    numbers = random.Random(7)
    result = []
    for number in range(families):
        family = MetricFamily(
            f"family_{number}", "gauge", f"Help of {number}.", ("chain", "ip_version", "node", "table")
        )
        for row in range(count // families):
            labels = (f"cali-{number}", "4", f"node-{row % 500}", f"table-{row}")
            family.add(labels, round(numbers.uniform(0, 1000), 3))
        result.append(family)
    return result


def peers(count: int) -> MetricFamily:
    """Return the change counters of peers with two channels each, about 49 samples a peer as BIRD 3 has them."""
    numbers = random.Random(7)
    columns = [
        Column(labels=(("bird_direction", way), ("bird_action", action), ("bird_outcome", outcome)))
        for way in ("import", "export")
        for action in ("updates", "withdraws")
        for outcome in ("received", "rejected", "filtered", "ignored", "accepted")
    ]
    names = ("bird_daemon", "bird_protocol_instance", "bird_channel")
    family = MetricFamily("bird_route_changes", "counter", "Changes.", names, columns)
    for peer in range(count * 49 // 20):
        channel = "ipv4" if peer % 2 else "ipv6"
        values = [float(numbers.choice((0, 1, 5, 18, 250, 99999))) for _ in columns]
        family.add(("bird", f"Mesh_10_{peer >> 9}_{(peer >> 1) & 255}", channel), *values)
    return family


def clock(run: Callable[[], object]) -> float:
    """Return the seconds that one run takes; short ones are repeated, after one that warms the caches."""
    gc.collect()
    times = 1
    while True:
        begin = time.perf_counter()
        for _ in range(times):
            run()
        taken = time.perf_counter() - begin
        if taken > SHORTEST:
            return taken / times
        times = int(2 * times * SHORTEST / taken) + 1


def compare(own: Callable[[], object], other: Callable[[], object], repeat: int) -> dict[str, float]:
    """Return the medians of both, run in turn, and the median of their ratios."""
    pairs = [(clock(own), clock(other)) for _ in range(repeat)]
    return {
        "own_seconds": statistics.median(mine for mine, _ in pairs),
        "other_seconds": statistics.median(theirs for _, theirs in pairs),
        "ratio": statistics.median(theirs / mine for mine, theirs in pairs),
    }


def growth(build: Callable[[int], str], repeat: int) -> float:
    """Return how much longer a page of twice the size takes, good or bad."""

    def read(text: str) -> Callable[[], None]:
        def run() -> None:
            with contextlib.suppress(ParseError):
                parse_exposition(text)

        return run

    single, double = read(build(20_000)), read(build(40_000))
    pairs = [(clock(single), clock(double)) for _ in range(repeat)]
    # The shortest run of each: a busy machine only ever adds.
    return min(twice for _, twice in pairs) / min(once for once, _ in pairs)


def measure(repeat: int) -> dict[str, dict[str, float]]:
    """Return every figure by its name."""
    pages = {
        "read the founding document's Felix page": (CASES / "felix_metrics.prom").read_text(encoding="utf-8"),
        "read the founding document's BIRD page": (CASES / "bird_metrics.prom").read_text(encoding="utf-8"),
        "read 100,000 samples": "".join(render_text(samples(100_000, 20))),
    }
    figures = {
        name: compare(
            lambda page=page: parse_exposition(page),  # type: ignore[misc]  # mypy has no type for a bound default
            lambda page=page: list(text_string_to_metric_families(page)),  # type: ignore[misc]  # the same
            repeat,
        )
        for name, page in pages.items()
    }
    families = samples(300_000, 10)
    registry = Registry(families)
    if "".join(render_text(families)).encode() != generate_latest(registry):
        raise SystemExit("the two writers disagree: their speed means nothing")
    figures["write 300,000 samples"] = compare(
        lambda: "".join(render_text(families)).encode(), lambda: generate_latest(registry), repeat
    )
    wide = [peers(10_000)]
    figures["write 490,000 samples of 10,000 peers"] = {
        "own_seconds": statistics.median(clock(lambda: "".join(render_text(wide))) for _ in range(repeat))
    }
    figures["look for an OpenMetrics conflict in them"] = {
        "own_seconds": statistics.median(clock(lambda: openmetrics_conflict(wide)) for _ in range(repeat))
    }
    for name, build in GROWING.items():
        figures[f"twice the {name}"] = {"growth": growth(build, repeat)}
    return figures


def main() -> int:
    """Print the figures; return 1 if they are checked and one misses its goal."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the figures to a file")
    parser.add_argument("--repeat", type=int, default=7, metavar="N", help="runs of each (default 7)")
    parser.add_argument("--check", action="store_true", help="exit with 1 when a figure misses its goal")
    arguments = parser.parse_args()
    figures = measure(arguments.repeat)
    missed = False
    for name, figure in figures.items():
        good = figure.get("ratio", FASTER) >= FASTER and figure.get("growth", 0.0) <= GROWTH
        missed |= not good
        text = "  ".join(
            f"{key} {value:.2f}" if key in {"ratio", "growth"} else f"{key} {value:.6f}"
            for key, value in figure.items()
        )
        print(f"{name:42} {text}{'' if good else '  MISSED'}")
    if arguments.json:
        arguments.json.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")
    return 1 if missed and arguments.check else 0


if __name__ == "__main__":
    sys.exit(main())
