"""What fuzzing has found in the HTTP front: each input is kept in tests/fuzz/corpus/http."""

from __future__ import annotations

import logging
from collections.abc import Callable

import pytest

from .front import Front


def test_a_head_request_with_a_broken_body_gets_a_header_alone_and_nothing_is_logged(
    serve: Callable[..., Front], caplog: pytest.LogCaptureFixture
) -> None:
    front = serve()
    answer = front.raw(b"HEAD / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nno length\r\n")
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert answer.endswith(b"\r\n\r\n")
    assert [record for record in caplog.records if record.levelno >= logging.WARNING] == []
