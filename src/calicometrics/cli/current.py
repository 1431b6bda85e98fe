"""The exporter of the present settings, exchanged while rounds of it may be under way."""

from __future__ import annotations

import contextlib
import threading
from typing import TYPE_CHECKING

import attrs

from calicometrics.errors import SourceError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from calicometrics.exporter import Exporter
    from calicometrics.rounds import Round


@attrs.define(eq=False)
class _Held:
    """An exporter, what closes it and its sources, and how many use it at this moment."""

    exporter: Exporter
    sources: contextlib.ExitStack
    users: int = 0


class CurrentExporter:
    """Stands for the exporter of the present settings, so that sinks need not know that it was exchanged.

    One that has been exchanged is closed by the last round that uses it: nobody waits for a round, and no round has its
    sources closed under it.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._present: _Held | None = None
        self._retired: list[_Held] = []

    @property
    def present(self) -> bool:
        """Whether there is an exporter."""
        return self._present is not None

    @property
    def succeeded(self) -> bool:
        """Whether the present exporter has read anything."""
        with self._used() as exporter:
            return exporter.succeeded

    def round(self, timeout: float | None = None) -> Round:
        """Return a round of the present exporter; errors are those of ``Exporter.round``."""
        with self._used() as exporter:
            return exporter.round(timeout)

    def exchange(self, exporter: Exporter, sources: contextlib.ExitStack) -> None:
        """Put an exporter in the place of the present one.

        Args:
            exporter: The new one.
            sources: Closes it, and what it reads.
        """
        with self._lock:
            before, self._present = self._present, _Held(exporter, sources)
            if before is not None:
                self._retired.append(before)
        self._close_unused()

    def close(self) -> None:
        """Close every exporter, in use or not."""
        with self._lock:
            left = [*self._retired, *([self._present] if self._present is not None else [])]
            self._retired, self._present = [], None
        for held in left:
            held.sources.close()

    @contextlib.contextmanager
    def _used(self) -> Iterator[Exporter]:
        with self._lock:
            held = self._present
            if held is None:
                raise SourceError("there is no exporter yet")
            held.users += 1
        try:
            yield held.exporter
        finally:
            with self._lock:
                held.users -= 1
            self._close_unused()

    def _close_unused(self) -> None:
        with self._lock:
            unused = [held for held in self._retired if not held.users]
            self._retired = [held for held in self._retired if held.users]
        for held in unused:
            held.sources.close()
