"""Makes replies to ``show protocols all`` of any number of Established BGP peers, from recorded ones."""

from __future__ import annotations

import gzip
import random
import re
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

DATA = Path(__file__).parents[1] / "tests/data/large"
VERSIONS = ("3.3.2", "1.6.8")
_SEED = 20180822

_PROTOCOL = re.compile(r"(?m)^(?=1002-)")
_ROUTES = re.compile(r"(Routes: +)\d+( imported)")
_UPDATES = re.compile(r"(Import updates: +)(\d+)(.* )(\d+)\n")
_SECONDS = re.compile(r"((?:Hold|Keepalive|Send hold) timer: +)[\d.]+")


class Reply:
    """A reply, protocol by protocol.

    Args:
        version: The version of BIRD that was recorded.
        peers: How many BGP peers the reply is to have.
    """

    def __init__(self, version: str, peers: int) -> None:
        with gzip.open(DATA / f"bird-{version}-rr-show_protocols_all.raw.gz", "rt", encoding="utf-8") as file:
            recorded = file.read()
        self._random = random.Random(_SEED)
        head, *blocks = _PROTOCOL.split(recorded[: recorded.rindex("0000 ")])
        self.greeting, self._head = head.partition("\n")[::2]
        established = [block for block in blocks if "BGP state:          Established" in block]
        self._others = [block for block in blocks if " BGP " not in block.split("\n", 1)[0]]
        self._peers = [self._vary(_renamed(established[i % len(established)], i)) for i in range(peers)]

    @property
    def text(self) -> str:
        """The reply as the control socket would print it, without the greeting."""
        return "".join([self._head, *self._others, *self._peers, "0000 \n"])

    def change(self, share: float) -> None:
        """Let time pass for a share of the peers: other timers, routes and counts."""
        for index in range(len(self._peers)):
            if self._random.random() < share:
                self._peers[index] = self._vary(self._peers[index])

    def after(self, share: float) -> Iterator[str]:
        """Yield the reply again and again, each time with a share of the peers changed."""
        while True:
            yield self.text
            self.change(share)

    def _vary(self, block: str) -> str:
        routes = self._random.randrange(1, 10_000)
        block = _ROUTES.sub(rf"\g<1>{routes}\g<2>", block)
        block = _UPDATES.sub(lambda m: f"{m[1]}{int(m[2]) + routes}{m[3]}{int(m[4]) + routes}\n", block)
        return _SECONDS.sub(
            lambda m: f"{m[1]}{self._random.randrange(30, 90)}.{self._random.randrange(1000):03}", block
        )


def _renamed(block: str, index: int) -> str:
    name = block[len("1002-") : block.index(" ")]
    number = index + 1
    return block.replace(name, f"Node_10_{number >> 16}_{number >> 8 & 255}_{number & 255}", 1)
