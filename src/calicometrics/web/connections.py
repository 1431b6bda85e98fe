"""The connections of one server, and which of them has to go when there are too many."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Protocol

from calicometrics.web.taking import Takings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from calicometrics.web.limits import Limits


class Client(Protocol):
    """A connection, whatever is spoken on it so far."""

    transport: asyncio.Transport

    def shutdown(self) -> None:
        """End it when its answer, if there is one under way, is complete."""


class Connections:
    """The connections of one server, and which of them can be closed for the sake of a new one.

    Args:
        limits: What clients are granted.
        headers: Returns what is added to the answers that the server itself gives, without the application.

    Attributes:
        limits: The same.
        headers: The same.
        takings: Which of the clients are slow.
        empty: Is set while there is no connection.
    """

    def __init__(self, limits: Limits, headers: Callable[[], Mapping[str, str]] = dict) -> None:
        self.limits = limits
        self.headers = headers
        self.takings = Takings(limits)
        self.empty = asyncio.Event()
        self.empty.set()
        self._open: set[Client] = set()
        self._idle: dict[Client, None] = {}  # the one that has been idle longest comes first

    def __iter__(self) -> Iterator[Client]:
        return iter(tuple(self._open))

    def __contains__(self, connection: object) -> bool:
        return connection in self._open

    def opened(self, connection: Client) -> None:
        """Count a new connection, which is idle; close another one, or this one, if that is one too many."""
        self._open.add(connection)
        self.empty.clear()
        if len(self._open) > self.limits.connections:
            victim = next(iter(self._idle), connection)
            self.closed(victim)
            victim.transport.abort()
        if connection in self._open:
            self._idle[connection] = None

    def closed(self, connection: Client) -> None:
        """Count a connection no more."""
        self._open.discard(connection)
        self._idle.pop(connection, None)
        if not self._open:
            self.empty.set()

    def passed_on(self, connection: Client) -> None:
        """Count a connection no more whose place another one takes at once."""
        self._open.discard(connection)
        self._idle.pop(connection, None)

    def busy(self, connection: Client) -> None:
        """Keep a connection with a request under way."""
        self._idle.pop(connection, None)

    def idle(self, connection: Client) -> None:
        """Let a connection go that waits for its client, if need be."""
        if connection in self._open:
            self._idle[connection] = None
