"""``calicometrics status``: the peers as a table, for people."""

from __future__ import annotations

import argparse
import contextlib
import os
import sys
import time
from typing import TYPE_CHECKING

from calicometrics import status_table
from calicometrics.cli import GOOD, INCOMPLETE, build
from calicometrics.status_table import Concern

if TYPE_CHECKING:
    from collections.abc import Iterator

    from calicometrics.exporter import Exporter

_NO_BIRD = "no BIRD: none of its usual control sockets is there, and --bird.socket names none"
_LONGEST_PAUSE = 86_400.0  # a day
_COLOURS = {Concern.TROUBLE: "\x1b[31m", Concern.DISABLED: "\x1b[33m", Concern.GOOD: "\x1b[32m"}
_BOLD, _PLAIN, _CLEAR = "\x1b[1m", "\x1b[0m", "\x1b[H\x1b[2J"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the verb's flags."""
    parser.add_argument(
        "--watch", type=_seconds, metavar="SECONDS", help="look again and again, until Ctrl-C"
    )
    build.add_arguments(parser)


def run(parsed: argparse.Namespace) -> int:
    """Print the peers, trouble first; the exit status tells whether there is any."""
    setup = build.load(parsed)
    felix = any(name.startswith(build.FELIX) for name in setup.settings.enabled("collector"))
    terminal = sys.stdout.isatty()
    colour = terminal and not os.environ.get("NO_COLOR")
    status = GOOD
    with contextlib.ExitStack() as stack:
        exporter = build.make_exporter(setup, stack)
        with contextlib.suppress(KeyboardInterrupt):
            while True:
                if parsed.watch:
                    sys.stdout.write(
                        _CLEAR if terminal else time.strftime("%Y-%m-%dT%H:%M:%SZ\n", time.gmtime())
                    )
                status = _show(exporter, felix=felix, colour=colour)
                if not parsed.watch:
                    break
                time.sleep(parsed.watch)
    return status


def _seconds(text: str) -> float:
    seconds = float(text)
    if not 0 < seconds <= _LONGEST_PAUSE:
        raise argparse.ArgumentTypeError(f"expected seconds, more than 0, not {text!r}")
    return seconds


def _show(exporter: Exporter, *, felix: bool, colour: bool) -> int:
    with contextlib.closing(exporter.snapshot()) as snapshot:
        rows = status_table.peer_rows(snapshot)
        trouble = list(status_table.daemon_lines(snapshot))
        if felix and (line := status_table.felix_line(snapshot)) is not None:
            trouble.append(line)
        deaf = felix and snapshot.read_page(build.FELIX) is None
        blind = not snapshot.daemons
        lines = status_table.table(rows, snapshot.time) if rows else [_NO_BIRD if blind else "no BGP peers"]
    painted = _painted(lines, [row.concern for row in rows]) if colour else iter(lines)
    sys.stdout.writelines(f"{line}\n" for line in painted)
    sys.stdout.writelines(f"{status_table.printable(line)}\n" for line in trouble)
    sys.stdout.flush()
    bad = blind or deaf or any(row.concern is Concern.TROUBLE for row in rows) or bool(snapshot.failures)
    return INCOMPLETE if bad else GOOD


def _painted(lines: list[str], concerns: list[Concern]) -> Iterator[str]:
    yield f"{_BOLD}{lines[0]}{_PLAIN}"
    for line, concern in zip(lines[1:], concerns, strict=False):
        yield f"{_COLOURS[concern]}{line}{_PLAIN}"
