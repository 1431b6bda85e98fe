"""What a web configuration asks of requests, over real sockets."""

from __future__ import annotations

import base64
import os
import pathlib
from collections.abc import Callable

import bcrypt
import pytest

from calicometrics.web.guard import Bucket
from calicometrics.web.web_config import RateLimit

from .front import Front

Serve = Callable[..., Front]

ALICE = bcrypt.hashpw(b"alice123", bcrypt.gensalt(4)).decode()


def basic(name: str, password: str) -> str:
    return f"Basic {base64.b64encode(f'{name}:{password}'.encode()).decode()}"


@pytest.fixture
def guarded(serve: Serve, tmp_path: pathlib.Path) -> Callable[[str], Front]:
    """Start a front with a web configuration."""

    def start(text: str) -> Front:
        path = tmp_path / "web.yml"
        path.write_text(text)
        return serve(web_config=path)

    return start


@pytest.mark.parametrize("path", ["/", "/metrics", "/json", "/-/healthy", "/-/ready", "/nowhere"])
def test_no_page_is_shown_without_a_password(guarded: Callable[[str], Front], path: str) -> None:
    front = guarded(f"basic_auth_users: {{alice: {ALICE}}}")
    for headers in (
        {},
        {"Authorization": basic("alice", "wrong")},
        {"Authorization": basic("bob", "alice123")},
    ):
        answer = front.get(path, **headers)
        assert (answer.status, answer.text) == (401, "name and password are needed\n")
        assert answer.headers["www-authenticate"] == 'Basic realm="calicometrics", charset="UTF-8"'
    assert front.exporter.timeouts == []


def test_with_the_password_every_page_is_what_it_is_without(guarded: Callable[[str], Front]) -> None:
    front = guarded(f"basic_auth_users: {{alice: {ALICE}}}")
    good = {"Authorization": basic("alice", "alice123")}
    assert [front.get(path, **good).status for path in ("/metrics", "/-/healthy", "/nowhere")] == [
        200,
        200,
        404,
    ]
    assert front.get("/metrics", "HEAD").status == 401
    assert front.get("/metrics", "POST", **good).status == 405


def test_headers_are_on_every_answer_in_place_of_the_fronts_own(guarded: Callable[[str], Front]) -> None:
    front = guarded(
        "http_server_config:\n  headers:\n    X-Frame-Options: deny\n    X-Content-Type-Options: nosniff\n"
        "    Content-Security-Policy: default-src 'self'\n    Strict-Transport-Security: max-age=1\n"
    )
    for path, status in (("/", 200), ("/metrics", 200), ("/nowhere", 404)):
        answer = front.get(path, Accept="text/html")
        assert answer.status == status
        assert answer.headers["x-frame-options"] == "deny"
        assert answer.headers["content-security-policy"] == "default-src 'self'"
        assert answer.headers["strict-transport-security"] == "max-age=1"
        assert answer.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize(
    ("words", "status"),
    [
        (b"GET / HTTP/1.1\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: rot13\r\n\r\n", 501),
        (b"GET / HTTP/1.1\r\nHost: x\r\nX: " + b"x" * 17_000 + b"\r\n\r\n", 431),
        (b"GET / HTTP/1.1\r\nHost: x\r\nX: " + b"x" * 60_000 + b"\r\n\r\n", 431),
    ],
)
def test_headers_are_on_answers_to_what_is_no_request(
    guarded: Callable[[str], Front], words: bytes, status: int
) -> None:
    front = guarded("http_server_config: {headers: {X-Frame-Options: deny}}")
    answer = front.raw(words)
    assert answer.startswith(b"HTTP/1.1 %d " % status)
    assert b"\r\nx-frame-options: deny\r\n" in answer.lower()


def test_more_requests_than_the_rate_allows_are_answered_429(guarded: Callable[[str], Front]) -> None:
    front = guarded("rate_limit: {interval: 1h, burst: 2}")
    answers = [front.get("/-/healthy") for _ in range(4)]
    assert [answer.status for answer in answers] == [200, 200, 429, 429]
    assert answers[2].headers["retry-after"] == "1"


def test_a_bucket_fills_by_one_an_interval_up_to_the_burst() -> None:
    now = 0.0
    bucket = Bucket(RateLimit(interval=10.0, burst=2), lambda: now)
    assert [bucket.take() for _ in range(3)] == [True, True, False]
    now = 9.0
    assert not bucket.take()
    now = 10.5
    assert [bucket.take() for _ in range(2)] == [True, False]
    now = 1000.0
    assert [bucket.take() for _ in range(3)] == [True, True, False]


def test_a_changed_file_counts_for_the_next_request(
    guarded: Callable[[str], Front], tmp_path: pathlib.Path
) -> None:
    front = guarded("rate_limit: {interval: 1h, burst: 1}")
    assert [front.get("/-/healthy").status for _ in range(2)] == [200, 429]
    (tmp_path / "web.yml").write_text(f"basic_auth_users: {{alice: {ALICE}}}")
    assert front.get("/-/healthy").status == 401
    other = tmp_path / "other.yml"
    other.write_text(f"basic_auth_users: {{bob: {ALICE}}}")
    os.replace(other, tmp_path / "web.yml")
    assert front.get("/-/healthy", Authorization=basic("alice", "alice123")).status == 401
    assert front.get("/-/healthy", Authorization=basic("bob", "alice123")).status == 200
