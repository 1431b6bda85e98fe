"""A BIRD control socket that answers from generated replies, each scrape with the next one.

    python benchmarks/replay.py SOCKET VERSION PEERS SHARE VARIANTS

VARIANTS replies are made beforehand, each with a SHARE of the peers changed, and given in turn.
"""

from __future__ import annotations

import itertools
import pathlib
import socketserver
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parent))

from peers import Reply

STATUS = b"""1000-BIRD %s
1011-Router ID is 10.1.0.1
 Current server time is 2026-11-23 05:00:00.000
 Last reboot on 2026-11-23 04:15:08.000
 Last reconfiguration on 2026-11-23 04:15:08.000
0013 Daemon is up and running
"""


class Conversation(socketserver.StreamRequestHandler):
    """One client."""

    def handle(self) -> None:
        """Answer until the client leaves."""
        server: Replay = self.server
        self.request.sendall(server.greeting)
        for line in self.rfile:
            self.request.sendall(server.answer(line.decode().strip()))


class Replay(socketserver.ThreadingUnixStreamServer):
    """The socket."""

    daemon_threads = True

    def __init__(self, path: str, version: str, peers: int, share: float, variants: int) -> None:
        reply = Reply(version, peers)
        self.greeting = f"{reply.greeting}\n".encode()
        self._status = STATUS % version.encode()
        texts = [text.encode() for text in itertools.islice(reply.after(share), variants)]
        # Forth and back, so that the first of a turn differs from the one before no more than others do.
        self._replies = itertools.cycle([*texts, *texts[-2:0:-1]])
        super().__init__(path, Conversation)

    def answer(self, command: str) -> bytes:
        """Return the reply to a command."""
        match command:
            case "restrict":
                return b"0016 Access restricted\n"
            case "show status":
                return self._status
            case "show protocols all":
                return next(self._replies)
            case _:
                return b"9001 syntax error\n"


def main() -> None:
    """Serve until killed."""
    path, version, peers, share, variants = sys.argv[1:]
    with Replay(path, version, int(peers), float(share), int(variants)) as server:
        print("ready", flush=True)
        server.serve_forever()


if __name__ == "__main__":
    main()
