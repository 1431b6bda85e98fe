"""One process that reads, collects and renders a reply of many peers, twice, and says what it took.

    python -m benchmarks.growth PEERS

The reply comes in pieces of 256 KiB, as from a socket, and a tenth of the peers changes before the second round. Prints
JSON: seconds of processor time and peak memory in MB beyond what the interpreter and the replies take.
"""

from __future__ import annotations

import datetime as dt
import gc
import itertools
import json
import pathlib
import re
import sys
import time

from benchmarks.peers import Reply

from calicometrics.bird.parser import ProtocolParser
from calicometrics.bounds import ReplyBounds
from calicometrics.cli import process
from calicometrics.collectors.bgp_timers import BgpTimersCollector
from calicometrics.collectors.bird_protocols import BirdProtocolsCollector
from calicometrics.exposition.writer import KeptText, render_text
from calicometrics.snapshot import Snapshot

PIECE = 256 * 1024
BOUNDS = ReplyBounds(lines=10_000_000)  # more than 100,000 peers are
STATUS = (
    "1000-BIRD 3.3.2\n1011-Current server time is 2026-11-23 05:00:00.000\n0013 Daemon is up and running\n"
)
READ = dt.datetime(2026, 11, 23, 5, tzinfo=dt.UTC).timestamp()


class Generated:
    """A daemon whose replies are in memory, as bytes."""

    path = "generated"
    expected = True

    def __init__(self, reply: bytes) -> None:
        self._reply = reply

    def connect(self, deadline: float | None = None) -> Generated:  # noqa: ARG002 - it is there at once
        """Return itself."""
        return self

    def close(self) -> None:
        """Do nothing."""

    abandon = close

    def now(self) -> float:
        """Return when the replies were read."""
        return READ

    def ask(self, command: str) -> str:
        """Return the reply to a command."""
        return "".join(self.stream(command))

    def stream(self, command: str):  # noqa: ANN201 - an iterator of text
        """Yield the reply in pieces of whole lines."""
        if command == "show status":
            yield STATUS
            return
        start = 0
        while start < len(self._reply):
            end = self._reply.find(b"\n", start + PIECE) + 1 or len(self._reply)
            yield self._reply[start:end].decode()
            start = end


def memory(key: str) -> float:
    """Return a figure of this process's memory in MB."""
    status = pathlib.Path("/proc/self/status").read_text()
    return int(re.search(rf"{key}:\s+(\d+) kB", status)[1]) * 1024 / 1e6


def main() -> None:
    """Measure and print."""
    reply = Reply("3.3.2", int(sys.argv[1]))
    first, second = (text.encode() for text in itertools.islice(reply.after(0.1), 2))
    del reply
    process.settle()
    parser, kept = ProtocolParser(), KeptText()
    collectors = (BirdProtocolsCollector(), BgpTimersCollector())
    gc.collect()
    pathlib.Path("/proc/self/clear_refs").write_text("5")  # the peak begins here
    before = memory("VmRSS")
    seconds = []
    for text in (first, second):
        began = time.process_time()
        snapshot = Snapshot({"bird": Generated(text)}, parsers={"bird": parser}, reply_bounds=BOUNDS)
        families = [family for collector in collectors for family in collector.collect(snapshot)]
        samples = sum(chunk.count("\n") for chunk in render_text(families, kept))
        seconds.append(time.process_time() - began)
        assert not snapshot.failures, snapshot.failures
        del snapshot, families
    print(
        json.dumps(
            {
                "peers": int(sys.argv[1]),
                "reply_mb": len(first) / 1e6,
                "lines": samples,
                "first_s": seconds[0],
                "second_s": seconds[1],
                "memory_mb": memory("VmHWM") - before,
            }
        )
    )


if __name__ == "__main__":
    main()
