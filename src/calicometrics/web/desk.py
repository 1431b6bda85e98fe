"""Takes rounds for the event loop: one at a time, on a thread of its own, shared by everybody who asks meanwhile."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import attrs

from calicometrics.errors import SourceError
from calicometrics.web.off_loop import OffLoop, retrieve

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Iterator

    from calicometrics.exporter import Exporter, Round
    from calicometrics.web.rendering import Body, Renderer, Wanted

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

    However many clients ask at once, one thread waits for the round, and a short body is rendered once.

    Args:
        exporter: Whose rounds they are.
        renderer: What makes bodies of them.
    """

    def __init__(self, exporter: Exporter, renderer: Renderer) -> None:
        self._exporter = exporter
        self._renderer = renderer
        self._thread = OffLoop("web-round")
        self._renderers = ThreadPoolExecutor(_RENDERERS, "web-render")
        self._flight: _Flight | None = None

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

    async def body(self, wanted: Wanted, seconds: float | None) -> Body:
        """Return the body of the round under way, or else of a new one.

        Args:
            wanted: What the body is to be.
            seconds: What the round may take; None for the exporter's default.

        Raises:
            SourceError: The round is not over in time.
        """
        flight = self._flight
        mine = flight is None
        if flight is None:
            flight = self._start(wanted, seconds)
        taken, body = await _landed(flight, _PATIENCE if seconds is None else seconds + _GRACE)
        # The rest of a long body can be rendered but once.
        if body is not None and flight.wanted == wanted and (mine or body.rest is None):
            return body
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
