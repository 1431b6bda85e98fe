"""What a line of the log looks like."""

from __future__ import annotations

import io
import json
import logging

import pytest

from calicometrics import logs


@pytest.fixture(autouse=True)
def own_logging():
    handlers, level = logging.root.handlers[:], logging.root.level
    yield
    logging.root.handlers[:], logging.root.level = handlers, level


def logged(level: str, form: str, **extra: object) -> str:
    stream = io.StringIO()
    logs.setup(level, form, stream)
    logger = logging.getLogger("calicometrics.test")
    logger.debug("detail")
    try:
        int("x")
    except ValueError:
        logger.warning('a "quoted" %s', "word\nand a line", exc_info=True)
    return stream.getvalue()


def test_logfmt_quotes_what_needs_it_and_keeps_one_line_for_each_event() -> None:
    (line,) = logged("info", "logfmt").splitlines()
    assert line.partition(" ")[0].startswith("ts=20")
    assert line.partition(" ")[0].endswith("Z")
    assert line.partition(" ")[2] == (
        r'level=warning logger=calicometrics.test msg="a \"quoted\" word\nand a line" '
        """error="ValueError: invalid literal for int() with base 10: 'x'\""""
    )


def test_json_has_the_same_fields() -> None:
    shown = json.loads(logged("info", "json"))
    assert shown.pop("ts")
    assert shown == {
        "level": "warning",
        "logger": "calicometrics.test",
        "msg": 'a "quoted" word\nand a line',
        "error": "ValueError: invalid literal for int() with base 10: 'x'",
    }


def test_the_level_decides_what_is_worth_a_line() -> None:
    assert logged("error", "logfmt") == ""
    assert len(logged("debug", "logfmt").splitlines()) == 2


def test_tracebacks_are_for_debugging_only() -> None:
    stream = io.StringIO()
    logs.setup("debug", "json", stream)
    try:
        int("x")
    except ValueError:
        logging.getLogger("t").debug("failed", exc_info=True)
        logging.getLogger("t").exception("failed")
    debug, error = map(json.loads, stream.getvalue().splitlines())
    assert "Traceback" in debug["traceback"]
    assert "traceback" not in error


def test_what_is_logged_before_it_is_known_how_waits() -> None:
    stream = io.StringIO()
    with logs.held():
        logging.getLogger("t").error("early")
        logging.getLogger("t").debug("too much")
        assert stream.getvalue() == ""
        logs.setup("info", "json", stream)
        logging.getLogger("t").error("late")
    assert [json.loads(line)["msg"] for line in stream.getvalue().splitlines()] == ["early", "late"]


def test_what_waits_in_vain_is_shown_in_the_end(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logging.root, "handlers", [])
    with logs.held():
        logging.getLogger("t").error("never set up")
        logging.getLogger("t").info("not worth it")
    assert capsys.readouterr().err == "never set up\n"
