"""Sink ``json``: the models of each round as one line of JSON, to a file or to standard output."""

from __future__ import annotations

import os
import pathlib
import sys
from typing import TYPE_CHECKING, ClassVar

import attrs

from calicometrics.errors import SourceError
from calicometrics.jsonmodel import dumps, round_to_json
from calicometrics.sinks.push import PushOptions, PushSink

if TYPE_CHECKING:
    from calicometrics.exporter import Round

_STANDARD_OUTPUT = "-"


@attrs.frozen(kw_only=True)
class JsonOptions(PushOptions):
    """Where the lines go."""

    path: pathlib.Path = attrs.field(
        default=pathlib.Path(_STANDARD_OUTPUT),
        metadata={"help": "the file that lines are appended to; - is standard output", "metavar": "FILE|-"},
    )


class JsonSink(PushSink):
    """Appends one line for each round, whole or not at all."""

    name: ClassVar[str] = "json"
    help: ClassVar[str] = "write the models as lines of JSON"
    Options: ClassVar[type] = JsonOptions

    def write(self, done: Round) -> None:
        """Append one line.

        Raises:
            SourceError: It cannot be written.
        """
        path = os.fspath(self.options.path)
        line = dumps(round_to_json(done)) + "\n"
        try:
            if path == _STANDARD_OUTPUT:
                sys.stdout.write(line)
                sys.stdout.flush()
            else:
                # Opened anew, so that whoever rotates the file need not tell us.
                with open(path, "a", encoding="utf-8") as file:  # noqa: PTH123 - a path as the user wrote it
                    file.write(line)
        except OSError as error:
            raise SourceError(f"{path}: {(error.strerror or str(error)).lower()}") from None
