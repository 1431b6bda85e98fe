"""The sink that serves Prometheus."""

from __future__ import annotations

import http.client
import logging
import resource
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from calicometrics.errors import SourceError
from calicometrics.sinks.base import Sink
from calicometrics.sinks.prometheus import PrometheusSink, WebOptions
from calicometrics.web.limits import Limits
from calicometrics.web.server import HttpServer

from .front import PATIENCE, StubExporter, wait_until


def get(address: str, path: str = "/metrics", **headers: str) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection(address, timeout=PATIENCE)
    try:
        connection.request("GET", path, headers=headers)
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


@pytest.fixture
def sink() -> Iterator[PrometheusSink]:
    sink = PrometheusSink(WebOptions(listen_address=("127.0.0.1:0", "[::1]:0"), telemetry_path="/telemetry"))
    yield sink
    sink.close()


def test_it_is_a_sink_whose_options_live_in_web() -> None:
    assert issubclass(PrometheusSink, Sink)
    assert (PrometheusSink.name, PrometheusSink.section) == ("prometheus", "web")
    options = PrometheusSink.Options()
    assert (options.listen_address, options.telemetry_path) == ((":6502",), "/metrics")
    assert list(PrometheusSink(options).families()) == []


def test_it_serves_on_every_address_and_says_where(
    sink: PrometheusSink, caplog: pytest.LogCaptureFixture
) -> None:
    assert sink.addresses == ()
    with caplog.at_level(logging.INFO):
        sink.start(StubExporter())  # type: ignore[arg-type]
    assert len(sink.addresses) == 2
    for address in sink.addresses:
        assert get(address, "/telemetry")[0] == 200
        assert get(address, "/metrics")[0] == 404
        assert get(address, "/json")[0] == 200
    assert [record.getMessage() for record in caplog.records] == [f"listening on {', '.join(sink.addresses)}"]


def test_after_closing_nobody_listens_and_no_thread_is_left(sink: PrometheusSink) -> None:
    sink.start(StubExporter())  # type: ignore[arg-type]
    assert get(sink.addresses[0], "/telemetry")[0] == 200
    sink.close()
    sink.close()
    with pytest.raises(ConnectionRefusedError):
        get(sink.addresses[0])
    wait_until(lambda: not any(thread.name.startswith("web") for thread in threading.enumerate()))


def test_pages_and_limits_can_be_given() -> None:
    sink = PrometheusSink(
        WebOptions(listen_address=("127.0.0.1:0",)),
        html_page=lambda taken: "<p>people",
        json_page=lambda taken: b"{}",
        limits=Limits(requests=0),
    )
    sink.start(StubExporter())  # type: ignore[arg-type]
    try:
        assert get(sink.addresses[0], "/-/healthy")[0] == 200
        assert get(sink.addresses[0], "/json") == (503, b"0 requests are under way, which is the limit\n")
    finally:
        sink.close()


@pytest.mark.parametrize(
    ("descriptors", "most"),
    [(1024, 512), (256, 192), (24, 12), (1, 1), (resource.RLIM_INFINITY, 512)],
)
def test_no_more_connections_are_granted_than_there_are_descriptors_for(
    sink: PrometheusSink,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    descriptors: int,
    most: int,
) -> None:
    granted: list[int] = []

    class Server(HttpServer):
        def __init__(self, app: Any, sockets: Any, limits: Limits, **more: Any) -> None:
            granted.append(limits.connections)
            super().__init__(app, sockets, limits, **more)

    monkeypatch.setattr("calicometrics.web.server.HttpServer", Server)
    monkeypatch.setattr(resource, "getrlimit", lambda _: (descriptors, descriptors))
    sink.start(StubExporter())  # type: ignore[arg-type]
    assert granted == [most]
    said = [record.getMessage() for record in caplog.records if record.levelno == logging.WARNING]
    expected = f"{most} connections at most: the limit of open files has no room for 512"
    assert said == ([] if most == 512 else [expected])


def test_an_address_in_use_is_an_error_and_nothing_is_left_running(sink: PrometheusSink) -> None:
    sink.start(StubExporter())  # type: ignore[arg-type]
    taken = sink.addresses[1]
    second = PrometheusSink(WebOptions(listen_address=("127.0.0.1:0", taken)))
    threads = threading.active_count()
    with pytest.raises(SourceError) as error:
        second.start(StubExporter())  # type: ignore[arg-type]
    assert str(error.value) == f"cannot listen on {taken}: address already in use"
    assert threading.active_count() == threads


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"listen_address": ("6502",)}, "'listen_address': '6502' is no address to listen on: expected .*"),
        ({"listen_address": (":6502", ":x")}, "'listen_address': ':x' is no address to listen on: .*"),
        ({"listen_address": ()}, "'listen_address' needs at least one address, such as :6502"),
        ({"telemetry_path": "metrics"}, "'telemetry_path': 'metrics' is no path for the metrics: .*"),
        (
            {"telemetry_path": "/json"},
            "'telemetry_path': '/json' is no path for the metrics: another page .*",
        ),
    ],
)
def test_options_are_checked_before_anything_starts(options: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        WebOptions(**options)  # type: ignore[arg-type]
