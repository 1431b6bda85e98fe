"""What clients may do to a connection, and what becomes of it."""

from __future__ import annotations

import contextlib
import gc
import logging
import socket
import struct
import threading
import time
import weakref
from collections.abc import Callable

import pytest

from calicometrics.web.limits import Limits

from .front import PATIENCE, Front, StubExporter, family, until_closed, wait_until

Serve = Callable[..., Front]

GET = b"GET /-/healthy HTTP/1.1\r\nHost: node\r\n\r\n"
SCRAPE = b"GET /metrics HTTP/1.1\r\nHost: node\r\n\r\n"
SHORT = 0.3  # seconds, of a deadline that a test wants to see pass


def answered(client: socket.socket) -> bytes:
    """Read the answer to GET."""
    received = b""
    while not received.endswith(b"healthy\n"):
        piece = client.recv(65536)
        assert piece, received
        received += piece
    return received


def test_a_silent_client_is_gone_at_the_headers_deadline(serve: Serve) -> None:
    front = serve(limits=Limits(header_timeout=SHORT))
    began = time.monotonic()
    assert front.raw(b"") == b""
    assert time.monotonic() - began >= SHORT * 0.9


def test_a_header_that_never_ends_is_cut_off_at_the_deadline_however_often_a_byte_comes(serve: Serve) -> None:
    front = serve(limits=Limits(header_timeout=SHORT))
    began = time.monotonic()
    with front.connect(b"GET / HTTP/1.1\r\nX: ") as client:
        client.settimeout(0.02)
        while time.monotonic() - began < PATIENCE:
            try:
                client.sendall(b"x")
                assert client.recv(100) == b""
            except TimeoutError:
                continue
            except OSError:
                pass
            break
    assert SHORT * 0.9 <= time.monotonic() - began < PATIENCE


def test_the_header_of_a_later_request_has_the_same_deadline(serve: Serve) -> None:
    front = serve(limits=Limits(header_timeout=SHORT))
    with front.connect(GET) as client:
        answered(client)
        time.sleep(SHORT * 1.5)  # idle, which has a deadline of its own
        began = time.monotonic()
        client.sendall(b"GET /-/hea")
        assert until_closed(client) == b""
        assert time.monotonic() - began >= SHORT * 0.9


def test_an_idle_connection_serves_again_and_is_closed_at_its_deadline(serve: Serve) -> None:
    front = serve(limits=Limits(idle_timeout=SHORT))
    with front.connect(GET) as client:
        answered(client)
        began = time.monotonic()
        client.sendall(GET)
        answered(client)
        assert until_closed(client) == b""
        assert time.monotonic() - began >= SHORT * 0.9


def test_a_client_that_does_not_take_its_answer_is_cut_off(serve: Serve) -> None:
    front = serve(
        StubExporter([family(f"bird_{number}", rows=20_000) for number in range(20)]),
        limits=Limits(response_timeout=SHORT),
    )
    with front.connect(SCRAPE) as client:
        wait_until(lambda: front.long_answers == 1)
        wait_until(lambda: front.long_answers == 0)
        assert not until_closed(client).endswith(b"0\r\n\r\n")


def test_a_client_that_takes_nothing_is_cut_off_long_before_its_answer_has_to_be_complete(
    serve: Serve,
) -> None:
    front = serve(
        StubExporter([family(f"bird_{number}", rows=20_000) for number in range(20)]),
        limits=Limits(taking_timeout=SHORT),
    )
    with front.connect(SCRAPE) as client:
        wait_until(lambda: front.long_answers == 1)
        wait_until(lambda: front.long_answers == 0)
        assert not until_closed(client).endswith(b"0\r\n\r\n")


def small(front: Front) -> socket.socket:
    """Connect with buffers that hold next to nothing."""
    # Connections inherit it.
    front.server._sockets[0].setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
    client = socket.socket()
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    client.connect(("127.0.0.1", front.port))
    client.settimeout(PATIENCE)
    return client


def test_a_complete_answer_that_nobody_takes_has_the_same_deadline(serve: Serve) -> None:
    front = serve(html_page=lambda taken: "x" * 260_000, limits=Limits(taking_timeout=SHORT))
    with small(front) as client:
        client.sendall(b"GET / HTTP/1.1\r\nHost: x\r\nAccept: text/html\r\n\r\n")
        wait_until(lambda: front.exporter.timeouts and not list(front.server._connections))


@pytest.mark.parametrize(
    ("header", "status"),
    [
        (b"X: " + b"x" * 16_000 + b"\r\n", 200),
        (b"X: " + b"x" * 16_500 + b"\r\n", 431),
        (b"X: " + b"x" * 60_000 + b"\r\n", 431),
        (b"X: " + b"x" * 1_000_000 + b"\r\n", 431),
        (b"X: x\r\n" * 98, 200),  # and Host, and Connection
        (b"X: x\r\n" * 99, 431),
        (b"X: x\r\n" * 15_000, 431),
    ],
)
def test_a_complete_header_is_bounded_as_well(serve: Serve, header: bytes, status: int) -> None:
    front = serve()
    begin = b"GET /-/healthy HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
    assert front.raw(begin + header + b"\r\n").startswith(b"HTTP/1.1 %d " % status)
    # A path is part of it.
    assert front.raw(b"GET /" + b"x" * 16_400 + b" HTTP/1.1\r\nHost: x\r\n\r\n").startswith(b"HTTP/1.1 431 ")


def test_of_a_header_that_is_far_too_large_not_even_the_lines_are_read(
    serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[object] = []
    monkeypatch.setattr("calicometrics.web.connection._too_large", lambda scope, _: read.append(scope))
    front = serve()
    words = b"GET / HTTP/1.1\r\nHost: x\r\n" + b"X: x\r\n" * 10_000 + b"\r\n"
    assert front.raw(words).startswith(b"HTTP/1.1 431 ")
    assert read == []


def test_a_header_that_is_too_large_is_answered_behind_another_request(serve: Serve) -> None:
    front = serve()
    front.exporter.go.clear()
    with front.connect(SCRAPE) as client:
        assert front.exporter.asked.wait(PATIENCE)
        client.sendall(GET.replace(b"\r\n\r\n", b"\r\nX: " + b"x" * 30_000 + b"\r\n\r\n"))
        front.exporter.go.set()
        answers = until_closed(client)
    assert answers.startswith(b"HTTP/1.1 200 ")
    assert b"HTTP/1.1 431 " in answers


@pytest.mark.parametrize("path", [b"/-/healthy", b"/metrics"])
@pytest.mark.parametrize("version", [b"1.0", b"1.1"])
def test_who_has_said_all_and_listens_on_gets_its_answer(serve: Serve, path: bytes, version: bytes) -> None:
    front = serve()
    with front.connect(b"GET %s HTTP/%s\r\nHost: node\r\n\r\n" % (path, version)) as client:
        client.shutdown(socket.SHUT_WR)
        assert until_closed(client).startswith(b"HTTP/1.1 200 OK\r\n")


def test_who_has_said_all_and_listens_on_gets_a_long_answer_and_all_answers(serve: Serve) -> None:
    page = "x" * 5_000_000
    front = serve(html_page=lambda taken: page)
    with front.connect(b"GET / HTTP/1.1\r\nHost: x\r\nAccept: text/html\r\n\r\n" + GET) as client:
        client.shutdown(socket.SHUT_WR)
        answers = until_closed(client)
    assert answers.count(b"x") > len(page)
    assert answers.endswith(b"healthy\n")


def test_who_has_said_only_half_and_nothing_more_is_gone(serve: Serve) -> None:
    front = serve()
    with front.connect(GET[:-2]) as client:
        client.shutdown(socket.SHUT_WR)
        assert until_closed(client) == b""


def test_who_asks_again_without_taking_what_it_was_given_gets_no_round(serve: Serve) -> None:
    front = serve(html_page=lambda taken: "x" * 260_000)
    page = b"GET / HTTP/1.1\r\nHost: x\r\nAccept: text/html\r\n\r\n"
    with small(front) as client:
        client.sendall(page * 2)
        assert client.recv(8) == b"HTTP/1.1"
        assert front.get("/-/healthy").status == 200
        assert len(front.exporter.timeouts) == 1
        received = 0
        while received < 2 * 260_000:
            received += len(client.recv(65536))
        assert len(front.exporter.timeouts) == 2


def test_what_waits_for_slow_clients_is_bounded(serve: Serve) -> None:
    front = serve(html_page=lambda taken: "x" * 1_000_000, limits=Limits(waiting_size=3_000_000))
    page = b"GET / HTTP/1.1\r\nHost: x\r\nAccept: text/html\r\n\r\n"

    def waiting() -> int:
        return sum(connection._taking.waiting for connection in front.server._connections)

    with contextlib.ExitStack() as clients:
        for _ in range(6):
            clients.enter_context(small(front)).sendall(page)
        wait_until(lambda: waiting() > 5_000_000)
        time.sleep(0.6)  # from now on they lag
        clients.enter_context(small(front)).sendall(page)
        wait_until(lambda: waiting() < 3_500_000)


def test_a_client_that_leaves_its_answer_in_the_buffer_does_not_stay(serve: Serve) -> None:
    """The application has handed over everything; what the kernel does not take waits in the connection."""
    front = serve(html_page=lambda taken: "x" * 260_000, limits=Limits(idle_timeout=SHORT))
    with small(front) as client:
        client.sendall(b"GET / HTTP/1.1\r\nHost: x\r\nAccept: text/html\r\n\r\n")
        wait_until(lambda: front.exporter.timeouts and front.app._under_way == 0)
        (connection,) = front.server._connections
        assert connection.transport.get_write_buffer_size() > 0
        wait_until(connection.transport.is_closing)
        wait_until(lambda: not list(front.server._connections))


def test_a_request_whose_client_has_gone_is_given_up(serve: Serve) -> None:
    front = serve()
    front.exporter.go.clear()
    with front.connect(SCRAPE) as client:
        assert front.exporter.asked.wait(PATIENCE)
        # Not an orderly end, which is the same as that of a client that has said all and listens on.
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    wait_until(lambda: front.app._under_way == 0)
    front.exporter.go.set()
    assert front.get().status == 200


def test_a_connection_that_has_ended_waits_for_no_garbage_collector(serve: Serve) -> None:
    """A node's exporter has one for each scrape, and collects garbage by the clock."""
    front = serve()
    gc.disable()
    try:
        with front.connect(GET) as client:
            answered(client)
            wait_until(lambda: list(front.server._connections))
            connection = weakref.ref(next(iter(front.server._connections)))
        wait_until(lambda: not list(front.server._connections))
        with front.connect(GET[:-2]):  # a client that leaves half-way
            wait_until(lambda: list(front.server._connections))
            half = weakref.ref(next(iter(front.server._connections)))
        wait_until(lambda: not list(front.server._connections))
        wait_until(lambda: connection() is None)
        wait_until(lambda: half() is None)
    finally:
        gc.enable()


def test_one_connection_too_many_closes_the_one_that_has_been_idle_longest(serve: Serve) -> None:
    front = serve(limits=Limits(connections=3))
    with contextlib.ExitStack() as open_clients:
        first, second, third, fourth = (open_clients.enter_context(front.connect(GET)) for _ in range(4))
        # Which of the first three became idle first depends on who was answered first; one of them is gone.
        answered(fourth)
        survivors = []
        for client in (first, second, third):
            with contextlib.suppress(OSError, AssertionError):
                answered(client)
                client.sendall(GET)
                answered(client)
                survivors.append(client)
        assert len(survivors) == 2


def test_who_has_just_been_served_stays_longer_than_who_has_been_silent(serve: Serve) -> None:
    front = serve(limits=Limits(connections=2))
    with front.connect() as silent, front.connect(GET) as served:
        answered(served)
        with front.connect(GET) as newcomer:
            answered(newcomer)
            assert until_closed(silent) == b""
            served.sendall(GET)
            answered(served)


def test_a_request_under_way_is_not_ended_for_the_sake_of_a_new_connection(serve: Serve) -> None:
    front = serve(limits=Limits(connections=1))
    front.exporter.go.clear()
    with front.connect(SCRAPE) as busy:
        assert front.exporter.asked.wait(PATIENCE)
        assert front.raw(GET) == b""
        front.exporter.go.set()
        assert busy.recv(100).startswith(b"HTTP/1.1 200 OK\r\n")


@pytest.mark.parametrize(
    "request_bytes",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",  # the beginning of a TLS handshake
        b"\r\n\r\nGET\r\n\r\n",
        b"GET / HTTP/1.1\r\n\r\n",  # no Host
        b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
        b"GET  /metrics HTTP/1.1\r\nHost: a\r\n\r\n",
        b"GET /\xff HTTP/1.1\r\nHost: a\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\nBad Name: x\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\nX: a\x00b\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: rot13\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\nX: " + b"x" * 20_000,
        b"A" * 20_000,
    ],
)
def test_what_is_no_request_is_answered_400_and_not_logged(
    serve: Serve, request_bytes: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    front = serve()
    answer = front.raw(request_bytes)
    assert answer.startswith((b"HTTP/1.1 400 Bad Request\r\n", b"HTTP/1.1 501 ", b"HTTP/1.1 431 "))
    assert front.get("/-/healthy").status == 200
    assert [record for record in caplog.records if record.levelno >= logging.WARNING] == []


@pytest.mark.parametrize(
    ("request_bytes", "status"),
    [
        (b"GET /-/healthy HTTP/1.0\r\n\r\n", 200),
        (b"GET /-/healthy HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", 200),
        (b"GET /-/healthy HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello", 200),
        (b"GET /-/healthy HTTP/1.1\r\nHost: a\r\nContent-Length: 999999999\r\n\r\n", 200),
        (b"GET /-/healthy HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n", 200),
        (b"GET /-/healthy HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nnonsense\r\n", 200),
        (
            b"POST /metrics HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
            405,
        ),
        (b"CONNECT node:1 HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\n", 405),
        (b"GET http://[broken/ HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", 200),
        (b"GET nonsense HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", 404),
        (b"GET /%ff%0a HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", 404),
    ],
)
def test_an_odd_request_is_answered_once_and_the_connection_ends(
    serve: Serve, request_bytes: bytes, status: int, caplog: pytest.LogCaptureFixture
) -> None:
    """A request's body is never read, so whoever sends one is told that the connection is closed."""
    answer = serve().raw(request_bytes)
    assert answer.startswith(b"HTTP/1.1 %d " % status) or b"400" in answer[:20]
    assert answer.count(b"HTTP/1.1 ") == 1
    assert [record for record in caplog.records if record.levelno >= logging.WARNING] == []


def test_garbage_after_a_request_ends_the_connection_whether_it_has_been_answered_or_not(
    serve: Serve, caplog: pytest.LogCaptureFixture
) -> None:
    front = serve()
    front.exporter.go.clear()
    garbled = b"GET /metrics HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
    with front.connect(garbled) as client:
        assert front.exporter.asked.wait(PATIENCE)
        client.sendall(b"nonsense\r\n")
        assert until_closed(client).startswith(b"HTTP/1.1 400 ")
    front.exporter.go.set()
    wait_until(lambda: front.app._under_way == 0)
    assert [record for record in caplog.records if record.levelno >= logging.WARNING] == []


def test_garbage_in_a_body_while_the_answer_is_sent_cuts_the_answer_off(
    serve: Serve, caplog: pytest.LogCaptureFixture
) -> None:
    front = serve(StubExporter([family(f"bird_{number}", rows=20_000) for number in range(20)]))
    with front.connect(SCRAPE.replace(b"\r\n\r\n", b"\r\nTransfer-Encoding: chunked\r\n\r\n")) as client:
        assert client.recv(5) == b"HTTP/"
        client.sendall(b"nonsense\r\n")
        assert not until_closed(client).endswith(b"0\r\n\r\n")
    assert [record for record in caplog.records if record.levelno >= logging.WARNING] == []


def test_requests_sent_in_one_go_are_answered_in_turn(serve: Serve) -> None:
    answer = serve().raw(GET * 3 + GET.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"))
    assert answer.count(b"HTTP/1.1 200 OK\r\n") == 4
    assert answer.count(b"healthy\n") == 4


def test_a_wish_for_another_protocol_is_not_granted(serve: Serve, caplog: pytest.LogCaptureFixture) -> None:
    front = serve()
    answer = front.get("/-/healthy", Connection="Upgrade", Upgrade="websocket")
    assert (answer.status, answer.text) == (200, "healthy\n")
    assert [record for record in caplog.records if record.levelno >= logging.WARNING] == []


def test_closing_lets_the_answer_under_way_end(serve: Serve) -> None:
    front = serve()
    front.exporter.go.clear()
    with front.connect(SCRAPE) as client, front.connect(GET) as idle:
        assert front.exporter.asked.wait(PATIENCE)
        answered(idle)
        closing = threading.Thread(target=front.server.close)
        closing.start()
        assert until_closed(idle) == b""
        front.exporter.go.set()
        answer = until_closed(client)
        closing.join()
    assert answer.startswith(b"HTTP/1.1 200 OK\r\n")
    assert answer.endswith(b"} 1.0\n")


def test_closing_does_not_wait_longer_than_the_drain_time(
    serve: Serve, caplog: pytest.LogCaptureFixture
) -> None:
    front = serve(limits=Limits(drain_timeout=0.1))
    front.exporter.go.clear()
    with front.connect(SCRAPE) as client:
        assert front.exporter.asked.wait(PATIENCE)
        front.server.close()
        assert until_closed(client) == b""
    front.exporter.go.set()
    assert [record for record in caplog.records if record.levelno >= logging.WARNING] == []
