"""How fast a client takes what is written to it, and who has to go when too much waits to be taken."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable

    from calicometrics.web.limits import Limits

# What an operating system takes at once, or asyncio before it asks to pause, is no sign of a slow client.
_UNNOTICED = 64 * 1024
# A scraper takes megabytes in a second. Who takes less while others wait for the place or the memory, makes room.
_SLOWEST = 256 * 1024
_GRACE = 0.5  # seconds from the latest piece, in which a client far away has no time to acknowledge anything


class Taking:
    """What one client takes.

    Args:
        takings: Those of the server's other clients.
        transport: The client's connection.
        wire: What is below it, with TLS; otherwise the same.
        clock: Seconds.
    """

    def __init__(
        self,
        takings: Takings,
        transport: asyncio.Transport,
        wire: asyncio.Transport,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._takings = takings
        self._transport = transport
        self._layers = (transport,) if wire is transport else (transport, wire)
        self._clock = clock
        self._given = 0
        self._piece = (clock(), 0)  # when the latest piece was given, and what had been taken by then
        self._progress = (
            self._piece
        )  # when a byte was taken, as far as anybody has looked, and how many by then

    @property
    def waiting(self) -> int:
        """Bytes that the client has not taken."""
        return sum(layer.get_write_buffer_size() for layer in self._layers)

    @property
    def behind(self) -> bool:
        """Whether more waits for the client than is to be expected of one that takes what it gets."""
        return self.waiting > _UNNOTICED

    @property
    def lags(self) -> bool:
        """Whether the client is behind, and has been slow with the latest piece."""
        since, taken = self._piece
        seconds = self._clock() - since
        return self.behind and seconds >= _GRACE and self._taken() - taken < _SLOWEST * seconds

    def begin(self) -> None:
        """Begin to look whether the client takes anything."""
        self._progress = (self._clock(), self._taken())

    @property
    def stalled(self) -> float:
        """Seconds for which the client has taken nothing, as far as anybody has looked since the beginning."""
        now, taken = self._clock(), self._taken()
        if taken > self._progress[1] or not self.behind:
            self._progress = (now, taken)
        return now - self._progress[0]

    def gave(self, size: int) -> None:
        """Note that a piece has been written to the client."""
        self._given += size
        self._piece = (self._clock(), self._taken())
        if self.behind:
            self._takings.add(self)

    def abort(self) -> None:
        """End the connection; what waits for the client is forgotten."""
        self._transport.abort()

    def _taken(self) -> int:
        return self._given - self.waiting


class Takings:
    """Clients that are behind, and a bound on what waits for all of them together.

    Args:
        limits: What clients are granted.
    """

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._behind: dict[Taking, None] = {}

    def add(self, taking: Taking) -> None:
        """Count a client that is behind; those that lag go while too much waits."""
        self._behind[taking] = None
        for other in tuple(self._behind):
            if not other.behind:
                del self._behind[other]
        waiting = sum(other.waiting for other in self._behind)
        for other in tuple(self._behind):
            if waiting > self._limits.waiting_size and other.lags:
                waiting -= other.waiting
                self.remove(other)
                other.abort()

    def remove(self, taking: Taking) -> None:
        """Count a client no more."""
        self._behind.pop(taking, None)
