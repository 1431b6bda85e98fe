"""Ten thousand rounds in which everything fails, each in another way, leave nothing behind."""

from __future__ import annotations

import gc
import itertools
import os
import pathlib
import threading

import pytest

from calicometrics.exporter import Exporter
from calicometrics.sources import HttpSource
from calicometrics.testing import FakeBird, FakeEndpoint

pytestmark = pytest.mark.integration

RECORDING = pathlib.Path(__file__).parents[1] / "data/bird/1.6.8/errors"
ROUNDS = 10_000
# Those that take no time: a round that waits for its deadline fails in the same places.
BIRD_FAULTS = ("refuse", "cut", "denied", "unrestricted")
FELIX_FAULTS = ("refuse", "cut", "cut-chunked", "redirect", "unavailable")


def held() -> tuple[int, int]:
    """Descriptors and threads of this process."""
    gc.collect()
    return len(os.listdir("/proc/self/fd")), threading.active_count()


def test_10000_failing_rounds_leave_no_descriptor_and_no_thread(tmp_path: pathlib.Path) -> None:
    """One daemon fails in every way, one is missing, one says nonsense; Felix fails in every way as well."""
    nonsense = {"show status": "1000-nothing\n0013 \n", "show protocols all": "what is that\n0000 \n"}
    with (
        FakeBird.from_directory(RECORDING) as failing,
        FakeBird(nonsense) as confused,
        FakeEndpoint("no page\n") as felix,
    ):
        birds = {"bird": failing.path, "bird6": f"{tmp_path}/none.ctl", "other": confused.path}
        with Exporter(birds, pages={"felix": HttpSource(felix.url)}) as exporter:
            ways = itertools.cycle(itertools.product(BIRD_FAULTS, FELIX_FAULTS))
            for number in range(ROUNDS + 1):
                failing.fault, felix.fault = next(ways)
                taken = exporter.round()
                assert not taken.success
                if number % len(BIRD_FAULTS) == 0:
                    for fake in (failing, confused):
                        fake.commands.clear()
                    felix.requests.clear()
                if number == 0:
                    before = held()
            after = held()
    assert after[0] <= before[0] + 3, "each fake's own end of the last connection may still be open"
    assert after[1] <= before[1] + 3
