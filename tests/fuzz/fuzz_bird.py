"""Fuzzes the reader of BIRD's replies, in each of the three framings, whole and in pieces.

Only ParseError may come out of the strict reader, nothing out of the tolerant one but for a reply that is none, and
a reply that comes in pieces of whole lines has to say what it says as a whole. ``python tests/fuzz/fuzz_bird.py N``.
"""

from __future__ import annotations

import pathlib
import re
from collections.abc import Callable, Iterator

import atheris
from harness import fuzz

with atheris.instrument_imports(include=["calicometrics"]):
    from calicometrics.bird.daemon import parse_memory, parse_route_counts, parse_status
    from calicometrics.bird.parser import ProtocolParser, parse_protocols
    from calicometrics.errors import ParseError

RECORDINGS = pathlib.Path(__file__).parents[1] / "data" / "bird"
LONGEST = 2048
FROM_SOCKET = re.compile(r"\d{4}-[^\r]*\n0000 \n")
END = re.compile(r"^\d{4} ", re.MULTILINE)
ONES: tuple[Callable[[str], object], ...] = (parse_status, parse_memory, parse_route_counts)


def test_one_input(data: bytes) -> None:
    """Read one reply in every way; the parser that is kept between two replies has to say what a new one says."""
    text = data.decode("utf-8", "backslashreplace")
    for parse in ONES:
        with_own_errors(parse, text)
    strict = with_own_errors(parse_protocols, text)
    problems: list[ParseError] = []
    try:
        tolerant = parse_protocols(text, problems=problems)
    except ParseError:
        if strict is not None:
            raise AssertionError("the tolerant mode refuses what the strict one reads") from None
        return
    if strict is not None and (problems or tolerant != strict):
        raise AssertionError("the two modes disagree about a good reply")
    parser = ProtocolParser()
    for _ in range(2):
        if parser.parse(text, problems=[]) != tolerant:
            raise AssertionError("what a parser remembers changes what it reads")
    if FROM_SOCKET.fullmatch(text) and len(END.findall(text)) == 1:
        pieces = [line + "\n" for line in text.split("\n")[:-1]]
        if ProtocolParser().parse(pieces, problems=[]) != tolerant:
            raise AssertionError("a reply in pieces says something else")


def with_own_errors(parse: Callable[[str], object], text: str) -> object | None:
    """Return what a reader makes of a text, None when it is refused."""
    try:
        return parse(text)
    except ParseError:
        return None


def seeds() -> Iterator[bytes]:
    """Yield the recordings' beginnings, and one reply in the framings of birdc."""
    for path in sorted(RECORDINGS.glob("*/*/show_[ps]*")):
        if path.is_file() and (data := path.read_bytes()):
            yield data[:LONGEST]
            lines = [line for line in data[:LONGEST].splitlines() if not line.startswith((b"0001", b"0000"))]
            yield b"\n".join(
                line[5:] if line[4:5] in b"- " and line[:4].isdigit() else line[1:] for line in lines
            )
            yield b"\n".join(b"    " + line if line.startswith(b" ") else line for line in lines)


if __name__ == "__main__":
    fuzz(test_one_input, seeds(), LONGEST)
