"""Measures calicometrics against Debian's prometheus-bird-exporter on 10,000 peers, and itself from 1,000 to 100,000.

    python -m benchmarks.scale [--json FILE] [--peers N] [--pairs N]

Both exporters are processes that read replayed control sockets and are scraped over HTTP with gzip, one after the
other, in one run; the results are ratios of such pairs. Written as JSON for ``benchmarks.report``.
"""

from __future__ import annotations

import argparse
import contextlib
import gc
import itertools
import json
import os
import pathlib
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from typing import TYPE_CHECKING, Any

from benchmarks import exporters, tokens
from benchmarks.peers import Reply

from calicometrics.bird.parser import ProtocolParser

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = pathlib.Path(__file__).parents[1]
NODE = ROOT / "tests/data/bird/1.6.8/calico-mixed"
VARIANTS = 5
SIZES = (1_000, 10_000, 100_000)
IMPORTS = 15
Result = dict[str, Any]


def scrapes(version: str, peers: int, share: float, pairs: int) -> Result:
    """Scrape both exporters in turn; the first pair is that of fresh processes."""
    with tempfile.TemporaryDirectory() as directory, contextlib.ExitStack() as stack:
        for name in ("ours", "theirs"):
            stack.enter_context(exporters.replayed(f"{directory}/{name}", version, peers, share, VARIANTS))
        ours = stack.enter_context(exporters.calicometrics(f"{directory}/ours"))
        theirs = stack.enter_context(exporters.bird_exporter(f"{directory}/theirs", version))
        taken = [(ours.scrape(), theirs.scrape()) for _ in range(pairs + 1)]
        (a, b), *warm = [(one.seconds, other.seconds) for one, other in taken]
        return {
            "version": version,
            "peers": peers,
            "share_changed": share,
            "first_s": [a, b],
            "warm_s": [
                statistics.median(one for one, _ in warm),
                statistics.median(other for _, other in warm),
            ],
            "first_ratio": b / a,
            "warm_ratio": statistics.median(other / one for one, other in warm),
            "warm_ratios": [other / one for one, other in warm],
            "samples": [taken[-1][0].samples, taken[-1][1].samples],
            "peak_mb": [ours.memory(), theirs.memory()],
            "memory_ratio": ours.memory() / theirs.memory(),
        }


def node(scrapes: int) -> Result:
    """Scrape both exporters of a Calico node in turn, so many times."""
    with tempfile.TemporaryDirectory() as directory, contextlib.ExitStack() as stack:
        stack.enter_context(exporters.replayed(f"{directory}/bird", NODE))
        ours = stack.enter_context(exporters.calicometrics(f"{directory}/bird"))
        theirs = stack.enter_context(exporters.bird_exporter(f"{directory}/bird", "1.6.8"))
        seconds: list[tuple[float, float]] = []
        for number in range(scrapes):
            seconds.append((ours.scrape().seconds, theirs.scrape().seconds))
            if number == scrapes // 10:
                early = ours.memory("VmRSS")
        p50 = [statistics.median(column) for column in zip(*seconds, strict=True)]
        return {
            "scrapes": scrapes,
            "p50_ms": [1000 * value for value in p50],
            "ratio": p50[0] / p50[1],
            "rss_mb": [early, ours.memory("VmRSS")],
            "their_rss_mb": theirs.memory("VmRSS"),
        }


def parsing(peers: int) -> Result:
    """Compare the parser, cold and without anything kept, with a plain token grammar."""
    text = Reply("3.3.2", peers).text
    small = Reply("3.3.2", max(50, peers // 20)).text

    def rate(parse: Callable[[str], object], of: str, times: int) -> float:
        taken = []
        for _ in range(times):
            gc.collect()
            began = time.process_time()
            parse(of)
            taken.append(time.process_time() - began)
        return len(of) / 1e6 / statistics.median(taken)

    ours = rate(lambda text: ProtocolParser().parse(text), text, 5)
    theirs = rate(tokens.parse, small, 3)
    return {"peers": peers, "mb_per_s": [ours, theirs], "ratio": ours / theirs}


def growth(sizes: tuple[int, ...]) -> list[Result]:
    """Measure processes that read, collect and render ever more peers."""
    results = []
    for peers in sizes:
        command = [sys.executable, "-m", "benchmarks.growth", str(peers)]
        done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT)
        results.append(json.loads(done.stdout))
    for before, after in itertools.pairwise(results):
        for key in ("first_s", "second_s", "memory_mb"):
            after[f"{key}_step"] = after[key] / before[key]
    return results


def imports() -> Result:
    """Compare what a user imports with the libraries that it could import all of, in fresh processes, in turn."""
    statements = (
        "from calicometrics import parse_protocols",
        "import attrs, pluggy, pyparsing, prometheus_client",
    )

    def once(statement: str) -> float:
        began = time.perf_counter()
        subprocess.run([sys.executable, "-c", statement], check=True)
        return time.perf_counter() - began

    for statement in ("pass", *statements):
        once(statement)
    empty = statistics.median(once("pass") for _ in range(IMPORTS))
    pairs = [[once(statement) - empty for statement in statements] for _ in range(IMPORTS)]
    ours, theirs = (statistics.median(column) for column in zip(*pairs, strict=True))
    return {"ms": [1000 * ours, 1000 * theirs], "ratio": ours / theirs}


def main() -> None:
    """Measure everything."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--json", type=pathlib.Path, default=pathlib.Path(__file__).with_name("results.json"))
    parser.add_argument("--peers", type=int, default=10_000)
    parser.add_argument("--pairs", type=int, default=7)
    options = parser.parse_args()
    results: Result = {
        "machine": {
            "cpus": os.cpu_count(),
            "python": platform.python_version(),
            "model": _cpu_model(),
        }
    }

    def part(name: str, measure: Callable[[], Any]) -> None:
        began = time.monotonic()
        results[name] = measure()
        print(f"{name}: {time.monotonic() - began:.0f} s\n{json.dumps(results[name], indent=1)}", flush=True)

    part("bird3_tenth_changed", lambda: scrapes("3.3.2", options.peers, 0.1, options.pairs))
    part("bird3_all_changed", lambda: scrapes("3.3.2", options.peers, 1.0, options.pairs))
    part("bird1_tenth_changed", lambda: scrapes("1.6.8", options.peers, 0.1, options.pairs))
    part("bird1_all_changed", lambda: scrapes("1.6.8", options.peers, 1.0, options.pairs))
    part("parsing", lambda: parsing(options.peers))
    part("node", lambda: node(1000))
    part("imports", imports)
    part("growth", lambda: growth(SIZES))
    options.json.write_text(json.dumps(results, indent=1) + "\n")


def _cpu_model() -> str:
    for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()


if __name__ == "__main__":
    main()
