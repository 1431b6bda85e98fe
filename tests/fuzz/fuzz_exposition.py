"""Fuzzes the reader and the writer of the text format with atheris.

    python tests/fuzz/fuzz_exposition.py 100000            as many inputs, from the seeds that are the test cases
    python tests/fuzz/fuzz_exposition.py crash-0a1b2c      one input again, from the file that a failure has left

Only ParseError may come out of the strict reader, nothing out of the tolerant one, and what was read has to be the same
after it was written and read again.
"""

import shutil
import sys
import tempfile
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["calicometrics"]):
    from calicometrics.errors import ParseError
    from calicometrics.exposition.parser import parse_exposition, parse_page
    from calicometrics.exposition.writer import openmetrics_conflict, render_openmetrics, render_text

CASES = Path(__file__).parents[1] / "unit" / "exposition" / "cases"
LONGEST = 2048  # bytes of an input: long inputs cost time and find nothing that short ones do not


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


def main() -> None:
    """Run as many inputs as the first argument says, or the one input whose file it names."""
    argument = sys.argv[1] if len(sys.argv) > 1 else "100000"
    options = [sys.argv[0], f"-max_len={LONGEST}", "-seed=1", "-timeout=10", "-rss_limit_mb=1024"]
    if not argument.isdigit():
        atheris.Setup([*options, argument], test_one_input)
        atheris.Fuzz()
    with tempfile.TemporaryDirectory() as seeds:
        for path in CASES.glob("*/*.case"):
            Path(seeds, path.stem).write_bytes(path.read_bytes().partition(b"\n====\n")[2])
        for path in CASES.glob("*.prom"):
            shutil.copy(path, seeds)
        atheris.Setup([*options, f"-runs={argument}", seeds], test_one_input)
        atheris.Fuzz()


if __name__ == "__main__":
    main()
