"""What happens to BIRD when its reader stops: nothing. And how many readers it has: one."""

from __future__ import annotations

import concurrent.futures
import pathlib
import re
import signal
import socket
import threading
import time

import pytest

from calicometrics.bird.client import BirdSocket
from calicometrics.exposition.parser import parse_exposition
from calicometrics.testing.bird import FakeBird

from .lab import PACKAGES, Lab, Peering, established, wait_for
from .serving import get, serve, value

pytestmark = [pytest.mark.integration, pytest.mark.outside]

HOLD = 3  # seconds: the shortest hold time BIRD takes
ROUTES = 30_000
SCRAPES = 50


def states(lab: Lab) -> list[tuple[str, str]]:
    """Return since when each session is established; the name and the time of the last change."""
    reply = BirdSocket(lab.a.path).ask("show protocols")
    return re.findall(r"(Node_\S+) +BGP +\S+ +up +(\S+) +Established", reply)


def routes(lab: Lab) -> int:
    """Return how many routes the largest table has."""
    reply = BirdSocket(lab.a.path, timeout=30).ask("show route count")
    return max(map(int, re.findall(r"(\d+) of", reply)), default=0)


def short_hold(lab: Lab) -> dict[str, Peering]:
    return dict.fromkeys(lab.names, Peering(session=f"hold time {HOLD}; keepalive time 1;"))


def with_short_hold_times(lab: Lab) -> None:
    """Let sessions fail soon after a daemon stops to speak."""
    for side in "ab":
        lab.reconfigure(side, short_hold(lab))
    wait_for(lambda: len(states(lab)) == len(lab.names))
    time.sleep(2)  # sessions begin again with the new terms at the first reconfiguration, and at the second
    wait_for(lambda: len(states(lab)) == len(lab.names))


def with_many_routes(lab: Lab) -> None:
    """Give the daemon a table whose dump is larger than a socket's buffers."""
    text = lab.configuration("a", short_hold(lab))
    routes = "".join(
        f"route 172.{16 + i // 65536}.{i // 256 % 256}.{i % 256}/32 blackhole; " for i in range(ROUTES)
    )
    old = lab.version.startswith("1.")
    lab.a.configure(text + f"protocol static many {{ {'' if old else 'ipv4;'} {routes} }}\n")
    assert "Reconfigur" in lab.a.admin("configure")


def unchanged(lab: Lab, before: list[tuple[str, str]]) -> bool:
    """Whether the same sessions are up since the same moment; what BIRD prints of one may differ by a second."""

    def seconds(text: str) -> float:
        return sum(float(part) * unit for part, unit in zip(text.split(":"), (3600, 60, 1), strict=True))

    return [name for name, _ in states(lab)] == [name for name, _ in before] and all(
        abs(seconds(now) - seconds(then)) <= 1
        for (_, now), (_, then) in zip(states(lab), before, strict=True)
    )


@pytest.mark.parametrize("version", PACKAGES)
def test_a_reader_that_stops_in_the_middle_of_a_reply_costs_bird_no_session(
    tmp_path: pathlib.Path, version: str
) -> None:
    with established(tmp_path, version) as lab:
        with_short_hold_times(lab)
        with_many_routes(lab)
        wait_for(lambda: routes(lab) > ROUTES)
        wait_for(lambda: len(states(lab)) == len(lab.names))
        before = states(lab)
        with socket.socket(socket.AF_UNIX) as reader:
            reader.settimeout(10)
            reader.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            reader.connect(lab.a.path)
            reader.recv(1000)
            reader.sendall(b"show route all\n")
            assert reader.recv(1000)  # it has begun
            time.sleep(3 * HOLD)  # what is under test is that nothing happens
            assert unchanged(lab, before), "sessions went down, or others cannot ask"
            rest = 0
            end = b""
            while data := reader.recv(1 << 20):
                rest += len(data)
                end = (end + data)[-8:]  # it may come in two pieces
                if end.endswith(b"\n0000 \n"):
                    break
        assert rest > 1_000_000, "the reply fitted into the buffers: nothing was held up"


@pytest.mark.parametrize("version", PACKAGES)
def test_an_exporter_that_is_stopped_costs_bird_no_session_and_goes_on_afterwards(
    tmp_path: pathlib.Path, version: str
) -> None:
    with established(tmp_path, version) as lab:
        with_short_hold_times(lab)
        before = states(lab)
        with serve(f"--bird.socket=bird={lab.a.path}", "--no-collector.felix_summaries") as serving:
            scraping = threading.Event()

            def scrape() -> None:
                while not scraping.is_set():
                    get(serving.url + "/metrics")

            thread = threading.Thread(target=scrape)
            thread.start()
            try:
                time.sleep(1)  # somewhere in a round
                serving.process.send_signal(signal.SIGSTOP)
                time.sleep(3 * HOLD)
                assert unchanged(lab, before)
            finally:
                serving.process.send_signal(signal.SIGCONT)
                scraping.set()
                thread.join()
            assert value(serving.samples(), "bird_daemon_up", bird_daemon="bird") == 1
            assert unchanged(lab, before)


def test_50_scrapes_at_once_are_at_most_one_connection_to_a_daemon(tmp_path: pathlib.Path) -> None:
    status = "1000-BIRD 2.0.12\n1011-Router ID is 10.0.0.1\n Current server time is 2026-11-23 04:00:00.000\n"
    status += " Last reboot on 2026-11-23 03:00:00.000\n Last reconfiguration on 2026-11-23 03:00:00.000\n"
    status += "0013 Daemon is up and running\n"
    open_now: list[int] = []
    with FakeBird({"show status": status}, path=tmp_path / "bird.ctl") as bird:

        def protocols() -> str:
            # The fake's own account of its clients, while this one is being answered.
            open_now.append(len(bird._conversations))
            time.sleep(0.05)
            return "0000 \n"

        bird.answer("show protocols all", protocols)
        with serve(f"--bird.socket=bird={bird.path}", "--no-collector.felix_summaries") as serving:
            with concurrent.futures.ThreadPoolExecutor(SCRAPES) as pool:
                pages = list(pool.map(lambda _: get(serving.url + "/metrics"), range(SCRAPES)))
        good = [body for status, body in pages if status == 200]
        assert good
        assert {status for status, _ in pages} <= {200, 503}, (
            "beyond the cap on requests a scrape is turned away"
        )
        for body in good:
            parse_exposition(body)
        assert open_now
        assert max(open_now) == 1
        assert bird.connections <= SCRAPES // 5, "rounds are shared by those who ask at the same time"
