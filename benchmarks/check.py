"""Checks in CI that nothing became much slower: ratios of this machine's processor time, never seconds.

    python -m benchmarks.check

Each figure is the median of interleaved runs against something that changes with the machine and not with this project:
a plain pyparsing grammar for reading, prometheus_client's writer for writing. The gates are at about two thirds of what
the reference machine reaches, so that a regression of 1.5 times fails. Exits with 1 when one does.
"""

from __future__ import annotations

import gc
import statistics
import sys
import time
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

from benchmarks import tokens
from benchmarks.growth import Generated
from benchmarks.peers import Reply
from prometheus_client import CollectorRegistry, generate_latest

from calicometrics.bird.parser import ProtocolParser
from calicometrics.collectors.bgp_timers import BgpTimersCollector
from calicometrics.collectors.bird_protocols import BirdProtocolsCollector
from calicometrics.exposition.writer import KeptText, render_text
from calicometrics.snapshot import Snapshot

if TYPE_CHECKING:
    from collections.abc import Callable

PEERS = 600
TOKEN_PEERS = 40
RUNS = 7


class Gate(NamedTuple):
    """One figure and the least that it may be."""

    name: str
    least: float
    figure: float


def ratio(one: Callable[[], object], other: Callable[[], object]) -> float:
    """Return how many times as long the second takes as the first: the median of interleaved runs."""
    ratios = []
    for _ in range(RUNS):
        seconds = []
        for measured in (one, other):
            gc.collect()
            began = time.process_time()
            measured()
            seconds.append(time.process_time() - began)
        ratios.append(seconds[1] / seconds[0])
    return statistics.median(ratios)


class Rounds:
    """A large daemon, round by round, each with a share of the peers changed."""

    def __init__(self, share: float) -> None:
        replies = Reply("3.3.2", PEERS).after(share)
        self._replies = [text.encode() for text in islice(replies, 3 * RUNS)]
        self._parser, self._kept = ProtocolParser(), KeptText()
        self._collectors = (BirdProtocolsCollector(), BgpTimersCollector())
        self.families = []
        for _ in range(RUNS):  # so that all that can be learned is
            self()

    def __call__(self) -> None:
        """Read, collect and render."""
        snapshot = Snapshot({"bird": Generated(self._replies.pop(0))}, parsers={"bird": self._parser})
        self.families = [family for each in self._collectors for family in each.collect(snapshot)]
        for _ in render_text(self.families, self._kept):
            pass


def gates() -> list[Gate]:
    """Measure."""
    reply = Reply("3.3.2", PEERS).text
    few = Reply("3.3.2", TOKEN_PEERS).text
    share = TOKEN_PEERS / PEERS
    changing, restless = Rounds(0.1), Rounds(1.0)
    families = changing.families
    registry = CollectorRegistry()
    registry.register(_Prebuilt([family.to_prometheus_client() for family in families]))

    def by_tokens() -> None:
        tokens.parse(few)

    return [
        Gate("reading, cold", 28, ratio(lambda: ProtocolParser().parse(reply), by_tokens) / share),
        Gate("writing", 9.5, ratio(lambda: list(render_text(families)), lambda: generate_latest(registry))),
        Gate("a round, a tenth changed", 50, ratio(changing, by_tokens) / share),
        Gate("a round, all changed", 13.5, ratio(restless, by_tokens) / share),
    ]


class _Prebuilt:
    """What ``generate_latest`` asks for metrics."""

    def __init__(self, metrics: list) -> None:
        self._metrics = metrics

    def collect(self) -> list:
        """Return the metrics."""
        return self._metrics


def main() -> int:
    """Print the figures and return the exit status."""
    failed = False
    for gate in gates():
        failed |= gate.figure < gate.least
        print(f"{gate.name}: {gate.figure:.1f} times as fast (at least {gate.least:g})")
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
