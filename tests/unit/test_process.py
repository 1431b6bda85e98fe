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


def test_everything_is_looked_through_now_and_then(monkeypatch: pytest.MonkeyPatch) -> None:
    collected: list[int] = []

    def sleep(_: float) -> None:
        if len(collected) == 600:
            raise KeyboardInterrupt

    monkeypatch.setattr(process.time, "sleep", sleep)
    monkeypatch.setattr(process.gc, "collect", collected.append)
    with pytest.raises(KeyboardInterrupt):
        process._tidy()
    assert collected == ([1] * 299 + [2]) * 2
