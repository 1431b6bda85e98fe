"""The demo node as a client meets it: real sockets, a real page, the real exporter."""

from __future__ import annotations

import http.client
import pathlib
import stat
import threading
import urllib.parse

import pytest

from calicometrics.bird.client import BirdSocket
from calicometrics.demo import DemoNode
from calicometrics.errors import CommandError
from calicometrics.exporter import Exporter

STARTED = 1_700_000_000.0


class Clock:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.now = STARTED

    def __call__(self) -> float:
        return self.now


def get(url: str) -> str:
    parts = urllib.parse.urlsplit(url)
    connection = http.client.HTTPConnection(parts.netloc, timeout=10)
    try:
        connection.request("GET", parts.path or "/")
        response = connection.getresponse()
        assert response.status == 200
        return response.read().decode()
    finally:
        connection.close()


@pytest.fixture(scope="module")
def clock() -> Clock:
    return Clock()


@pytest.fixture(scope="module")
def demo(clock):
    with DemoNode(clock=clock) as node:
        yield node


def test_both_daemons_answer_on_sockets_of_their_own(demo):
    assert list(demo.sockets) == ["bird", "bird6"]
    for path in demo.sockets.values():
        assert stat.S_ISSOCK(pathlib.Path(path).stat().st_mode)
        status = BirdSocket(path).ask("show status")
        assert "\n Current server time is 2023-11-14 22:13:20\n" in status
    assert "Mesh_192_168_10_12 BGP" in BirdSocket(demo.sockets["bird"]).ask("show protocols")
    assert "Mesh_fd00_10__12 BGP" in BirdSocket(demo.sockets["bird6"]).ask("show protocols")


@pytest.mark.parametrize(
    "command", ["show protocols", "show protocols all", "show memory", "show route count"]
)
def test_the_commands_of_the_collectors_are_answered(demo, command):
    for path in demo.sockets.values():
        assert BirdSocket(path).ask(command)


def test_bird_runs_no_bfd_as_in_calico(demo):
    with pytest.raises(CommandError, match="9001 There is no BFD protocol running"):
        BirdSocket(demo.sockets["bird"]).ask("show bfd sessions")


def test_felixs_page_is_served(demo):
    page = get(demo.felix_url)
    assert "\nfelix_resync_state 3\n" in page


def test_a_demo_that_runs_for_long_does_not_remember_every_request(demo):
    for _ in range(5):
        get(demo.felix_url)
    assert len(demo._felix.requests) <= 1


def test_what_is_shown_follows_the_clock(demo, clock):
    bird = BirdSocket(demo.sockets["bird"])
    replies, pages = [], []
    for clock.now in (STARTED, STARTED + 30, STARTED):
        replies.append(bird.ask("show protocols all"))
        pages.append(get(demo.felix_url))
    assert replies[0] == replies[2] != replies[1]
    assert pages[0] == pages[2] != pages[1]


def test_the_exporter_finds_nothing_to_complain_about(demo):
    with Exporter(demo.sockets) as exporter:
        now = exporter.round()
    assert [result.errors for result in now.collectors if not result.success] == []
    shown = {family.name: list(family.samples()) for family in now.families}
    assert [sample.value for sample in shown["bird_daemon_up"]] == [1, 1]
    assert [sample.value for sample in shown["calicometrics_bird_unknown_lines"]] == [0, 0]
    up = {dict(sample.labels)["bird_protocol_instance"]: sample.value for sample in shown["bird_up"]}
    assert up["Mesh_192_168_10_12"] == 1
    assert up["Mesh_192_168_10_17"] == 0


def test_closing_leaves_neither_threads_nor_sockets_behind():
    threads = set(threading.enumerate())
    descriptors = set(pathlib.Path("/proc/self/fd").iterdir())
    node = DemoNode()
    directory = pathlib.Path(node.sockets["bird"]).parent
    BirdSocket(node.sockets["bird6"]).ask("show status")
    get(node.felix_url)
    node.close()
    node.close()
    assert not directory.exists()
    assert set(threading.enumerate()) <= threads
    assert set(pathlib.Path("/proc/self/fd").iterdir()) <= descriptors
