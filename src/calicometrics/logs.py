"""Logs on standard error: one line for each event, as logfmt or JSON."""

from __future__ import annotations

import contextlib
import datetime as dt
import json
import logging
import sys
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_NEEDS_QUOTES = frozenset(' "=\n\r\t\\')


def setup(level: str = "info", format: str = "logfmt", stream: TextIO | None = None) -> None:  # noqa: A002 - the flag's name
    """Send everything that is logged to a stream.

    Args:
        level: ``debug``, ``info``, ``warning`` or ``error``; tracebacks are shown from ``debug`` on only.
        format: ``logfmt`` or ``json``.
        stream: Standard error by default.
    """
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(JsonFormatter() if format == "json" else LogfmtFormatter())
    held = [record for each in logging.root.handlers if isinstance(each, _Held) for record in each.let_go()]
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)
    for record in held:
        if logging.root.isEnabledFor(record.levelno):
            handler.handle(record)


@contextlib.contextmanager
def held() -> Iterator[None]:
    """Hold back what is logged until it is known how a line is to look: plugins are loaded before the settings are.

    Where ``setup`` is not called before the end, warnings and errors are shown as Python shows them by default.
    """
    holder = _Held()
    logging.root.addHandler(holder)
    try:
        yield
    finally:
        logging.root.removeHandler(holder)
        for record in holder.let_go():
            if logging.lastResort is not None and record.levelno >= logging.lastResort.level:
                logging.lastResort.handle(record)


class _Held(logging.Handler):
    """Keeps records."""

    def __init__(self) -> None:
        super().__init__()
        self._records: list[logging.LogRecord] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep a record."""
        self._records.append(record)

    def let_go(self) -> list[logging.LogRecord]:
        """Return the records that have been kept, and keep them no more."""
        records, self._records = self._records, []
        return records


class LogfmtFormatter(logging.Formatter):
    """``ts=… level=… msg=…``, values quoted where they need it."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the record as one line."""
        return " ".join(f"{key}={_quoted(value)}" for key, value in _fields(record))


class JsonFormatter(logging.Formatter):
    """One JSON object a line."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the record as one line."""
        return json.dumps(dict(_fields(record)), ensure_ascii=False)


def _fields(record: logging.LogRecord) -> Iterable[tuple[str, str]]:
    moment = dt.datetime.fromtimestamp(record.created, dt.UTC)
    yield "ts", moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    yield "level", record.levelname.lower()
    yield "logger", record.name
    yield "msg", record.getMessage()
    if record.exc_info and record.exc_info[1] is not None:
        error = record.exc_info[1]
        yield "error", f"{type(error).__name__}: {error}"
        if record.levelno <= logging.DEBUG:
            yield "traceback", logging.Formatter().formatException(record.exc_info)


def _quoted(value: str) -> str:
    if value and not _NEEDS_QUOTES & set(value) and value.isprintable():
        return value
    return json.dumps(value, ensure_ascii=False)
