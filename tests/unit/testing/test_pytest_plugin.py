"""The fixtures, in tests of a plugin's author: pytest runs them in a process of its own."""

from __future__ import annotations

import os
import pathlib
import subprocess
import sys

import calicometrics.testing

TEST = """
import os
import urllib.request

from calicometrics import BirdSocket, Collector, FamilySpec

UP = FamilySpec("toy_up", "gauge", "Whether it is up.", ("bird_daemon",))
STATUS = "1000-BIRD 1.6.8\\n0013 Daemon is up and running\\n"
PATHS = []


class Toy(Collector):
    name = "toy"
    help = "a toy"
    families = (UP,)

    def collect(self, snapshot):
        return [UP.family([((daemon,), (1,)) for daemon, _ in snapshot.status()])]


def test_all_of_them(fake_bird, fake_endpoint, snapshot_of, check_collector, tmp_path):
    bird = fake_bird({"show status": STATUS})
    PATHS.append(bird.path)
    assert BirdSocket(bird.path).ask("show status") == STATUS
    (tmp_path / "show_status.raw").write_text(STATUS)
    assert BirdSocket(fake_bird(tmp_path).path).ask("show status") == STATUS
    assert urllib.request.urlopen(fake_endpoint("a 1\\n").url).read() == b"a 1\\n"
    (family,) = check_collector(Toy(), snapshot_of({"show status": STATUS}))
    assert family.rows == [(("bird",), (1,))]


def test_they_are_closed_when_a_test_is_over():
    assert PATHS and not os.path.exists(PATHS[0])
"""


def test_the_fixtures_are_there_and_close_what_they_make(tmp_path: pathlib.Path) -> None:
    (tmp_path / "test_toy.py").write_text(TEST)
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "calicometrics.testing.pytest_plugin", str(tmp_path)],
        env=os.environ | {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    assert "2 passed" in done.stdout


def test_the_names_are_public_and_no_other() -> None:
    assert dir(calicometrics.testing) == ["FakeBird", "FakeEndpoint", "check_collector", "snapshot_of"]
    for name in dir(calicometrics.testing):
        assert getattr(calicometrics.testing, name).__doc__
    assert not hasattr(calicometrics.testing, "FakeFelix")
