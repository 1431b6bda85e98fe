"""The conversations of a round: one with each daemon, however many ask."""

from __future__ import annotations

import contextlib
import threading
from typing import TYPE_CHECKING, Protocol

from calicometrics.errors import BoundError, CommandError, SourceError

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
        """End the conversation."""
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

    @property
    def name(self) -> str:
        """What it is called in messages."""
        return f"BIRD at {self._bird.path}"

    def now(self) -> float:
        """Return the time that a reply read at this moment is of."""
        return self._bird.now()

    def ask(self, command: str) -> str:
        """Return the reply to a command; errors are those of the connection."""
        with self._connected() as connection:
            return connection.ask(command)

    @contextlib.contextmanager
    def stream(self, command: str) -> Iterator[Iterator[str]]:
        """Have a reply in pieces; what is not read of it is read at the end, so that the next reply can follow."""
        with self._connected() as connection:
            pieces = connection.stream(command)
            try:
                yield pieces
            finally:
                for _ in pieces:
                    pass

    @contextlib.contextmanager
    def _connected(self) -> Iterator[Connection]:
        with self._lock:
            if self._failure is not None:
                raise self._failure
            try:
                if self._connection is None:
                    self._connection = self._bird.connect(self._deadline)
                yield self._connection
            except (CommandError, BoundError):
                raise  # the connection is as good as before
            except SourceError as error:
                self._failure = error
                raise

    def close(self) -> None:
        """End the conversation: what is asked from now on fails."""
        with self._lock:
            if self._failure is None:
                self._failure = SourceError(f"{self.name}: the round is over")
            if self._connection is not None:
                self._connection.close()
