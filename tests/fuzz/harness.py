"""Runs one fuzz target with atheris: so many inputs, or one again that a failure has left.

python tests/fuzz/fuzz_bird.py 100000            as many inputs, from the target's seeds
python tests/fuzz/fuzz_bird.py 100000 7          other ones: by another seed of the random numbers
python tests/fuzz/fuzz_bird.py crash-0a1b2c      one input again, from a file
"""

from __future__ import annotations

import pathlib
import sys
import tempfile
from collections.abc import Callable, Iterable

import atheris

CORPUS = pathlib.Path(__file__).parent / "corpus"


def fuzz(test_one_input: Callable[[bytes], None], seeds: Iterable[bytes], longest: int = 2048) -> None:
    """Run as many inputs as the first argument says, or the one input whose file it names; does not return.

    The second argument seeds the random numbers.

    Args:
        test_one_input: The target; what it raises is a failure, and the input is left in a file.
        seeds: Inputs to begin with, beside the files of ``corpus/`` that are named after the script.
        longest: Bytes of an input: long inputs cost time and find nothing that short ones do not.
    """
    argument = sys.argv[1] if len(sys.argv) > 1 else "100000"
    seed = sys.argv[2] if len(sys.argv) > 2 else "1"
    options = [sys.argv[0], f"-max_len={longest}", f"-seed={seed}", "-timeout=10", "-rss_limit_mb=1024"]
    if not argument.isdigit():
        atheris.Setup([*options, argument], test_one_input)
        atheris.Fuzz()
    target = pathlib.Path(sys.argv[0]).stem.removeprefix("fuzz_")
    kept = [path.read_bytes() for path in sorted((CORPUS / target).glob("*"))]
    with tempfile.TemporaryDirectory() as directory:
        for index, seed in enumerate([*seeds, *kept]):
            pathlib.Path(directory, f"seed-{index}").write_bytes(seed)
        atheris.Setup([*options, f"-runs={argument}", directory], test_one_input)
        atheris.Fuzz()
