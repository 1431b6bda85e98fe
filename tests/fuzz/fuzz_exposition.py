"""Fuzzes the reader and the writer of the text format.

Only ParseError may come out of the strict reader, nothing out of the tolerant one, and what was read has to be the same
after it was written and read again. The seeds are the test cases of the format.
"""

from __future__ import annotations

from pathlib import Path

import atheris
from harness import fuzz

with atheris.instrument_imports(include=["calicometrics"]):
    from calicometrics.errors import ParseError
    from calicometrics.exposition.parser import parse_exposition, parse_page
    from calicometrics.exposition.writer import openmetrics_conflict, render_openmetrics, render_text

CASES = Path(__file__).parents[1] / "unit" / "exposition" / "cases"


def test_one_input(data: bytes) -> None:
    """Read one page in every mode and hold the readers to what they promise."""
    text = data.decode("utf-8", "surrogateescape")
    page = parse_page(text)
    parse_page(text, repair=True)
    written = "".join(render_text(page.families))
    written.encode()
    if openmetrics_conflict(page.families) is None:
        "".join(render_openmetrics(page.families)).encode()
    if parse_page(written).families != page.families:
        raise AssertionError("a page changes when it is written and read again")
    try:
        families = parse_exposition(text)
    except ParseError as error:
        if error.line is None or not 1 <= error.line <= text.count("\n") + 1:
            raise AssertionError(f"line {error.line} of {text.count(chr(10)) + 1}") from error
        return
    if families != page.families or page.problems:
        raise AssertionError("the two modes disagree about a good page")


def seeds() -> list[bytes]:
    """Return the pages of the test cases, good and bad."""
    pages = [path.read_bytes().partition(b"\n====\n")[2] for path in sorted(CASES.glob("*/*.case"))]
    return [*pages, *(path.read_bytes() for path in sorted(CASES.glob("*.prom")))]


if __name__ == "__main__":
    fuzz(test_one_input, seeds())
