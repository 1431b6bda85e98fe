"""Sink ``json``: the models of each round as one line of JSON, to a file or to standard output."""

from __future__ import annotations

import contextlib
import os
import pathlib
import stat
from typing import TYPE_CHECKING, ClassVar

import attrs

from calicometrics.errors import SourceError
from calicometrics.jsonmodel import dumps, round_to_json
from calicometrics.sinks.push import PushOptions, PushSink

if TYPE_CHECKING:
    from calicometrics.rounds import Round

_STANDARD_OUTPUT = "-"
_STANDARD_OUTPUT_DESCRIPTOR = 1


@attrs.frozen(kw_only=True)
class JsonOptions(PushOptions):
    """Where the lines go."""

    path: pathlib.Path = attrs.field(
        default=pathlib.Path(_STANDARD_OUTPUT),
        metadata={"help": "the file that lines are appended to; - is standard output", "metavar": "FILE|-"},
    )


class JsonSink(PushSink):
    """Appends one line for each round; to a file, whole or not at all."""

    name: ClassVar[str] = "json"
    help: ClassVar[str] = "write the models as lines of JSON"
    Options: ClassVar[type] = JsonOptions

    def write(self, done: Round) -> None:
        """Append one line.

        Raises:
            SourceError: It cannot be written.
        """
        path = os.fspath(self.options.path)
        line = (dumps(round_to_json(done)) + "\n").encode()
        try:
            if path == _STANDARD_OUTPUT:
                _append(_STANDARD_OUTPUT_DESCRIPTOR, line)
            else:
                # Opened anew, so that whoever rotates the file need not tell us.
                with open(path, "ab", buffering=0) as file:  # noqa: PTH123 - a path as the user wrote it
                    _append(file.fileno(), line)
        except OSError as error:
            where = "standard output" if path == _STANDARD_OUTPUT else path
            raise SourceError(f"{where}: {(error.strerror or str(error)).lower()}") from None


def _append(descriptor: int, line: bytes) -> None:
    """Write a line without buffers, which would keep the rest of a failed one; a full disk gets no half lines."""
    status = os.fstat(descriptor)
    rest = memoryview(line)
    try:
        while rest:
            rest = rest[os.write(descriptor, rest) :]
    except OSError:
        if stat.S_ISREG(status.st_mode):
            with contextlib.suppress(OSError):
                os.ftruncate(descriptor, status.st_size)
        raise
