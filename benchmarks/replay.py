"""A BIRD control socket that answers from generated replies, each scrape with the next one, or from a recording.

    python -m benchmarks.replay SOCKET VERSION PEERS SHARE VARIANTS
    python -m benchmarks.replay SOCKET DIRECTORY

VARIANTS replies are made beforehand, each with a SHARE of the peers changed, and given in turn.
"""

from __future__ import annotations

import datetime as dt
import itertools
import pathlib
import re
import socketserver
import sys
from typing import TYPE_CHECKING

from benchmarks.peers import Reply

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

STATUS = b"""1000-BIRD %s
1011-Router ID is 10.1.0.1
 Current server time is 2026-11-23 05:00:00.000
 Last reboot on 2026-11-23 04:15:08.000
 Last reconfiguration on 2026-11-23 04:15:08.000
0013 Daemon is up and running
"""
SERVER_TIME = re.compile(rb"(?<=Current server time is )(\S{10}) (\S+)")


class Conversation(socketserver.StreamRequestHandler):
    """One client."""

    def handle(self) -> None:
        """Answer until the client leaves."""
        server: Replay = self.server
        self.request.sendall(server.greeting)
        for line in self.rfile:
            self.request.sendall(server.answer(line.decode().strip()))


class Replay(socketserver.ThreadingUnixStreamServer):
    """The socket.

    Args:
        path: Where it is.
        greeting: What it says first.
        replies: Command → replies, given one after the other.
    """

    daemon_threads = True

    def __init__(self, path: str, greeting: bytes, replies: Mapping[str, Iterator[bytes]]) -> None:
        self.greeting = greeting
        self._replies = {"restrict": itertools.repeat(b"0016 Access restricted\n"), **replies}
        super().__init__(path, Conversation)

    def answer(self, command: str) -> bytes:
        """Return the reply to a command."""
        replies = self._replies.get(command)
        return b"9001 syntax error\n" if replies is None else next(replies)


def of_today(status: bytes) -> bytes:
    """Return a reply to ``show status`` with the day on which its time is the nearest to now.

    A daemon whose time is more than half a day away is in no zone, and its times are not exported.
    """
    printed = SERVER_TIME.search(status)
    if printed is None:
        return status
    now = dt.datetime.now(dt.UTC)
    time = dt.time.fromisoformat(printed[2].decode())
    days = [dt.datetime.combine(now + dt.timedelta(days), time, dt.UTC) for days in (-1, 0, 1)]
    nearest = min(days, key=lambda day: abs(day - now))
    return SERVER_TIME.sub(nearest.date().isoformat().encode() + rb" \2", status)


def generated(
    version: str, peers: int, share: float, variants: int
) -> tuple[bytes, dict[str, Iterator[bytes]]]:
    """Return the greeting and the replies of a large daemon."""
    reply = Reply(version, peers)
    texts = [text.encode() for text in itertools.islice(reply.after(share), variants)]
    return f"{reply.greeting}\n".encode(), {
        "show status": itertools.repeat(of_today(STATUS % version.encode())),
        # Forth and back, so that the first of a turn differs from the one before no more than others do.
        "show protocols all": itertools.cycle([*texts, *texts[-2:0:-1]]),
    }


def recorded(directory: pathlib.Path) -> tuple[bytes, dict[str, Iterator[bytes]]]:
    """Return the greeting and the replies of a recording."""
    replies = {}
    for path in directory.glob("*.raw"):
        greeting, feed, reply = path.read_bytes().partition(b"\n")
        command = path.stem.replace("_", " ")
        replies[command] = itertools.repeat(of_today(reply) if command == "show status" else reply)
    return greeting + feed, replies


def main() -> None:
    """Serve until killed."""
    path, *what = sys.argv[1:]
    if len(what) == 1:
        greeting, replies = recorded(pathlib.Path(what[0]))
    else:
        version, peers, share, variants = what
        greeting, replies = generated(version, int(peers), float(share), int(variants))
    with Replay(path, greeting, replies) as server:
        print("ready", flush=True)
        server.serve_forever()


if __name__ == "__main__":
    main()
