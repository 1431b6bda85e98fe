"""Says where the time of warm scrapes goes: samples of the interpreter, by the part of the exporter that it is in.

    python -m benchmarks.where [--share SHARE]

Runs ``py-spy record --gil`` on an exporter that is scraped for ten seconds; needs the right to trace a process.
"""

from __future__ import annotations

import argparse
import collections
import contextlib
import pathlib
import subprocess
import sys
import tempfile

from benchmarks import exporters

SECONDS = 10
# The innermost of these functions that is on the stack tells the part.
PARTS = {
    "ProtocolParser._read": "reading protocols that changed",
    "ProtocolParser.parse": "telling that protocols are the same",
    "ProtocolRows.families": "rows of protocols that changed",
    "BirdProtocolsCollector.collect": "times of the last change",
    "render_text": "writing tables in which a number changed",
    "_compressed": "handing blocks to the compressor",
    "_tidy": "collecting garbage, which a pause between scrapes would hide",
}
OTHER = "the rest: threads, HTTP, other collectors"


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--share", type=float, default=0.1)
    share = parser.parse_args().share
    with tempfile.TemporaryDirectory() as directory, contextlib.ExitStack() as stack:
        stack.enter_context(exporters.replayed(f"{directory}/bird", "3.3.2", 10_000, share, 5))
        ours = stack.enter_context(exporters.calicometrics(f"{directory}/bird"))
        for _ in range(4):
            ours.scrape()
        out = pathlib.Path(directory, "samples")
        command = [
            *(
                f"{pathlib.Path(sys.executable).parent}/py-spy",
                "record",
                "--gil",
                "--rate=400",
                "--format=raw",
            ),
            *(f"--duration={SECONDS}", f"--pid={ours.process.pid}", f"--output={out}"),
        ]
        spy = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        while spy.poll() is None:
            ours.scrape()
        counts: collections.Counter[str] = collections.Counter()
        for line in out.read_text().splitlines():
            frames, _, count = line.rpartition(" ")
            names = [frame.partition(" (")[0] for frame in frames.split(";")]
            part = next((PARTS[name] for name in reversed(names) if name in PARTS), OTHER)
            counts[part] += int(count)
    for part, count in counts.most_common():
        print(f"{count / counts.total():4.0%} {part}")


if __name__ == "__main__":
    main()
