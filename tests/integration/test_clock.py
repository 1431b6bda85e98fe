"""The times of real BIRD daemons, in zones and time formats of which none is ours."""

from __future__ import annotations

import os
import pathlib
import subprocess
import time
from collections.abc import Iterator

import attrs
import pytest

from calicometrics.bird.client import BirdSocket
from calicometrics.bird.clock import Clock
from calicometrics.bird.daemon import parse_status
from calicometrics.bird.parser import parse_protocols

from .lab import PACKAGES, answers, wait_for
from .needs import unpacked

pytestmark = pytest.mark.integration

ZONES = {
    "UTC0": 0,
    "NPT-5:45": 20700,
    "PST8": -28800,
    "LINT-14": 50400,
}  # POSIX has the signs the other way round
FORMATS = {
    "default": ("", 2),
    "iso long": ("timeformat protocol iso long;", 2),
    "iso long ms": ("timeformat protocol iso long ms;", 0.001),
    "epoch": ('timeformat protocol "%s";', 2),
    "custom": ('timeformat protocol "%d.%m.%Y %T"; timeformat base "%d.%m.%Y %T";', 2),
    "ctime": ('timeformat protocol "%c"; timeformat base "%c";', 2),
    "offset": ('timeformat protocol "%T %z";', 2),
    "a date at once": ('timeformat protocol "%F" 1 "%F";', 86400),
    "minutes": ('timeformat protocol "%H:%M";', 61),
}


@attrs.frozen
class Started:
    """A daemon that runs in a zone of its own, and when it was started."""

    bird: BirdSocket
    after: float
    before: float


def start(directory: pathlib.Path, version: str, zone: str, statement: str) -> Iterator[Started]:
    configuration = directory / "bird.conf"
    configuration.write_text(f"router id 10.0.0.1;\n{statement}\nprotocol device device1 {{ }}\n")
    path = str(directory / "bird.ctl")
    libraries = next(unpacked("libssh-gcrypt-4").glob("usr/lib/*/"))
    after = time.time()
    process = subprocess.Popen(
        [
            *(unpacked(PACKAGES[version]) / "usr/sbin/bird", "-f"),
            *("-c", configuration, "-s", path, "-P", directory / "bird.pid"),
        ],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env=os.environ | {"TZ": zone, "LD_LIBRARY_PATH": str(libraries)},
    )
    try:
        wait_for(lambda: answers(path))
        yield Started(BirdSocket(path), after, time.time())
    finally:
        process.terminate()
        process.wait(timeout=10)


@pytest.fixture
def daemon(request: pytest.FixtureRequest, tmp_path: pathlib.Path) -> Iterator[Started]:
    yield from start(tmp_path, *request.param)


def runs() -> Iterator[object]:
    zones = list(ZONES)
    for version in PACKAGES:
        for number, (name, (statement, accuracy)) in enumerate(FORMATS.items()):
            if version.startswith("1.") and " ms" in name:
                continue  # BIRD 1.x knows no fractions
            fraction = not version.startswith("1.") and name == "default"
            for zone in (zones[number % 4], zones[(number + 2) % 4]):
                identity = f"{version} {name} {zone}"
                expected = 0.001 if fraction else accuracy
                yield pytest.param((version, zone, statement), ZONES[zone], expected, id=identity)


@pytest.mark.parametrize(("daemon", "offset", "accuracy"), list(runs()), indirect=["daemon"])
def test_a_real_daemons_times_are_within_their_accuracy(
    daemon: Started, offset: int, accuracy: float
) -> None:
    """Both the reboot and its only protocol's change lie between our starting it and its first answer."""
    status = parse_status(daemon.bird.ask("show status"))
    clock = Clock(status.server_time, time.time())
    (device,) = parse_protocols(daemon.bird.ask("show protocols"))
    reboot, change = clock.instant(status.last_reboot), clock.instant(device.since)
    assert clock.offset == offset
    assert abs(clock.skew) < 3
    assert daemon.after - reboot.accuracy <= reboot.timestamp <= daemon.before + reboot.accuracy
    assert daemon.after - change.accuracy <= change.timestamp <= daemon.before + change.accuracy
    assert change.accuracy in {
        accuracy,
        accuracy + 3600,
    }  # an hour more in the week after a change of the clocks
