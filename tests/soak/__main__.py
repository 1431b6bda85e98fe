"""``python -m tests.soak MINUTES``: a long run, whose figures go to ``results.json`` beside this file."""

from __future__ import annotations

import datetime as dt
import json
import pathlib
import sys
import tempfile

import attrs

from .harness import Soak

RESULTS = pathlib.Path(__file__).with_name("results.json")


def main() -> int:
    """Run for as many minutes as the first argument says; 1 when something was wrong."""
    minutes = float(sys.argv[1]) if len(sys.argv) > 1 else 30.0
    with tempfile.TemporaryDirectory(prefix="soak-") as directory:
        results = Soak(pathlib.Path(directory), minutes * 60).run()
    written = {"date": dt.datetime.now(dt.UTC).date().isoformat(), **attrs.asdict(results)}
    text = json.dumps(written, indent=2)
    RESULTS.write_text(text + "\n")
    print(text)
    return 1 if results.problems else 0


if __name__ == "__main__":
    sys.exit(main())
