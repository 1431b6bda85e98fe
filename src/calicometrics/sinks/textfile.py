"""Sink ``textfile``: the metrics as a file, for node_exporter's textfile collector."""

from __future__ import annotations

import contextlib
import os
import pathlib
import tempfile
from typing import TYPE_CHECKING, ClassVar

import attrs

from calicometrics.errors import ConfigError, SourceError
from calicometrics.exposition.writer import render_text
from calicometrics.sinks.push import PushOptions, PushSink

if TYPE_CHECKING:
    from calicometrics.exporter import Exporter, Round

_MODE = 0o644


@attrs.frozen(kw_only=True)
class TextfileOptions(PushOptions):
    """Where the file is."""

    path: pathlib.Path = attrs.field(
        metadata={"help": "the file; node_exporter reads those that end in .prom", "metavar": "FILE"}
    )


class TextfileSink(PushSink):
    """Writes each round to a file that is complete whenever somebody reads it."""

    name: ClassVar[str] = "textfile"
    help: ClassVar[str] = "write the metrics to a file, for node_exporter's textfile collector"
    Options: ClassVar[type] = TextfileOptions

    def start(self, exporter: Exporter) -> None:
        """Begin; the directory has to be there.

        Raises:
            ConfigError: It is not.
        """
        directory = pathlib.Path(self.options.path).parent
        if not directory.is_dir():
            raise ConfigError(f"--sink.textfile.path: there is no directory {directory}")
        super().start(exporter)

    def write(self, done: Round) -> None:
        """Replace the file: written beside it, forced to disk, then renamed.

        Raises:
            SourceError: It cannot be written.
        """
        path = os.fspath(self.options.path)
        directory, name = os.path.split(os.path.abspath(path))  # noqa: PTH100 - a path as the user wrote it
        temporary = None
        try:
            descriptor, temporary = tempfile.mkstemp(prefix=f".{name}.", dir=directory)
            with open(descriptor, "w", encoding="utf-8") as file:  # noqa: PTH123 - a descriptor, not a path
                file.writelines(render_text(done.families))
                file.flush()
                os.fchmod(file.fileno(), _MODE)  # node_exporter is another user
                os.fsync(file.fileno())
            os.replace(temporary, path)  # noqa: PTH105 - a path as the user wrote it
        except OSError as error:
            if temporary is not None:
                with contextlib.suppress(OSError):
                    os.unlink(temporary)  # noqa: PTH108 - as above
            raise SourceError(f"{path}: {(error.strerror or str(error)).lower()}") from None
