"""Fuzzes the client of the control socket: a stream of any bytes, cut at any place.

A reply with an end is the same text however it was cut; anything else ends in SourceError. The descriptor is closed.
"""

from __future__ import annotations

import re
import types

import atheris
from harness import fuzz

with atheris.instrument_imports(include=["calicometrics"]):
    from calicometrics.bird import client
    from calicometrics.errors import SourceError

GREETING = b"0001 BIRD 2.0.12 ready.\n"
RESTRICTED = b"0016 Access restricted\n"
END = re.compile(rb"\d{4} ")
LARGEST = 4096


class Wire:
    """What a socket is to the client: the pieces that will be received, and whether it was closed."""

    pieces: list[bytes]
    last: Wire

    def __init__(self, *_: object) -> None:
        self.closed = False
        Wire.last = self

    def settimeout(self, seconds: float) -> None:
        """Accept a timeout, which is never over."""

    def connect(self, path: str) -> None:
        """Accept any path."""

    def sendall(self, data: bytes) -> None:
        """Hold the client to one line a command."""
        if data.count(b"\n") != 1 or not data.endswith(b"\n"):
            raise AssertionError(f"a command is one line, not {data!r}")

    def recv(self, size: int) -> bytes:
        """Return the next piece, nothing when the stream is over."""
        return self.pieces.pop(0)[:size] if self.pieces else b""

    def close(self) -> None:
        """Note that the descriptor is gone."""
        self.closed = True


client.socket = types.SimpleNamespace(socket=Wire, AF_UNIX=0, SOCK_STREAM=0)  # type: ignore[assignment]  # in place of the module


def test_one_input(data: bytes) -> None:
    """Send the data as a whole conversation, and as one reply of a well-behaved BIRD."""
    given = atheris.FuzzedDataProvider(data)
    widths = [given.ConsumeIntInRange(1, 40) for _ in range(given.ConsumeIntInRange(0, 12))]
    behind = given.ConsumeBytes(given.ConsumeIntInRange(0, 40))
    stream = given.ConsumeBytes(LARGEST)
    converse(cut(stream, widths))
    body = b"".join(
        line for line in stream.splitlines(keepends=True) if not END.match(line) and b"\r" not in line
    )
    body = b"".join(line + b"\n" for line in body.split(b"\n") if not END.match(line))
    whole = (
        b"".join(line + b"\n" for line in body.split(b"\n")[:-1] if not line.startswith(b"+")) + b"0000 \n"
    )
    asynchronous = b"".join(b"+" + line + b"\n" for line in behind.split(b"\n") if line)
    answer = converse([GREETING, RESTRICTED, *cut(body + b"0000 \n" + asynchronous, widths)])
    if answer != whole.decode("utf-8", "backslashreplace"):
        raise AssertionError(f"a reply changes with its cuts: {answer!r}")


def cut(data: bytes, widths: list[int]) -> list[bytes]:
    """Return the data in pieces of these widths, and the rest."""
    pieces = []
    for width in widths:
        pieces.append(data[:width])
        data = data[width:]
    return [piece for piece in (*pieces, data) if piece]


def converse(pieces: list[bytes]) -> str | None:
    """Return the reply to one command, None if there is none; there is no descriptor left in any case."""
    Wire.pieces = pieces
    try:
        return client.BirdSocket("/bird.ctl", max_reply=2 * LARGEST).ask("show protocols all")
    except SourceError as error:
        if not str(error).startswith("BIRD at /bird.ctl: "):
            raise AssertionError(f"an error that names nothing: {error}") from error
        return None
    finally:
        if not Wire.last.closed:
            raise AssertionError("a descriptor is left")


if __name__ == "__main__":
    fuzz(test_one_input, [b"\x03\x05\x07" + GREETING + RESTRICTED + b"1002-x BGP\n1006-  y\n0000 \n"])
