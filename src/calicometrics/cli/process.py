"""How a process that serves for months collects garbage, changes threads and keeps memory."""

from __future__ import annotations

import contextlib
import ctypes
import gc
import sys

_M_ARENA_MAX = -8  # glibc's malloc.h
# A round of a large daemon makes hundreds of thousands of objects and no cycles; looking through them every 700 takes
# longer than making them.
_YOUNG_OBJECTS = 300_000
# How long a thread that has compressed a block waits for the thread that renders the next one, in seconds.
_SWITCH = 0.0005


def settle() -> None:
    """Adjust this process, when all that it is going to import is there.

    Threads share one arena of memory: with one for each thread, what a thread has freed stays with it, and a large
    exporter takes a third more.
    """
    sys.setswitchinterval(_SWITCH)
    gc.set_threshold(_YOUNG_OBJECTS, 20, 20)
    gc.collect()
    gc.freeze()
    with contextlib.suppress(AttributeError, OSError):  # not glibc
        ctypes.CDLL(None).mallopt(_M_ARENA_MAX, 1)
