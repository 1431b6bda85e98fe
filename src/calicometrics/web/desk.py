"""Takes rounds for the event loop: one at a time, on a thread of its own, shared by everybody who asks meanwhile."""

from __future__ import annotations

import asyncio
import contextlib
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, cast

import attrs

from calicometrics.errors import SourceError
from calicometrics.web.off_loop import OffLoop, retrieve

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator, Iterator

    from calicometrics.exporter import Exporter, Round
    from calicometrics.web.places import Places
    from calicometrics.web.rendering import Body, Renderer, View, Wanted
    from calicometrics.web.taking import Taking

# A round that has been given a time ends by itself; whoever waits for it waits this much longer. The round's time and
# this are still less than what the scraper waits.
_GRACE = 0.4
# For a round that has been given none: what the exporter gives it, and some more.
_PATIENCE = 35.0
_RENDERERS = 2


@attrs.frozen(eq=False)
class _Flight:
    """A round under way, and what it is going to be rendered as."""

    wanted: Wanted | None
    landing: asyncio.Future[tuple[Round, Body | None]]


class RoundDesk:
    """Hands out rounds and their bodies. Its coroutines belong to one event loop, which they never block.

    However many clients ask at once, one thread waits for the round, and a short body is rendered once. A long one is
    rendered while its client takes it, and keeps its round in memory until then; that is why it needs a place. Who
    waits for a place waits for the latest round, so that there are no more rounds in memory than places and two.

    Args:
        exporter: Whose rounds they are.
        renderer: What makes bodies of them.
        places: For long bodies.
    """

    def __init__(self, exporter: Exporter, renderer: Renderer, places: Places) -> None:
        self._exporter = exporter
        self._renderer = renderer
        self._thread = OffLoop("web-round")
        self._renderers = ThreadPoolExecutor(_RENDERERS, "web-render")
        self._flight: _Flight | None = None
        self._places = places
        self._long: set[View] = set()
        self._latest: Round | None = None  # while somebody waits for a place
        self._waiting = 0

    def close(self) -> None:
        """End the threads; that of a round under way when the round is over."""
        self._thread.close()
        self._renderers.shutdown(cancel_futures=True)

    async def round(self, patience: float) -> Round:
        """Return the round under way, or else a new one.

        Args:
            patience: Seconds to wait for it.

        Raises:
            SourceError: It is not over in time.
        """
        taken, _ = await _landed(self._flight or self._start(None, None), patience)
        return taken

    async def body(self, wanted: Wanted, seconds: float | None) -> Body | None:
        """Return the body of the round under way, or else of a new one; None when it is long.

        Args:
            wanted: What the body is to be.
            seconds: What the round may take; None for the exporter's default.

        Raises:
            SourceError: The round is not over in time.
        """
        long = wanted.view in self._long
        flight = self._flight or self._start(None if long else wanted, seconds)
        taken, body = await _landed(flight, _PATIENCE if seconds is None else seconds + _GRACE)
        if not long and flight.wanted != wanted:
            body = await self._render(taken, wanted)
        if body is not None and body.rest is None:
            return body
        self._long.add(wanted.view)
        self._latest = taken
        return None

    @contextlib.asynccontextmanager
    async def long_body(self, wanted: Wanted, taking: Taking | None, patience: float) -> AsyncIterator[Body]:
        """Hold a place, and a long body of the latest round. Nothing comes between ``body`` and this.

        Args:
            wanted: As for ``body``.
            taking: How its client takes it.
            patience: Seconds to wait for the place.

        Raises:
            SourceError: No place comes free in time.
        """
        async with contextlib.AsyncExitStack() as place:
            self._waiting += 1
            try:
                await place.enter_async_context(self._places.one(taking, patience))
            finally:
                taken = cast("Round", self._latest)  # by ``body``
                self._waiting -= 1
                if not self._waiting:
                    self._latest = None
            body = await self._render(taken, wanted)
            if body.rest is None:
                self._long.discard(wanted.view)
            del taken
            yield body

    async def _render(self, taken: Round, wanted: Wanted) -> Body:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._renderers, self._renderer.body, taken, wanted)

    async def pieces(self, body: Body) -> AsyncGenerator[bytes, None]:
        """Yield the pieces of a body; while one is being sent, no more than the next one is rendered."""
        for piece in body.head:
            yield piece
        rest = body.rest or iter(())
        upcoming = self._next(rest)
        while piece := await upcoming:
            upcoming = self._next(rest)
            yield piece

    def _next(self, rest: Iterator[bytes]) -> asyncio.Future[bytes]:
        upcoming = asyncio.get_running_loop().run_in_executor(self._renderers, next, rest, b"")
        upcoming.add_done_callback(retrieve)
        return upcoming

    def _start(self, wanted: Wanted | None, timeout: float | None) -> _Flight:
        def fly() -> tuple[Round, Body | None]:
            taken = self._exporter.round(timeout)
            return taken, None if wanted is None else self._renderer.body(taken, wanted)

        flight = self._flight = _Flight(wanted, self._thread.call(fly))
        flight.landing.add_done_callback(self._over)
        return flight

    def _over(self, _: object) -> None:
        self._flight = None


async def _landed(flight: _Flight, patience: float) -> tuple[Round, Body | None]:
    try:
        return await asyncio.wait_for(asyncio.shield(flight.landing), patience)
    except TimeoutError:
        raise SourceError(f"the round was not over after {patience:g} s") from None
