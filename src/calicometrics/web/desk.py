"""Takes rounds for the event loop: one at a time, on a thread of its own, shared by everybody who asks meanwhile."""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from itertools import accumulate
from typing import TYPE_CHECKING, cast

import attrs

from calicometrics.errors import SourceError
from calicometrics.exporter import DEFAULT_ROUND_TIMEOUT
from calicometrics.web.compression import BLOCK
from calicometrics.web.off_loop import OffLoop, retrieve
from calicometrics.web.rendering import View

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator, Iterator

    from calicometrics.exporter import Exporter
    from calicometrics.rounds import Round
    from calicometrics.web.places import Places
    from calicometrics.web.rendering import Body, Renderer, Wanted
    from calicometrics.web.taking import Taking

# A round that has been given a time ends by itself; whoever waits for it waits this much longer. The round's time and
# this are still less than what the scraper waits.
_GRACE = 0.4
# For a round that has been given none: what the exporter gives it, and some more.
_PATIENCE = 35.0
# A round that fails this long before its time is over, or longer, has failed for another reason.
_SLACK = 0.02
_REMEMBERED = 5
_RENDERERS = 2
_SHORT_LINE = 100  # characters: most lines of BIRD's families are longer

_Landed = tuple["Round", "Body | None"]


@attrs.define(eq=False)
class _Flight:
    """A round under way, and what it is going to be rendered as.

    Attributes:
        wanted: What its body is to be; None for no body.
        landing: What comes of it.
        began: When it began.
        until: When its time is over.
        longest: When the time is over that the most patient of those who wait for it has.
        again: The round that was begun for those to whom this one's time was too short.
    """

    wanted: Wanted | None
    landing: asyncio.Future[_Landed]
    began: float
    until: float
    longest: float
    again: _Flight | None = None

    def too_short_for(self, deadline: float, now: float) -> bool:
        """Return whether one more round would have more time than this one had."""
        return deadline - now > self.until - self.began


class RoundDesk:
    """Hands out rounds and their bodies. Its coroutines belong to one event loop, which they never block.

    However many clients ask at once, one thread waits for the round, and a short body is rendered once. A round has the
    time of who asked first; where that was too short, those who have more time get another one. A long body is
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
        self._complete: deque[float] = deque([0.0], maxlen=_REMEMBERED)  # seconds that complete rounds took
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
        _, (taken, _) = await self._shared(None, None, patience)
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
        patience = _PATIENCE if seconds is None else seconds + _GRACE
        rendered, (taken, body) = await self._shared(None if long else wanted, seconds, patience)
        if not long and rendered != wanted:
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

    async def _shared(
        self, wanted: Wanted | None, seconds: float | None, patience: float
    ) -> tuple[Wanted | None, _Landed]:
        """Return what the round under way, or else a new one, has been rendered as, and what came of it.

        What was begun by somebody with less time, and had not been read when that was over, is read again; if there
        is no time left for that, what has been read counts.
        """
        loop = asyncio.get_running_loop()
        end = loop.time() + patience
        deadline = loop.time() + _granted(seconds, patience)
        flight = self._flight or self._start(wanted, seconds)
        flight.longest = max(flight.longest, deadline)
        outcome = await _landed(flight, patience)
        again = flight.again
        if again is not None and flight.too_short_for(deadline, again.began):
            second = await _landed(again, end - loop.time())
            if not isinstance(second, SourceError):
                flight, outcome = again, second
        if isinstance(outcome, SourceError):
            raise outcome
        return flight.wanted, outcome

    def _start(self, wanted: Wanted | None, seconds: float | None) -> _Flight:
        # What is not enough for a whole round is of no use to anybody, and keeps the collectors busy for the next one.
        timeout = None if seconds is None else max(seconds, 2 * min(self._complete))

        def fly() -> _Landed:
            taken = self._exporter.round(timeout)
            if wanted is None or _looks_long(taken, wanted.view):
                return taken, None
            return taken, self._renderer.body(taken, wanted)

        now = asyncio.get_running_loop().time()
        until = now + (DEFAULT_ROUND_TIMEOUT if timeout is None else timeout)
        flight = self._flight = _Flight(wanted, self._thread.call(fly), now, until, until)
        flight.landing.add_done_callback(lambda landing: self._over(flight, landing))
        return flight

    def _over(self, flight: _Flight, landing: asyncio.Future[_Landed]) -> None:
        self._flight = None
        error = landing.exception()
        now = asyncio.get_running_loop().time()
        if error is None and landing.result()[0].success:
            self._complete.append(now - flight.began)
        elif (
            (error is None or isinstance(error, SourceError))
            and now >= flight.until - _SLACK
            and flight.too_short_for(flight.longest, now)
        ):
            # At once, so that nobody with less time comes between.
            flight.again = self._start(flight.wanted, flight.longest - now)


def _looks_long(taken: Round, view: View) -> bool:
    """Return whether a page will be long, by its samples: the first one of a process is not to be begun in vain."""
    if view not in {View.TEXT, View.OPENMETRICS}:
        return False
    samples = accumulate(family.most_samples for family in taken.families)
    return any(so_far * _SHORT_LINE > BLOCK for so_far in samples)


def _granted(seconds: float | None, patience: float) -> float:
    return min(patience, DEFAULT_ROUND_TIMEOUT if seconds is None else seconds)


async def _landed(flight: _Flight, patience: float) -> _Landed | SourceError:
    try:
        return await asyncio.wait_for(asyncio.shield(flight.landing), patience)
    except TimeoutError:
        return SourceError(f"the round was not over after {patience:g} s")
    except SourceError as error:
        return error
