"""Sink ``textfile``: the metrics as a file, for node_exporter's textfile collector."""

from __future__ import annotations

import contextlib
import os
import pathlib  # noqa: TC003 - the options' types are read at run time
import tempfile
from typing import TYPE_CHECKING, ClassVar

import attrs

from calicometrics.errors import ConfigError, SourceError
from calicometrics.exposition.writer import render_text
from calicometrics.sinks.push import PushOptions, PushSink

if TYPE_CHECKING:
    from calicometrics.exporter import Exporter
    from calicometrics.rounds import Round

_MODE = 0o644
_SUFFIX = ".tmp"  # node_exporter reads .prom only


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
        """Begin; the directory has to be there. What a process that was killed left in it is removed.

        Raises:
            ConfigError: It is not.
        """
        directory, name = self._split()
        if not os.path.isdir(directory):  # noqa: PTH112 - a path as the user wrote it
            raise ConfigError(f"--sink.textfile.path: there is no directory {directory}")
        with contextlib.suppress(OSError), os.scandir(directory) as entries:
            for entry in entries:
                if entry.name.startswith(f".{name}.") and entry.name.endswith(_SUFFIX):
                    os.unlink(entry.path)  # noqa: PTH108 - as above
        super().start(exporter)

    def write(self, done: Round) -> None:
        """Replace the file: written beside it, forced to disk, then renamed.

        Raises:
            SourceError: It cannot be written.
        """
        directory, name = self._split()
        try:
            descriptor, temporary = tempfile.mkstemp(prefix=f".{name}.", suffix=_SUFFIX, dir=directory)
            try:
                with open(descriptor, "w", encoding="utf-8") as file:  # noqa: PTH123 - a descriptor, not a path
                    file.writelines(render_text(done.families))
                    file.flush()
                    os.fchmod(file.fileno(), _MODE)  # node_exporter is another user
                    os.fsync(file.fileno())
                os.replace(temporary, self.options.path)  # noqa: PTH105 - a path as the user wrote it
            except BaseException:
                os.unlink(temporary)  # noqa: PTH108 - as above
                raise
        except OSError as error:
            raise SourceError(f"{self.options.path}: {(error.strerror or str(error)).lower()}") from None

    def _split(self) -> tuple[str, str]:
        return os.path.split(os.path.abspath(self.options.path))  # noqa: PTH100 - a path as the user wrote it
