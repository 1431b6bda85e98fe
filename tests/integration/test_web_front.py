"""The HTTP front among clients that mean it no good, over real sockets."""

from __future__ import annotations

import contextlib
import gzip
import http.client
import os
import pathlib
import random
import re
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from calicometrics.exporter import Exporter
from calicometrics.exposition.parser import parse_exposition
from calicometrics.families import MetricFamily
from calicometrics.rounds import Round
from calicometrics.sinks.prometheus import PrometheusSink, WebOptions
from calicometrics.snapshot import Snapshot
from calicometrics.testing.bird import FakeBird
from calicometrics.web.app import App
from calicometrics.web.limits import Limits
from calicometrics.web.listen import listen
from calicometrics.web.server import HttpServer

from .lab import wait_for
from .needs import need_program
from .serving import serve

pytestmark = pytest.mark.integration

DATA = pathlib.Path(__file__).parents[1] / "data"
HEADER_TIMEOUT = 3.0
ROOM = 150  # MB of memory for slow clients: four pages of 2,000 peers under way, and two rounds
SOON = 1.0  # seconds in which a scrape is answered, whatever else goes on


@pytest.fixture
def exporter() -> Iterator[Exporter]:
    """The founding document's node."""
    replies = {
        "show protocols all": (DATA / "founding/birdc_show_protocols_all.raw").read_bytes(),
        "show status": (DATA / "bird/1.6.8/calico-mixed/show_status.raw").read_bytes(),
    }
    with FakeBird(replies) as bird, Exporter({"bird": bird.path}) as exporter:
        yield exporter


@pytest.fixture
def address(exporter: Exporter) -> Iterator[str]:
    """Where the node's metrics are."""
    sink = PrometheusSink(
        WebOptions(listen_address=("127.0.0.1:0",)), limits=Limits(header_timeout=HEADER_TIMEOUT)
    )
    sink.start(exporter)
    yield sink.addresses[0]
    sink.close()


def fetch(address: str, path: str = "/metrics", **headers: str) -> tuple[float, bytes]:
    """Return how long a page took, and the page."""
    began = time.monotonic()
    with contextlib.closing(http.client.HTTPConnection(address, timeout=20)) as connection:
        connection.request("GET", path, headers={n.replace("_", "-"): value for n, value in headers.items()})
        answer = connection.getresponse()
        body = answer.read()
        assert answer.status == 200, body
    return time.monotonic() - began, body


def connect(address: str) -> socket.socket:
    host, _, port = address.rpartition(":")
    return socket.create_connection((host, int(port)), timeout=20)


def closed(client: socket.socket) -> bool:
    """Whether the server has ended a connection."""
    client.setblocking(False)
    try:
        return client.recv(1) == b""
    except BlockingIOError:
        return False
    except OSError:
        return True


class Drip(threading.Thread):
    """Sends every client's header a byte at a time, for ever."""

    def __init__(self, clients: list[socket.socket]) -> None:
        super().__init__(name="drip")
        self.clients = clients
        self.over = threading.Event()

    def run(self) -> None:
        while not self.over.wait(0.1):
            for client in self.clients:
                with contextlib.suppress(OSError):
                    client.send(b"x")


@contextlib.contextmanager
def nuisances(address: str, *, idle: int = 200, slow: int = 200) -> Iterator[list[socket.socket]]:
    """One silent client, idle ones that have been served, and slow ones whose header never ends."""
    with contextlib.ExitStack() as stack:
        silent = stack.enter_context(connect(address))
        kept = [stack.enter_context(connect(address)) for _ in range(idle)]
        for client in kept:
            client.sendall(b"GET /-/healthy HTTP/1.1\r\nHost: node\r\n\r\n")
        for client in kept:
            assert client.recv(1000).startswith(b"HTTP/1.1 200 OK\r\n")
        dripping = [stack.enter_context(connect(address)) for _ in range(slow)]
        for client in dripping:
            client.sendall(b"GET /metrics HTTP/1.1\r\nX: ")
            client.setblocking(False)
        drip = Drip(dripping)
        drip.start()
        try:
            yield [silent, *dripping]
        finally:
            drip.over.set()
            drip.join()


def test_one_silent_client_does_not_delay_a_scrape(address: str) -> None:
    with connect(address):
        took, page = fetch(address)
    assert took < SOON
    assert b"bird_up{" in page


def test_400_idle_and_slow_clients_do_not_delay_a_scrape_and_the_slow_ones_are_gone_at_their_deadline(
    address: str,
) -> None:
    fetch(address)
    with nuisances(address) as doomed:
        began = time.monotonic()
        while time.monotonic() - began < 2 * HEADER_TIMEOUT:
            took, _ = fetch(address)
            assert took < SOON
            time.sleep(0.1)
        assert all(map(closed, doomed))


def test_50_scrapes_at_once_are_answered_among_400_idle_and_slow_clients(address: str) -> None:
    """40 requests may be under way; the rest are told to come back, and get their page then."""

    def scrape(_: int) -> bool:
        began = time.monotonic()
        while time.monotonic() - began < 10 * SOON:
            with contextlib.suppress(AssertionError):
                took, page = fetch(address, Accept_Encoding="gzip")
                return took < 3 * SOON and b"bird_up{" in gzip.decompress(page)
        return False

    with nuisances(address), ThreadPoolExecutor(50) as pool:
        assert all(pool.map(scrape, range(50)))


def test_more_clients_than_are_granted_do_not_keep_a_scraper_out(address: str) -> None:
    with contextlib.ExitStack() as stack:
        for _ in range(700):
            stack.enter_context(connect(address))
        took, _ = fetch(address)
        assert took < SOON


def test_when_the_clients_have_gone_descriptors_and_threads_are_what_they_were(address: str) -> None:
    def taken() -> tuple[int, int]:
        return len(os.listdir("/proc/self/fd")), threading.active_count()

    fetch(address)  # begins the threads that stay
    before = taken()
    with nuisances(address):
        fetch(address)
        assert taken() != before
    for _ in range(20):
        fetch(address)
    # Fewer is fine: what earlier tests have left behind may go in the meantime.
    wait_for(lambda: all(now <= then for now, then in zip(taken(), before, strict=True)))


class Large:
    """An exporter of 75 MB: 420,000 samples."""

    succeeded = True

    def __init__(self) -> None:
        self.families = []
        for number in range(6):
            made = MetricFamily(f"bird_{number}", "gauge", "Large.", ["description", "protocol"])
            made.rows.extend([(("d" * 130, f"Mesh_{peer}"), (float(peer),)) for peer in range(70_000)])
            self.families.append(made)

    def round(self, timeout: float | None = None) -> Round:
        return Round(tuple(self.families), (), Snapshot(), time.time())


@contextlib.contextmanager
def served(exporter: object) -> Iterator[str]:
    app = App(exporter)  # type: ignore[arg-type]
    listener = listen("127.0.0.1:0")
    port = listener.getsockname()[1]
    server = HttpServer(app, [listener])
    server.start()
    try:
        yield f"127.0.0.1:{port}"
    finally:
        server.close()
        app.close()


@pytest.mark.parametrize("encoding", ["gzip", "identity"])
def test_75_megabytes_under_way_do_not_delay_other_answers(encoding: str) -> None:
    large = Large()
    with served(large) as address, ThreadPoolExecutor(1) as pool:
        scrape = pool.submit(fetch, address, Accept_Encoding=encoding)
        longest = 0.0
        while not scrape.done():
            longest = max(longest, fetch(address, "/-/healthy")[0])
        _, body = scrape.result()
    page = gzip.decompress(body) if encoding == "gzip" else body
    assert len(page) > 70_000_000
    assert page.count(b"\n") == 6 * 70_002
    assert page.endswith(b'",protocol="Mesh_69999"} 69999.0\n')
    assert longest < SOON


SLOW = 40
PEERS = 2000


def peers(count: int) -> bytes:
    """A reply in which no channel is as another one's."""
    text = (DATA / "bird/2.0.12/calico-mixed/show_protocols_all.raw").read_text()
    begin = text.index("1002-Node_10_9_0_2")
    block = text[begin : text.index("\n \n", begin) + 3]
    choice = random.Random(1)
    parts = [
        re.sub(r"(?<=[ /])\d+(?=[ /\n])", lambda _: str(choice.randrange(10**6)), block) for _ in range(count)
    ]
    named = [part.replace("Node_10_9_0_2", f"Node_{peer}") for peer, part in enumerate(parts)]
    head = "2002-name     proto    table    state  since       info\n"
    return f"{head}{''.join(named)}0000 \n".encode()


def memory(process: int) -> int:
    """Megabytes that a process has."""
    status = pathlib.Path(f"/proc/{process}/status").read_text()
    match = re.search(r"VmRSS:\s+(\d+) kB", status)
    assert match is not None
    return int(match[1]) // 1024


@pytest.mark.parametrize("encoding", ["gzip", "identity"])
def test_40_clients_that_take_nothing_of_a_large_page_keep_no_scraper_out_and_little_memory(
    encoding: str,
) -> None:
    replies = {
        "show protocols all": peers(PEERS),
        "show status": (DATA / "bird/2.0.12/calico-mixed/show_status.raw").read_bytes(),
    }
    request = f"GET /metrics HTTP/1.1\r\nHost: node\r\nAccept-Encoding: {encoding}\r\n\r\n".encode()
    with FakeBird(replies) as bird, serve(f"--bird.socket=bird={bird.path}") as serving:
        address = serving.url.removeprefix("http://")
        host, _, port = address.rpartition(":")
        for _ in range(3):
            fetch(address, Accept_Encoding="gzip")
        before = memory(serving.process.pid)
        with contextlib.ExitStack() as stack:
            most = before
            for number in range(SLOW):
                client = stack.enter_context(socket.socket())
                client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
                client.connect((host, int(port)))
                client.sendall(request)
                if number % 2:  # in pairs, so that there are many rounds
                    with contextlib.suppress(OSError):
                        client.recv(1)
                most = max(most, memory(serving.process.pid))
            began = time.monotonic()
            _, page = fetch(address, Accept_Encoding="gzip", X_Prometheus_Scrape_Timeout_Seconds="10")
            assert time.monotonic() - began < 10
            assert gzip.decompress(page).count(b"bird_up{") == PEERS
            most = max(most, memory(serving.process.pid))
    assert most - before < ROOM


def test_a_neighbour_with_no_time_takes_nothing_from_who_has_some() -> None:
    """It begins one round after the other, and none of them is enough for the daemon."""

    def slowly(name: str) -> Callable[[], bytes]:
        reply = (DATA / f"bird/2.0.12/calico-mixed/{name}.raw").read_bytes()
        return lambda: (time.sleep(0.3), reply)[1]

    replies = {"show status": slowly("show_status"), "show protocols all": slowly("show_protocols_all")}
    over = threading.Event()
    with FakeBird(replies) as bird, Exporter({"bird": bird.path}) as slow, served(slow) as address:

        def hurry() -> None:
            while not over.is_set():
                with contextlib.suppress(AssertionError):
                    fetch(address, X_Prometheus_Scrape_Timeout_Seconds="0.1")

        hasty = [threading.Thread(target=hurry) for _ in range(2)]
        for thread in hasty:
            thread.start()
        try:
            for _ in range(3):
                _, page = fetch(address, X_Prometheus_Scrape_Timeout_Seconds="10")
                assert b'bird_daemon_up{bird_daemon="bird"} 1' in page
        finally:
            over.set()
            for thread in hasty:
                thread.join()


def test_no_text_of_a_client_becomes_a_label(address: str) -> None:
    """CVE-2022-21698: a label with a client's method is a series for every method that anybody makes up."""
    before, _ = series(address)
    for word in ("PURGE-4711", "FOO-4711"):
        with connect(address) as client:
            client.sendall(
                f"{word} /{word}?{word} HTTP/1.1\r\nHost: {word}\r\nUser-Agent: {word}\r\nAccept: {word}\r\n"
                f"X-Forwarded-For: {word}\r\nX-Prometheus-Scrape-Timeout-Seconds: {word}\r\n\r\n".encode()
            )
            assert b" 405 " in client.recv(1000)
    fetch(address, User_Agent="4711", Accept="4711/4711", X_Forwarded_For="4711")
    after, page = series(address)
    assert "4711" not in page
    assert after == before


def series(address: str) -> tuple[set[object], str]:
    """The names and labels of a page, and the page."""
    _, body = fetch(address)
    page = body.decode()
    samples = [sample for family in parse_exposition(page) for sample in family.samples()]
    return {(sample.name, tuple(sample.labels)) for sample in samples}, page


@pytest.mark.parametrize(
    "path",
    [
        "/../../../../etc/passwd",
        "/%2e%2e/%2e%2e/etc/passwd",
        "/metrics/../../etc/passwd",
        "/..%2f..%2fetc%2fpasswd",
        "//etc/passwd",
        "/file:///etc/passwd",
        "/page.css",
        "/metrics%00.html",
    ],
)
def test_no_path_of_a_request_reaches_the_file_system(address: str, path: str) -> None:
    with connect(address) as client:
        client.sendall(f"GET {path} HTTP/1.1\r\nHost: node\r\nConnection: close\r\n\r\n".encode())
        answer = b""
        while piece := client.recv(65536):
            answer += piece
    assert answer.startswith(b"HTTP/1.1 404 ")
    assert b"root:" not in answer


def test_curl_gets_what_it_asks_for(address: str) -> None:
    curl = need_program("curl", "curl")

    def run(*arguments: str) -> str:
        return subprocess.run(
            [curl, "-sS", "--max-time", "20", *arguments], capture_output=True, text=True, check=True
        ).stdout

    page = run(f"http://{address}/")
    assert parse_exposition(page)
    assert "bird_up{" in run("--compressed", f"http://{address}/metrics")
    assert run("-H", "Accept: text/html", f"http://{address}/").startswith("<!DOCTYPE html>")
    assert run("-H", "Accept: application/openmetrics-text", f"http://{address}/metrics").endswith("# EOF\n")
    assert run("-o", os.devnull, "-w", "%{http_code}", "-d", "x=1", f"http://{address}/metrics") == "405"
    assert run("--http1.0", f"http://{address}/-/ready") == "ready\n"
    assert run("-I", f"http://{address}/metrics").startswith("HTTP/1.1 200 OK\n")
