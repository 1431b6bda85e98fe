"""How a serving process is adjusted."""

from __future__ import annotations

import subprocess
import sys

import pytest

from calicometrics.cli import process

SETTLED = """
import gc, sys, threading
from calicometrics.cli import process
process.settle()
assert gc.get_freeze_count() > 1_000, gc.get_freeze_count()
assert gc.get_threshold()[0] == 100_000_000
assert sys.getswitchinterval() < 0.001
assert [thread.daemon for thread in threading.enumerate() if thread.name == "garbage"] == [True]
"""


def test_a_process_collects_garbage_by_the_clock() -> None:
    subprocess.run([sys.executable, "-c", SETTLED], check=True, timeout=20)


def test_a_process_without_glibc_is_adjusted_all_the_same() -> None:
    without = "import ctypes; ctypes.CDLL = lambda name: object()\n" + SETTLED
    subprocess.run([sys.executable, "-c", without], check=True, timeout=20)


def test_a_large_block_that_is_free_is_no_longer_the_processs() -> None:
    """Freeing the first block would make glibc take the second one from the heap, where the third would hold it."""
    script = """
import pathlib
from calicometrics.cli import process

def resident():
    return int(pathlib.Path("/proc/self/statm").read_text().split()[1]) * 4096

process.settle()
before = resident()
first = b"x" * (30 << 20)
del first
second = b"x" * (20 << 20)
third = bytearray(200_000)
del second
assert resident() - before < 5 << 20
"""
    subprocess.run([sys.executable, "-c", script], check=True, timeout=20)


def test_looking_through_everything_takes_a_thousandth_of_the_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """It takes 21 ms here, so that it is due again 21 seconds later, which the next look in two seconds' step finds."""
    now = 0.0
    done: list[tuple[float, str]] = []

    def sleep(seconds: float) -> None:
        nonlocal now
        if now > 60:
            raise KeyboardInterrupt
        now += seconds

    def collect(generation: int = 2) -> None:
        nonlocal now
        done.append((round(now), "all" if generation == 2 else "young"))
        now += 0.021 if generation == 2 else 0.0

    monkeypatch.setattr(process.time, "sleep", sleep)
    monkeypatch.setattr(process.time, "monotonic", lambda: now)
    monkeypatch.setattr(process.gc, "collect", collect)
    with pytest.raises(KeyboardInterrupt):
        process._tidy()
    assert [moment for moment, what in done if what == "all"] == [2, 24, 46]
    assert [moment for moment, what in done if what == "young"] == [
        *range(4, 23, 2),
        *range(26, 45, 2),
        *range(48, 61, 2),
    ]
