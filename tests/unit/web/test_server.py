"""The server's thread."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import resource
import socket
import threading
from collections.abc import Callable

import pytest

from calicometrics.web.listen import listen
from calicometrics.web.server import HttpServer, _Reporter

from .front import Front, wait_until


def test_closing_twice_or_before_the_start_is_harmless() -> None:
    listener = listen("127.0.0.1:0")
    server = HttpServer(None, [listener])
    server.close()
    server.close()
    assert listener.fileno() == -1


def test_a_server_that_cannot_start_says_why_and_leaves_nothing() -> None:
    with socket.socket() as elsewhere, listen("127.0.0.1:0") as listener:
        datagrams = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        server = HttpServer(None, [listener, datagrams])
        with pytest.raises(ValueError, match="A Stream Socket was expected"):
            server.start()
        assert listener.fileno() == datagrams.fileno() == -1
        assert elsewhere.fileno() != -1
    wait_until(lambda: not any(thread.name == "web" for thread in threading.enumerate()))


def test_after_closing_nobody_listens(serve: Callable[..., Front]) -> None:
    front = serve()
    assert front.get("/-/healthy").status == 200
    front.server.close()
    with socket.socket() as client:
        assert client.connect_ex(("127.0.0.1", front.port)) != 0
    front.server.close()


def test_starting_and_closing_leaves_no_descriptor(serve: Callable[..., Front]) -> None:
    def cycle() -> None:
        front = serve()
        front.get()
        front.server.close()

    cycle()
    before = len(os.listdir("/proc/self/fd"))
    for _ in range(5):
        cycle()
    assert len(os.listdir("/proc/self/fd")) == before


def test_other_programs_loggers_are_left_alone(serve: Callable[..., Front]) -> None:
    access = logging.getLogger("uvicorn.access")
    before = (list(access.handlers), access.propagate, access.level, logging.getLogger("uvicorn.error").level)
    serve().get()
    after = (list(access.handlers), access.propagate, access.level, logging.getLogger("uvicorn.error").level)
    assert after == before


@pytest.mark.parametrize("variable", ["WEB_CONCURRENCY", "FORWARDED_ALLOW_IPS"])
def test_variables_of_uvicorns_command_line_change_nothing(
    serve: Callable[..., Front], monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    monkeypatch.setenv(variable, "nonsense")
    assert serve().get("/-/healthy").status == 200


def test_what_asyncio_reports_is_one_line_and_not_said_again_for_a_while(
    caplog: pytest.LogCaptureFixture,
) -> None:
    now = 100.0
    report = _Reporter(lambda: now)
    loop = asyncio.new_event_loop()
    full = {"message": "socket.accept() out of system resource", "exception": OSError(24, "Too many")}
    for _ in range(500):
        report(loop, full)
    report(loop, {"message": "Unclosed"})
    now += 59
    report(loop, full)
    now += 2
    report(loop, full)
    loop.close()
    said = "socket.accept() out of system resource: OSError: [Errno 24] Too many"
    errors = [record for record in caplog.records if record.levelno == logging.ERROR]
    assert [record.getMessage() for record in errors] == [said, "Unclosed", said]
    assert all(not record.exc_info for record in errors)


def test_a_shortage_of_descriptors_is_said_once(
    serve: Callable[..., Front], caplog: pytest.LogCaptureFixture
) -> None:
    front = serve()
    assert front.get().status == 200
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with contextlib.ExitStack() as clients:
        made = [clients.enter_context(socket.socket()) for _ in range(20)]
        resource.setrlimit(resource.RLIMIT_NOFILE, (3, hard))
        try:
            for client in made:
                client.connect(("127.0.0.1", front.port))
            wait_until(lambda: caplog.records)
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        wait_until(lambda: len(list(front.server._connections)) == 20)
    assert len([record for record in caplog.records if record.levelno >= logging.ERROR]) == 1
