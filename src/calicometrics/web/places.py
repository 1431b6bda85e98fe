"""Places for long answers: a few at once, and who takes its own too slowly gives its place to who waits for one."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING

from calicometrics.errors import SourceError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from calicometrics.web.taking import Taking

_LOOK = 0.1  # seconds between two looks for somebody who lags, while somebody waits


class Places:
    """Places for long answers, each of which keeps a round in memory until its client has taken it.

    Who came last gets a place first: who has waited for long is likelier to have given up. Its coroutines belong to
    one event loop.

    Args:
        number: Places.
        waiting: Who may wait for one; when there is one more, who has waited longest is turned away.
    """

    def __init__(self, number: int, waiting: int) -> None:
        self._number = number
        self._most = waiting
        self._free = number
        self._held: list[Taking | None] = []
        self._waiting: list[asyncio.Future[None]] = []

    @contextlib.asynccontextmanager
    async def one(self, taking: Taking | None, patience: float) -> AsyncIterator[None]:
        """Hold a place.

        Args:
            taking: How the client takes its answer; None when nobody knows.
            patience: Seconds to wait for the place.

        Raises:
            SourceError: None has come free in time, or others came later.
        """
        if self._free:
            self._free -= 1
        else:
            await self._wait(patience)
        self._held.append(taking)
        try:
            yield
        finally:
            self._held.remove(taking)
            self._pass_on()

    async def _wait(self, patience: float) -> None:
        loop = asyncio.get_running_loop()
        until = loop.time() + patience
        place: asyncio.Future[None] = loop.create_future()
        self._waiting.append(place)
        if len(self._waiting) > self._most:
            self._waiting.pop(0).cancel()
        try:
            while not place.done():
                self._make_room()
                left = until - loop.time()
                if left <= 0:
                    break
                await asyncio.wait([place], timeout=min(left, _LOOK))
        except asyncio.CancelledError:
            if place.done() and not place.cancelled():
                self._pass_on()
            raise
        finally:
            with contextlib.suppress(ValueError):  # it is another's no longer
                self._waiting.remove(place)
        if not place.done() or place.cancelled():
            raise SourceError(f"{self._number} long answers are under way, which is the limit")

    def _make_room(self) -> None:
        lagging = next((taking for taking in self._held if taking is not None and taking.lags), None)
        if lagging is not None:
            lagging.abort()

    def _pass_on(self) -> None:
        if self._waiting:
            self._waiting.pop().set_result(None)
        else:
            self._free += 1
