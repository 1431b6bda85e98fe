"""Writes what is made from the code: the configuration page and the JSON Schema.

python docs/generate.py            write the files
python docs/generate.py --check    exit with 1 when one is stale
"""

from __future__ import annotations

import json
import pathlib
import sys

from calicometrics import config, json_schema
from calicometrics.cli import build
from calicometrics.errors import ConfigError
from calicometrics.plugins import Plugins

HERE = pathlib.Path(__file__).parent
EXAMPLE = HERE / "examples/calicometrics.toml"

WRONG = {
    "a misspelt key": "[bird]\ntimeuot = 3\n",
    "a value of the wrong kind": '[sink.statsd]\naddress = "udp://127.0.0.1:8125"\ninterval = "often"\n',
    "a sink without what it needs": "[sink.textfile]\ninterval = 30.0\n",
}


def configuration() -> str:
    """Return the configuration page."""
    schema = build.schema(Plugins(), with_sinks=True)
    lines = [
        "# Configuration",
        "",
        "Every setting is a flag, a variable of the environment and a key of a TOML file (`--config.file`). Flags beat the",
        "environment, the environment beats the file, the file beats the defaults. All problems of one start are told together;",
        "`serve` reads the settings again on SIGHUP, refuses wrong ones and goes on with the old.",
        "",
        "Repeatable settings are lists in TOML and separated by commas in a variable. Variables that are no setting's are",
        "ignored, since Kubernetes adds `CALICOMETRICS_PORT` and its like for a Service of that name; unknown flags and keys are",
        "errors. The table of a collector or sink turns it on, unless it says `enabled = false`.",
        "",
        "## A file with every sink",
        "",
        "```toml",
        EXAMPLE.read_text(encoding="utf-8").rstrip(),
        "```",
        "",
        "## What is said when a file is wrong",
        "",
    ]
    for what, text in WRONG.items():
        lines += [f"{what[0].upper()}{what[1:]}:", "", "```toml", text.rstrip(), "```", "", "```text"]
        lines += [f"calicometrics: {line}" for line in refusal(schema, text).splitlines()] + ["```", ""]
    lines += [config.document(schema).rstrip(), ""]
    return "\n".join(lines)


def refusal(schema: config.Schema, text: str) -> str:
    """Return what is said of a wrong file, which is called calicometrics.toml."""
    import os
    import tempfile

    with tempfile.TemporaryDirectory() as directory:
        file = pathlib.Path(directory, "calicometrics.toml")
        file.write_text(text, encoding="utf-8")
        try:
            config.load(schema, {}, {}, file)
        except ConfigError as error:
            return str(error).replace(directory + os.sep, "")
    raise AssertionError("the file was to be wrong")


NOW = 1_795_420_000.0  # 2026-11-23 07:46:40 UTC


def status_example() -> str:
    """Return what `calicometrics status --demo` prints at one moment of the demo node's life."""
    import contextlib
    from unittest import mock

    from calicometrics import status_table
    from calicometrics.demo import DemoNode
    from calicometrics.exporter import Exporter
    from calicometrics.sources import HttpSource

    with (
        mock.patch("calicometrics.snapshot.time.time", return_value=NOW),
        DemoNode(clock=lambda: NOW) as demo,
    ):
        exporter = Exporter(demo.sockets, {"felix": HttpSource(demo.felix_url)}, collectors=[])
        with exporter, contextlib.closing(exporter.snapshot()) as snapshot:
            lines = status_table.table(status_table.peer_rows(snapshot), snapshot.time)
            return "\n".join([*lines, status_table.felix_line(snapshot) or ""]) + "\n"


def status() -> str:
    """Return the page on `calicometrics status`."""
    return f"""# The peers as a table

`calicometrics status` shows the BGP peers of all daemons, for people. Those in trouble stand first: not Established, and nobody
disabled them. Then come peers that are administratively down and listeners for a range of neighbors, then the Established
ones. Below the table it says which daemon does not answer or still recovers from a restart, and how Felix stands with the
datastore. `--watch SECONDS` looks again and again.

```console
$ calicometrics status --demo
```

```text
{status_example()}```

* Times are UTC, from the daemon's own clock. After 20 hours BIRD prints the date alone; then so does the table, and the duration
  is in days, with a `~`.
* `HOLD` is what is left of the hold timer, and its whole, in seconds.
* `IN`, `OUT` and `FILTERED` are routes imported, exported and filtered, of all channels; `-` is what BIRD does not print.
* The exit status is 1 when a peer is in trouble or a daemon could not be read, 0 when all is well.
* Trouble is red, disabled yellow, good green when the output is a terminal and `NO_COLOR` is not set. Control characters in what
  comes from the network are shown as escapes.
"""


FILES = {
    HERE / "configuration.md": configuration,
    HERE / "status.md": status,
    pathlib.Path(json_schema.__file__).with_name("schema.json"): lambda: (
        json.dumps(json_schema.schema(), indent=1) + "\n"
    ),
}


def main() -> int:
    """Write or check, and return the exit status."""
    stale = []
    for path, make in FILES.items():
        text = make()
        if "--check" in sys.argv:
            if not path.exists() or path.read_text(encoding="utf-8") != text:
                stale.append(path)
        else:
            path.write_text(text, encoding="utf-8")
    for path in stale:
        print(f"{path.name} is stale: make docs-update", file=sys.stderr)  # noqa: T201 - a script
    return int(bool(stale))


if __name__ == "__main__":
    sys.exit(main())
