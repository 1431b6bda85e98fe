"""How a process that serves for months collects garbage, changes threads and keeps memory."""

from __future__ import annotations

import contextlib
import ctypes
import gc
import sys
import threading
import time

# glibc's malloc.h: one arena; what is larger than 4 MiB goes back to the system as soon as it is free. By itself glibc
# raises that limit to the largest block that was freed, so that a page of 8 MB would leave holes behind in every round.
# That a heap may have 16 MiB to spare at its end saves getting the same memory again in every round.
_MALLOC_OPTIONS = {
    "M_ARENA_MAX": (-8, 1),
    "M_MMAP_THRESHOLD": (-3, 4 << 20),
    "M_TRIM_THRESHOLD": (-1, 16 << 20),
}
# A round of a large daemon makes a million objects that live on and no cycles; looking through them time and again, as
# Python does by default, takes longer than making them.
_YOUNG_OBJECTS = 100_000_000
_TIDY_EVERY = 2.0  # seconds
# Garbage that was in use while the younger objects were looked through is found among all objects only. That takes half
# a second for a large daemon and a fiftieth for a node: it gets a thousandth of the time.
_TIDY_ALL_SHARE = 1000
# How long a thread that has compressed a block waits for the thread that renders the next one, in seconds.
_SWITCH = 0.0005


def settle() -> None:
    """Adjust this process, when all that it is going to import is there.

    Garbage is collected by the clock and not by the number of new objects. Threads share one arena of memory: with one
    for each thread, what a thread has freed stays with it, and a large exporter takes a third more. Large blocks go
    back to the system when they are free.
    """
    sys.setswitchinterval(_SWITCH)
    gc.set_threshold(_YOUNG_OBJECTS, 20, 20)
    gc.collect()
    gc.freeze()
    threading.Thread(target=_tidy, name="garbage", daemon=True).start()
    with contextlib.suppress(AttributeError, OSError):  # not glibc
        mallopt = ctypes.CDLL(None).mallopt
        for option, value in _MALLOC_OPTIONS.values():
            mallopt(option, value)


def _tidy() -> None:
    due = time.monotonic()
    while True:
        time.sleep(_TIDY_EVERY)
        began = time.monotonic()
        if began < due:
            gc.collect(1)
        else:
            gc.collect()
            ended = time.monotonic()
            due = ended + _TIDY_ALL_SHARE * (ended - began)
