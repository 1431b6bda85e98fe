"""Fuzzes the configuration file: whatever it holds, it is settings or a ConfigError that names the file."""

from __future__ import annotations

import pathlib
import tempfile

import atheris
from harness import fuzz

with atheris.instrument_imports(include=["calicometrics"]):
    from calicometrics import config
    from calicometrics.cli import build
    from calicometrics.errors import ConfigError
    from calicometrics.plugins import Plugins

FILE = pathlib.Path(tempfile.mkdtemp(prefix="calicometrics-fuzz-", dir="/dev/shm"), "config.toml")
SCHEMA = build.schema(Plugins.load({}), with_sinks=True)


def test_one_input(data: bytes) -> None:
    """Load the data as the configuration."""
    FILE.write_bytes(data)
    try:
        config.load(SCHEMA, {}, {}, FILE)
    except ConfigError as error:
        if not all(line.strip() for line in str(error).splitlines()):
            raise AssertionError(f"an empty problem: {error}") from error


def seeds() -> list[bytes]:
    """Return files that set something of each type, and one with every number."""
    numbers = [o for o in SCHEMA.options().values() if type(o.default) in (int, float)]
    return [
        b"[bird]\ntimeout = 1.5\nsocket = ['/run/bird.ctl']\n",
        b"[sink.statsd]\nenabled = true\n[collector]\ndisable-defaults = true\n",
        "\n".join(f"{option.key} = {option.default}" for option in numbers).encode(),
    ]


if __name__ == "__main__":
    fuzz(test_one_input, seeds())
