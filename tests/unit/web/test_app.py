"""What each page answers."""

from __future__ import annotations

import gzip
import json
import logging
import random
import threading
from collections.abc import Callable, Iterator

import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families as read_openmetrics

from calicometrics.errors import ConfigError, SourceError
from calicometrics.exposition.parser import parse_exposition
from calicometrics.families import MetricFamily
from calicometrics.rounds import CollectorResult
from calicometrics.web.app import App

from .front import Front, StubExporter, family, wait_until

Serve = Callable[..., Front]

TEXT = "text/plain; version=0.0.4; charset=utf-8"
OPENMETRICS = "application/openmetrics-text; version=1.0.0; charset=utf-8"
PLAIN = "text/plain; charset=utf-8"
BROWSER = "text/html,application/xhtml+xml,*/*;q=0.8"


@pytest.mark.parametrize(
    "path", ["/", "/metrics", "/metrics?x=y", "http://node:6502/metrics", "http://node:6502"]
)
def test_the_metrics_are_text_for_who_asks_for_nothing_special(serve: Serve, path: str) -> None:
    answer = serve().get(path)
    assert answer.status == 200
    assert answer.headers["content-type"] == TEXT
    assert answer.headers["content-length"] == str(len(answer.body))
    assert answer.headers["vary"] == "Accept, Accept-Encoding"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "date" in answer.headers
    assert "server" not in answer.headers
    assert parse_exposition(answer.text) == [family()]


@pytest.mark.parametrize("path", ["/", "/metrics"])
def test_openmetrics_is_answered_when_it_is_wanted(serve: Serve, path: str) -> None:
    answer = serve().get(path, Accept="application/openmetrics-text;version=1.0.0,*/*;q=0.1")
    assert answer.headers["content-type"] == OPENMETRICS
    (found,) = read_openmetrics(answer.text)
    assert [(sample.name, sample.value) for sample in found.samples] == [("bird_up", 1.0)]


def test_what_openmetrics_forbids_is_answered_as_text(serve: Serve) -> None:
    clash = (MetricFamily("x", "gauge", "One."), MetricFamily("x_total", "counter", "Two."))
    for found in clash:
        found.add((), 1.0)
    answer = serve(StubExporter(clash)).get(Accept="application/openmetrics-text")
    assert answer.status == 200
    assert answer.headers["content-type"] == TEXT
    assert parse_exposition(answer.text) == list(clash)


@pytest.mark.parametrize("path", ["/", "/metrics"])
def test_a_body_is_compressed_when_that_is_wanted(serve: Serve, path: str) -> None:
    front = serve(StubExporter([family(rows=1000)]))
    plain = front.get(path, Accept_Encoding="gzip;q=0")
    assert "content-encoding" not in plain.headers
    packed = front.get(path, Accept_Encoding="gzip")
    assert packed.headers["content-encoding"] == "gzip"
    assert packed.headers["content-length"] == str(len(packed.body))
    assert len(packed.body) < len(plain.body) / 5
    assert gzip.decompress(packed.body) == plain.body


@pytest.mark.parametrize("accept_encoding", ["identity", "gzip"])
def test_a_long_page_is_sent_in_pieces_and_whole(serve: Serve, accept_encoding: str) -> None:
    noise = random.Random(1)
    families = [family(f"bird_{noise.randbytes(3000).hex()}", rows=400) for _ in range(20)]
    answer = serve(StubExporter(families)).get(Accept_Encoding=accept_encoding)
    assert answer.headers["transfer-encoding"] == "chunked"
    body = gzip.decompress(answer.body) if accept_encoding == "gzip" else answer.body
    assert parse_exposition(body.decode()) == families


@pytest.mark.parametrize("rows", [1, 20_000])
def test_head_answers_as_get_does_without_the_body(serve: Serve, rows: int) -> None:
    front = serve(StubExporter([family(rows=rows)]))
    got = front.get()
    head = front.get(method="HEAD")
    assert head.status == 200
    assert head.body == b""
    assert {**head.headers, "date": ""} == {**got.headers, "date": ""}


def test_a_browser_gets_the_page_for_people(serve: Serve) -> None:
    answer = serve(telemetry_path="/telemetry").get("/", Accept=BROWSER)
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert answer.headers["vary"] == "Accept, Accept-Encoding"
    assert answer.headers["content-security-policy"].startswith("default-src 'none'; ")
    assert '<a href="./telemetry">' in answer.text


def test_a_browser_gets_the_metrics_where_they_are(serve: Serve) -> None:
    assert serve().get("/metrics", Accept=BROWSER).headers["content-type"] == TEXT


def test_metrics_at_the_root_are_for_browsers_too(serve: Serve) -> None:
    front = serve(telemetry_path="/")
    assert front.get("/", Accept=BROWSER).headers["content-type"] == TEXT
    assert front.get("/metrics").status == 404


def test_another_page_for_people_can_be_given(serve: Serve) -> None:
    front = serve(html_page=lambda taken: f"<p>{len(taken.families)} families → all good")
    assert front.get("/", Accept=BROWSER).text == "<p>1 families → all good"


def test_json_is_what_the_given_function_makes(serve: Serve) -> None:
    front = serve(json_page=lambda taken: json.dumps([found.name for found in taken.families]).encode())
    answer = front.get("/json")
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["vary"] == "Accept-Encoding"
    assert answer.body == b'["bird_up"]'


@pytest.mark.parametrize(
    "path", ["/json", "/metrics/", "/Metrics", "/-/reload", "//", "/%00", "/..%2fmetrics", "*"]
)
def test_an_unknown_path_is_not_found(serve: Serve, path: str) -> None:
    front = serve()
    answer = front.get(path)
    assert (answer.status, answer.text) == (404, "there is no such page\n")
    assert answer.headers["content-type"] == PLAIN
    assert front.exporter.timeouts == []


@pytest.mark.parametrize(
    "method", ["POST", "PUT", "DELETE", "OPTIONS", "TRACE", "CONNECT", "get", "PROPFIND"]
)
def test_other_methods_are_refused(serve: Serve, method: str) -> None:
    front = serve()
    answer = front.get("/metrics", method)
    assert answer.status == 405
    assert answer.headers["allow"] == "GET, HEAD"
    assert front.exporter.timeouts == []


def test_healthy_needs_no_round(serve: Serve) -> None:
    front = serve()
    answer = front.get("/-/healthy")
    assert (answer.status, answer.text) == (200, "healthy\n")
    assert answer.headers["content-type"] == PLAIN
    assert front.exporter.timeouts == []


def test_ready_asks_for_a_round_until_one_has_succeeded(serve: Serve) -> None:
    reason = "BIRD at /var/run/calico/bird.ctl: connect: no such file"
    results = [CollectorResult(name, success=False, duration=0.0, errors=(reason,)) for name in ("a", "b")]
    front = serve(StubExporter([], *results))
    front.exporter.succeeds = False
    answer = front.get("/-/ready")
    assert (answer.status, answer.text) == (503, f"not ready: no round has succeeded yet\n{reason}\n")
    front.exporter.succeeds = True
    assert front.get("/-/ready").text == "ready\n"
    assert front.get("/-/ready").status == 200
    assert len(front.exporter.timeouts) == 2


def test_ready_does_not_wait_for_ever(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("calicometrics.web.app._READY_PATIENCE", 0.05)
    front = serve()
    front.exporter.go.clear()
    answer = front.get("/-/ready")
    assert (answer.status, answer.text) == (503, "the round was not over after 0.05 s\n")
    front.exporter.go.set()


def test_a_round_gets_the_scrapers_time_less_the_way_back(serve: Serve) -> None:
    front = serve()
    front.get(X_Prometheus_Scrape_Timeout_Seconds="3")
    front.get(X_Prometheus_Scrape_Timeout_Seconds="soon")
    front.get()
    assert front.exporter.timeouts == [2.5, None, None]


def test_who_has_less_time_than_the_round_under_way_is_told_so(serve: Serve) -> None:
    front = serve()
    front.exporter.go.clear()
    answer = front.get(X_Prometheus_Scrape_Timeout_Seconds="0.6")
    assert (answer.status, answer.text) == (503, "the round was not over after 0.5 s\n")
    assert answer.headers["retry-after"] == "1"
    front.exporter.go.set()


def test_an_error_of_the_exporter_is_answered_in_one_line_and_logged(
    serve: Serve, caplog: pytest.LogCaptureFixture
) -> None:
    front = serve()
    front.exporter.error = RuntimeError("what\nnobody expected")
    answer = front.get()
    assert (answer.status, answer.text) == (500, "the round failed: RuntimeError: what nobody expected\n")
    (record,) = [record for record in caplog.records if record.levelno >= logging.WARNING]
    assert record.getMessage() == "/metrics: the round failed: RuntimeError: what nobody expected"
    assert record.exc_info is None
    front.exporter.error = None
    assert front.get().status == 200


def test_a_round_that_cannot_be_shared_in_time_is_unavailable(serve: Serve) -> None:
    front = serve()
    front.exporter.error = SourceError("the round under way was not over in 2 s")
    answer = front.get()
    assert (answer.status, answer.text) == (503, "the round under way was not over in 2 s\n")


def test_requests_beyond_the_limit_are_turned_away_and_the_others_answered(serve: Serve) -> None:
    front = serve(max_requests=2)
    front.exporter.go.clear()
    answers: list[int] = []
    scrapes = [threading.Thread(target=lambda: answers.append(front.get().status)) for _ in range(2)]
    for scrape in scrapes:
        scrape.start()
    wait_until(lambda: front.app._under_way == 2)
    answer = front.get()
    assert (answer.status, answer.text) == (503, "2 requests are under way, which is the limit\n")
    assert answer.headers["retry-after"] == "1"
    assert front.get("/-/healthy").status == 200
    front.exporter.go.set()
    for scrape in scrapes:
        scrape.join()
    assert answers == [200, 200]
    assert front.get().status == 200


class Endless:
    """Families that are made when they are asked for, and one of which cannot be rendered."""

    def __init__(self, bad: int | None = None) -> None:
        self.made = 0
        self.bad = bad

    def __iter__(self) -> Iterator[MetricFamily]:
        while self.made < 3000:
            self.made += 1
            if self.made == self.bad:
                raise ValueError("no such family")
            yield family(f"bird_{self.made}", rows=3000)


def test_a_client_that_goes_away_stops_the_rendering(serve: Serve) -> None:
    front = serve()
    front.exporter.families = families = Endless()
    with front.connect(b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n") as client:
        assert client.recv(10) == b"HTTP/1.1 2"
        assert front.long_answers == 1
    wait_until(lambda: front.long_answers == 0)
    assert families.made < 2000


def test_a_page_that_breaks_half_way_has_no_end(serve: Serve, caplog: pytest.LogCaptureFixture) -> None:
    front = serve()
    front.exporter.families = Endless(bad=80)
    body = front.raw(b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n")
    assert body.startswith(b"HTTP/1.1 200 OK\r\n")
    assert not body.endswith(b"0\r\n\r\n")
    assert [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING] == [
        "/metrics was cut short: ValueError: no such family"
    ]


@pytest.mark.parametrize(
    "path", ["metrics", "", "/a b", "/a?b", "/a#b", "/a%20b", "/-/ready", "/-/healthy", "/json", "/\n"]
)
def test_a_telemetry_path_that_cannot_be_is_refused(path: str) -> None:
    with pytest.raises(ConfigError, match="is no path for the metrics: "):
        App(StubExporter(), telemetry_path=path)  # type: ignore[arg-type]
