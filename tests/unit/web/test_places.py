"""Places for long answers."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Coroutine
from typing import Any, cast

import pytest

from calicometrics.errors import SourceError
from calicometrics.web.places import Places
from calicometrics.web.taking import Taking

from .front import PATIENCE

FULL = "1 long answers are under way, which is the limit"


class Slow:
    """A client that lags; being cut off ends its answer."""

    def __init__(self) -> None:
        self.gone = asyncio.Event()
        self.lags = False

    def abort(self) -> None:
        self.lags = False
        self.gone.set()


def run(work: Coroutine[Any, Any, None]) -> None:
    asyncio.run(asyncio.wait_for(work, PATIENCE))


async def hold(places: Places, client: Slow) -> None:
    async with places.one(cast("Taking", client), PATIENCE):
        await client.gone.wait()


async def held(places: Places, got: list[int], number: int) -> None:
    async with places.one(None, PATIENCE):
        got.append(number)


async def turns() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


def test_who_has_a_place_and_does_not_lag_keeps_it() -> None:
    async def work() -> None:
        places = Places(1, 10)
        async with places.one(None, 0):
            with pytest.raises(SourceError, match=FULL):
                async with places.one(None, 0.01):
                    pass
        async with places.one(None, 0):
            pass

    run(work())


def test_who_lags_is_cut_off_for_who_waits_and_for_nobody_else() -> None:
    async def work() -> None:
        places = Places(1, 10)
        slow = Slow()
        holding = asyncio.create_task(hold(places, slow))
        await turns()
        slow.lags = True
        await turns()
        assert not slow.gone.is_set()
        async with places.one(None, PATIENCE):
            assert slow.gone.is_set()
        await holding

    run(work())


def test_who_came_last_is_served_first_and_who_waits_longest_is_turned_away_when_too_many_wait() -> None:
    async def work() -> None:
        places = Places(1, 3)
        got: list[int] = []
        async with places.one(None, 0):
            waiting = [asyncio.create_task(held(places, got, number)) for number in range(5)]
            await turns()
            assert [task.done() for task in waiting] == [True, True, False, False, False]
        outcome = await asyncio.gather(*waiting, return_exceptions=True)
        assert [str(error) for error in outcome if error is not None] == [FULL] * 2
        assert got == [4, 3, 2]

    run(work())


def test_a_place_given_to_who_has_just_gone_is_not_lost() -> None:
    async def work() -> None:
        places = Places(1, 10)
        got: list[int] = []
        async with contextlib.AsyncExitStack() as stack:
            await stack.enter_async_context(places.one(None, 0))
            waiting = [asyncio.create_task(held(places, got, number)) for number in range(3)]
            await turns()
            waiting[1].cancel()
            await turns()
            await stack.aclose()
            waiting[2].cancel()  # it has the place already, and does not know
        await asyncio.gather(*waiting, return_exceptions=True)
        assert got == [0]
        async with places.one(None, 0):
            pass

    run(work())
