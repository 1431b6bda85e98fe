"""Makes docs/performance.md out of benchmarks/results.json.

    python -m benchmarks.report [--plot]

``--plot`` draws the plot, too; it needs matplotlib.
"""

from __future__ import annotations

import argparse
import itertools
import json
import pathlib
from typing import Any, NamedTuple

ROOT = pathlib.Path(__file__).parents[1]
RESULTS = ROOT / "benchmarks/results.json"
PAGE = ROOT / "docs/performance.md"
PLOT = ROOT / "docs/images/growth.svg"
NOTES = ROOT / "benchmarks/notes.md"


class Target(NamedTuple):
    """One line of the table.

    Attributes:
        what: What is measured.
        target: What it is to be, in words.
        figure: What it is.
        met: Whether that is enough.
    """

    what: str
    target: str
    figure: str
    met: bool


def targets(results: dict[str, Any]) -> list[Target]:
    """Return the lines of the table."""
    three, one = results["bird3_tenth_changed"], results["bird1_tenth_changed"]
    node, growth, imports = results["node"], results["growth"], results["imports"]
    peers = f"{three['peers']:,}"
    lines = [
        _at_least(
            f"full scrape, BIRD 3 × {peers}, warm, a tenth of the peers changed", 10, three["warm_ratio"]
        ),
        _at_least("the same, first scrape of the process", 5, three["first_ratio"]),
        _at_least(f"full scrape, BIRD 1.6.8 × {peers}, warm", 5, one["warm_ratio"]),
        Target(
            "peak memory during the first of these",
            "below half of the Go exporter's",
            f"{three['peak_mb'][0]:.0f} MB, theirs {three['peak_mb'][1]:.0f} MB: {three['memory_ratio']:.2f}",
            three["memory_ratio"] < 0.5,
        ),
        _at_least(
            "parsing alone, BIRD 3, cold, against a plain pyparsing token grammar",
            30,
            results["parsing"]["ratio"],
            f" ({results['parsing']['mb_per_s'][0]:.0f} MB/s, {results['parsing']['mb_per_s'][1]:.2f} MB/s)",
        ),
    ]
    for before, after in itertools.pairwise(growth):
        steps = [after[f"{key}_step"] for key in ("first_s", "second_s", "memory_mb")]
        lines.append(
            Target(
                f"{before['peers']:,} → {after['peers']:,} peers: time of the first and the second round, memory",
                "at most 11 times each",
                ", ".join(f"{step:.1f}" for step in steps),
                max(steps) <= 11,
            )
        )
    return [
        *lines,
        Target(
            f"a Calico node, p50 of {node['scrapes']:,} scrapes, against the Go exporter",
            "at most 1.5 times",
            f"{node['ratio']:.2f} times ({node['p50_ms'][0]:.1f} ms, {node['p50_ms'][1]:.1f} ms)",
            node["ratio"] <= 1.5,
        ),
        Target(
            "memory of that node",
            "at most 45 MB, flat from the 100th scrape on",
            f"{node['rss_mb'][0]:.1f} MB at the 100th, {node['rss_mb'][1]:.1f} MB at the last",
            node["rss_mb"][1] <= 45 and node["rss_mb"][1] <= node["rss_mb"][0] * 1.03,
        ),
        Target(
            "`from calicometrics import parse_protocols`, against importing `attrs`, `pluggy`, `pyparsing` and "
            "`prometheus_client`",
            "at most 0.7 times",
            f"{imports['ratio']:.2f} times ({imports['ms'][0]:.0f} ms, {imports['ms'][1]:.0f} ms)",
            imports["ratio"] <= 0.7,
        ),
    ]


def _at_least(what: str, times: float, figure: float, more: str = "") -> Target:
    return Target(what, f"at least {times:g} times as fast", f"{figure:.1f} times{more}", figure >= times)


def page(results: dict[str, Any]) -> str:
    """Return docs/performance.md."""
    machine = results["machine"]
    rows = "\n".join(
        f"| {line.what} | {line.target} | {line.figure} | {'met' if line.met else '**missed**'} |"
        for line in targets(results)
    )
    scrapes = "\n".join(
        f"| {one['version']} | {one['share_changed']:.0%} | {one['first_s'][0]:.2f} / {one['first_s'][1]:.2f} "
        f"| {one['warm_s'][0]:.2f} / {one['warm_s'][1]:.2f} | {one['first_ratio']:.1f} | {one['warm_ratio']:.1f} "
        f"| {one['samples'][0]:,} / {one['samples'][1]:,} | {one['peak_mb'][0]:.0f} / {one['peak_mb'][1]:.0f} |"
        for key, one in results.items()
        if key.startswith("bird")
    )
    growth = "\n".join(
        f"| {one['peers']:,} | {one['reply_mb']:.1f} | {one['first_s']:.2f} | {one['second_s']:.2f} "
        f"| {one['memory_mb']:.0f} |"
        for one in results["growth"]
    )
    return f"""# Performance

`make bench` measures everything on this page in one run, and writes it. The machine: {machine["cpus"]} shared cores
({machine["model"]}), Python {machine["python"]}, with the extra `fast`. The Go exporter is Debian's
`prometheus-bird-exporter` 1.4.1; both are processes that read replayed control sockets and are scraped over HTTP with
gzip, in turn. Ratios are medians of pairs.

| what | target | measured | |
|---|---|---|---|
{rows}

## Full scrapes

calicometrics / Go exporter; seconds, samples, MB at the peak. "Changed" is the share of the peers whose routes, counts
and timers are others than in the scrape before: where all of them are, nothing that is kept helps, save that peers are
configured alike.

| BIRD | changed | first | warm | ratio first | ratio warm | samples | memory |
|---|---|---|---|---|---|---|---|
{scrapes}

## Growth

Processor seconds of one process that reads, collects and renders, a tenth of the peers changed in the second round; MB
beyond the interpreter and the replies.

![Time and memory against peers](images/growth.svg)

| peers | reply, MB | first round, s | second round, s | memory, MB |
|---|---|---|---|---|
{growth}

{NOTES.read_text(encoding="utf-8")}"""


def plot(results: dict[str, Any], path: pathlib.Path) -> None:
    """Draw time and memory against peers."""
    import matplotlib as mpl

    mpl.use("svg")
    mpl.rcParams["svg.hashsalt"] = "calicometrics"
    from matplotlib import pyplot as plt

    growth = results["growth"]
    peers = [one["peers"] for one in growth]
    figure, (left, right) = plt.subplots(1, 2, figsize=(9, 3.6), layout="constrained")
    left.loglog(peers, [one["first_s"] for one in growth], "o-", label="first round")
    left.loglog(peers, [one["second_s"] for one in growth], "s-", label="second round")
    left.set(xlabel="BGP peers", ylabel="processor seconds")
    right.loglog(peers, [one["memory_mb"] for one in growth], "o-", label="peak")
    right.set(xlabel="BGP peers", ylabel="MB")
    for axes in (left, right):
        axes.grid(visible=True, which="major", alpha=0.4)
        axes.legend()
    path.parent.mkdir(exist_ok=True)
    figure.savefig(path, metadata={"Date": None})


def main() -> None:
    """Write the page."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--plot", action="store_true")
    results = json.loads(RESULTS.read_text(encoding="utf-8"))
    if parser.parse_args().plot:
        plot(results, PLOT)
    PAGE.write_text(page(results), encoding="utf-8")


if __name__ == "__main__":
    main()
