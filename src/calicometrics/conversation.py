"""The conversations of a round: one with each daemon, however many ask."""

from __future__ import annotations

import contextlib
import threading
import time
from typing import TYPE_CHECKING, Protocol

from calicometrics.errors import CommandError, SourceError

if TYPE_CHECKING:
    from collections.abc import Iterator


class Connection(Protocol):
    """One conversation with a daemon."""

    def ask(self, command: str) -> str:
        """Return the reply to a command.

        Raises:
            CommandError: The daemon answered with an error.
            SourceError: The daemon could not be read.
        """
        ...

    def stream(self, command: str) -> Iterator[str]:
        """Yield the reply to a command in pieces of whole lines; errors are those of ``ask``."""
        ...

    def close(self) -> None:
        """End the conversation; called when nobody reads."""
        ...

    def abandon(self) -> None:
        """Tell the daemon that nothing more is wanted, and whoever reads on another thread; ``close`` follows."""
        ...


class Bird(Protocol):
    """Where BIRD's replies come from; BirdSocket and RecordedBird are such sources."""

    path: str

    @property
    def expected(self) -> bool:
        """Whether its silence is a failure; else the exporter leaves it out of a round."""
        ...

    def connect(self, deadline: float | None = None) -> Connection:
        """Return a conversation that ends before the ``time.monotonic()`` deadline.

        Raises:
            SourceError: The daemon cannot be reached.
        """
        ...

    def now(self) -> float:
        """Return the time, in seconds since the epoch, that a reply read at this moment is of."""
        ...


class Conversation:
    """A daemon's one connection of a round; after a failure nobody connects again.

    Args:
        bird: The daemon.
        deadline: A ``time.monotonic()`` value for everything that is read.
    """

    def __init__(self, bird: Bird, deadline: float | None) -> None:
        self._bird = bird
        self._deadline = deadline
        self._lock = threading.Lock()
        self._connection: Connection | None = None
        self._failure: SourceError | None = None
        self._over = False

    @property
    def name(self) -> str:
        """What it is called in messages."""
        return f"BIRD at {self._bird.path}"

    def now(self) -> float:
        """Return the time that a reply read at this moment is of."""
        return self._bird.now()

    def ask(self, command: str) -> str:
        """Return the reply to a command; errors are those of the connection."""
        with self._connected() as connection, self._failing():
            return connection.ask(command)

    @contextlib.contextmanager
    def stream(self, command: str) -> Iterator[Iterator[str]]:
        """Have a reply in pieces; what is not read of it is read at the end, so that the next reply can follow."""
        with self._connected() as connection:
            pieces = self._watched(connection.stream(command))
            try:
                yield pieces
            finally:
                for _ in pieces:
                    pass

    def close(self) -> None:
        """End the conversation: what is asked from now on fails.

        Whoever reads at this moment is not waited for, as it may be a plugin's code that never returns. The daemon is
        freed at once; the descriptor is closed by the reader, since another file may get its number.
        """
        if self._failure is None:
            self._failure = self._round_is_over()
        self._over = True
        if not self._end() and (connection := self._connection) is not None:
            connection.abandon()

    @contextlib.contextmanager
    def _connected(self) -> Iterator[Connection]:
        try:
            with self._alone():
                if self._failure is not None:
                    raise self._failure
                if self._connection is None:
                    with self._failing():
                        self._connection = self._bird.connect(self._deadline)
                if self._over:
                    raise self._round_is_over()
                yield self._connection
        finally:
            if self._over:
                self._end()

    def _watched(self, pieces: Iterator[str]) -> Iterator[str]:
        with self._failing():
            yield from pieces

    @contextlib.contextmanager
    def _failing(self) -> Iterator[None]:
        """Remember what fails on the connection; what fails for whoever reads it leaves the connection as good."""
        try:
            yield
        except CommandError:
            raise  # the connection is as good as before
        except SourceError as error:
            self._failure = error
            raise

    @contextlib.contextmanager
    def _alone(self) -> Iterator[None]:
        """Wait until nobody else reads, as long as the round lasts."""
        patience = -1.0 if self._deadline is None else max(0.0, self._deadline - time.monotonic())
        if not self._lock.acquire(timeout=patience):
            raise SourceError(f"{self.name}: an earlier reply is still being read")
        try:
            yield
        finally:
            self._lock.release()

    def _end(self) -> bool:
        """Close the connection and return True, unless somebody reads, who comes here afterwards."""
        if not self._lock.acquire(blocking=False):
            return False
        try:
            if self._connection is not None:
                self._connection.close()
        finally:
            self._lock.release()
        return True

    def _round_is_over(self) -> SourceError:
        return SourceError(f"{self.name}: the round is over")
