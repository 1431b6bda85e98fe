"""Rounds and bodies, shared."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import logging
import threading
import time
import weakref
from collections.abc import Coroutine
from typing import Any

import attrs
import pytest

from calicometrics.errors import SourceError
from calicometrics.families import MetricFamily
from calicometrics.rounds import CollectorResult, Round
from calicometrics.web.compression import BLOCK
from calicometrics.web.desk import RoundDesk
from calicometrics.web.places import Places
from calicometrics.web.rendering import Body, Renderer, View, Wanted

from .front import PATIENCE, StubExporter, wait_until

TEXT = Wanted(View.TEXT, gzip=False)
HTML = Wanted(View.HTML, gzip=False)
PLACES = 2


class CountingRenderer(Renderer):
    """Knows what it has rendered."""

    def __init__(self, page: str = "short") -> None:
        object.__setattr__(self, "rendered", [])
        super().__init__(lambda taken: page)

    def body(self, taken: Round, wanted: Wanted) -> Body:
        self.rendered.append(wanted)  # type: ignore[attr-defined]  # set above, past the frozen class
        return super().body(taken, wanted)


class Desk:
    """A desk whose exporter waits for the test."""

    def __init__(self, page: str = "short") -> None:
        self.exporter = StubExporter()
        self.exporter.go.clear()
        self.renderer = CountingRenderer(page)
        self.desk = RoundDesk(self.exporter, self.renderer, Places(PLACES, 40))  # type: ignore[arg-type]

    async def together(self, *asking: Coroutine[Any, Any, Any]) -> list[Any]:
        """Let all ask before the round is over."""
        tasks = [asyncio.create_task(one) for one in asking]
        assert await asyncio.to_thread(self.exporter.asked.wait, PATIENCE)
        self.exporter.go.set()
        return await asyncio.gather(*tasks)


def run(work: Coroutine[Any, Any, None], desk: Desk) -> None:
    try:
        asyncio.run(work)
    finally:
        desk.exporter.go.set()
        desk.desk.close()


def test_who_asks_during_a_round_shares_it_and_its_short_body() -> None:
    desk = Desk()

    async def work() -> None:
        bodies = await desk.together(*(desk.desk.body(TEXT, 5.0) for _ in range(50)))
        assert all(body is bodies[0] for body in bodies)

    run(work(), desk)
    assert desk.exporter.timeouts == [5.0]
    assert desk.renderer.rendered == [TEXT]  # type: ignore[attr-defined]


def test_who_wants_another_view_shares_the_round_alone() -> None:
    desk = Desk()

    async def work() -> None:
        text, html, taken = await desk.together(
            desk.desk.body(TEXT, None), desk.desk.body(HTML, None), desk.desk.round(PATIENCE)
        )
        assert text.content_type.startswith("text/plain")
        assert html.head == (b"short",)
        assert taken.families == desk.exporter.families

    run(work(), desk)
    assert desk.exporter.timeouts == [None]
    assert sorted(wanted.view.name for wanted in desk.renderer.rendered) == ["HTML", "TEXT"]  # type: ignore[attr-defined]


def test_a_body_can_be_had_of_a_round_that_was_begun_for_its_own_sake() -> None:
    desk = Desk()

    async def work() -> None:
        _, html = await desk.together(desk.desk.round(PATIENCE), desk.desk.body(HTML, None))
        assert html.head == (b"short",)

    run(work(), desk)


async def whole(desk: Desk) -> bytes:
    """What who asks for the page for people gets, where that is long."""
    assert await desk.desk.body(HTML, None) is None
    async with desk.desk.long_body(HTML, None, PATIENCE) as body:
        return b"".join([piece async for piece in desk.desk.pieces(body)])


def test_a_long_body_of_one_round_is_rendered_for_each_who_wants_it() -> None:
    page = "x" * (5 * BLOCK)
    desk = Desk(page)

    async def work() -> None:
        assert await desk.together(*(whole(desk) for _ in range(5))) == [page.encode()] * 5

    run(work(), desk)
    assert len(desk.exporter.timeouts) == 1


def test_the_first_long_page_of_metrics_is_not_begun_in_vain() -> None:
    desk = Desk()
    family = MetricFamily("bird_up", "gauge", "Whether it is up.", ("bird_protocol_instance",))
    for number in range(BLOCK // 50):
        family.add((f"Node_10_{number:>050}",), 1)
    desk.exporter.families = (family,)
    desk.exporter.go.set()

    async def work() -> None:
        assert await desk.desk.body(TEXT, None) is None
        assert desk.renderer.rendered == []  # type: ignore[attr-defined]  # of the counting one
        async with desk.desk.long_body(TEXT, None, PATIENCE) as body:
            text = b"".join([piece async for piece in desk.desk.pieces(body)])
        assert text.count(b"\n") == 2 + BLOCK // 50

    run(work(), desk)
    assert desk.renderer.rendered == [TEXT]  # type: ignore[attr-defined]  # as above


def test_who_waits_for_a_place_gets_the_latest_round_and_keeps_no_other() -> None:
    desk = Desk("x" * (5 * BLOCK))

    async def work() -> None:
        rounds: list[weakref.ref[Round]] = []
        made = desk.exporter.round

        def remembered(timeout: float | None = None) -> Round:
            taken = made(timeout)
            rounds.append(weakref.ref(taken))
            return taken

        desk.exporter.round = remembered  # type: ignore[method-assign]
        desk.exporter.go.set()
        async with contextlib.AsyncExitStack() as places:
            for _ in range(PLACES):
                assert await desk.desk.body(HTML, None) is None
                await places.enter_async_context(desk.desk.long_body(HTML, None, PATIENCE))
            waiting = [asyncio.create_task(whole(desk)) for _ in range(5)]
            await asyncio.to_thread(wait_until, lambda: desk.desk._waiting == 5)
            late = asyncio.create_task(whole(desk))
            await asyncio.to_thread(wait_until, lambda: desk.desk._waiting == 6)
            gc.collect()
            # The pages that hold the places hold no round: they are text.
            assert [taken() is not None for taken in rounds] == [False, False, False, True]
        await asyncio.gather(*waiting, late)
        gc.collect()
        assert [taken() for taken in rounds] == [None] * 4

    run(work(), desk)


def test_a_page_that_is_short_again_needs_no_place() -> None:
    desk = Desk("x" * (5 * BLOCK))
    desk.exporter.go.set()

    async def work() -> None:
        await whole(desk)
        object.__setattr__(desk.renderer, "html_page", lambda taken: "short")
        assert await whole(desk) == b"short"
        assert (await desk.desk.body(HTML, None)).head == (b"short",)  # type: ignore[union-attr]

    run(work(), desk)


def test_the_round_after_is_a_new_one() -> None:
    desk = Desk()

    async def work() -> None:
        await desk.together(desk.desk.body(TEXT, 1.0))
        await desk.desk.body(TEXT, 2.0)

    run(work(), desk)
    assert desk.exporter.timeouts == [1.0, 2.0]


def test_an_error_is_everybodys() -> None:
    desk = Desk()
    desk.exporter.error = ValueError("out of order")

    async def work() -> None:
        asking = [desk.desk.body(TEXT, None), desk.desk.round(PATIENCE)]
        tasks = [asyncio.create_task(one) for one in asking]
        assert await asyncio.to_thread(desk.exporter.asked.wait, PATIENCE)
        desk.exporter.go.set()
        found = await asyncio.gather(*tasks, return_exceptions=True)
        assert [str(error) for error in found] == ["out of order"] * 2

    run(work(), desk)


def test_an_error_that_nobody_waits_for_any_more_is_no_message_of_asyncios(
    caplog: pytest.LogCaptureFixture,
) -> None:
    desk = Desk()
    desk.exporter.error = ValueError("out of order")

    async def work() -> None:
        with pytest.raises(SourceError, match="the round was not over after 0.01 s"):
            await desk.desk.round(0.01)
        flight = desk.desk._flight
        assert flight is not None
        desk.exporter.go.set()
        await asyncio.wait([flight.landing])

    run(work(), desk)
    assert [record for record in caplog.records if record.levelno >= logging.WARNING] == []


def test_a_round_that_outlives_the_loop_harms_nobody(caplog: pytest.LogCaptureFixture) -> None:
    desk = Desk()
    unhandled: list[object] = []
    before, threading.excepthook = threading.excepthook, unhandled.append

    async def work() -> None:
        with pytest.raises(SourceError):
            await desk.desk.round(0.01)

    try:
        run(work(), desk)
        for thread in threading.enumerate():
            if thread.name == "web-round":
                thread.join(PATIENCE)
    finally:
        threading.excepthook = before
    assert unhandled == []
    assert caplog.records == []


def test_an_error_while_rendering_the_rest_reaches_who_takes_it() -> None:
    desk = Desk()

    def rest() -> Any:
        yield b"one"
        raise ValueError("no such family")

    async def take(taken: list[bytes]) -> None:
        async for piece in desk.desk.pieces(Body("text/plain", gzip=False, head=(b"head",), rest=rest())):
            taken.append(piece)  # noqa: PERF401 - what came before the error has to be seen

    async def work() -> None:
        taken: list[bytes] = []
        with pytest.raises(ValueError, match="no such family"):
            await take(taken)
        assert taken == [b"head", b"one"]

    run(work(), desk)


def test_a_short_body_has_no_further_pieces() -> None:
    desk = Desk()

    async def work() -> None:
        body = Body("text/plain", gzip=False, head=(b"all",))
        assert [piece async for piece in desk.desk.pieces(body)] == [b"all"]

    run(work(), desk)


class Daemon(StubExporter):
    """An exporter whose daemon takes some time to answer, and whose rounds fail when they have less."""

    def __init__(self, needs: float = 0.0) -> None:
        super().__init__()
        self.needs = needs

    def round(self, timeout: float | None = None) -> Round:
        taken = super().round(timeout)
        if timeout is None or timeout >= self.needs:
            time.sleep(self.needs)
            return taken
        time.sleep(timeout)
        return attrs.evolve(taken, collectors=(CollectorResult("bird", success=False, duration=timeout),))


class Hasty(Desk):
    """A desk that somebody with next to no time comes to before everybody else."""

    def __init__(self, exporter: StubExporter, hasty: float = 0.1) -> None:
        super().__init__()
        exporter.go.clear()
        self.exporter = exporter
        self.hasty = hasty
        self.desk = RoundDesk(exporter, self.renderer, Places(PLACES, 40))  # type: ignore[arg-type]

    async def successes(self, *seconds: float | None, grace: float = PATIENCE) -> list[bool]:
        """Whether those with these times get a complete round, after the hasty one."""
        rounds = await self.together(
            self.desk._shared(TEXT, self.hasty, PATIENCE),
            *(self.desk._shared(TEXT, each, (each or PATIENCE) + grace) for each in seconds),
        )
        return [taken.success for _, (taken, _) in rounds]


def test_a_client_with_little_time_does_not_shorten_the_round_of_others() -> None:
    desk = Hasty(Daemon(needs=0.3))

    async def work() -> None:
        assert await desk.successes(5.0, None, 2.0) == [False, True, True, True]

    run(work(), desk)
    first, second = desk.exporter.timeouts
    assert first == 0.1
    assert second is not None
    assert second > 9  # what the most patient one has left


def test_a_round_that_fails_before_its_time_is_over_is_not_taken_again() -> None:
    broken = StubExporter([], CollectorResult("bird", success=False, duration=0.0, errors=("no such file",)))
    desk = Hasty(broken)

    async def work() -> None:
        assert await desk.successes(5.0, None) == [False, False, False]

    run(work(), desk)
    assert desk.exporter.timeouts == [0.1]


def test_a_round_that_everybody_had_the_time_for_is_not_taken_again() -> None:
    desk = Hasty(Daemon(needs=1000))

    async def work() -> None:
        assert await desk.successes(0.15, 0.1) == [False, False, False]

    run(work(), desk)
    assert desk.exporter.timeouts == [0.1]


def test_there_is_one_more_round_and_no_further_one() -> None:
    desk = Hasty(Daemon(needs=1000))

    async def work() -> None:
        assert await desk.successes(0.5, 0.5) == [False, False, False]

    run(work(), desk)
    assert len(desk.exporter.timeouts) == 2


def test_who_has_no_time_for_the_further_round_gets_what_was_read_in_the_first() -> None:
    class Stuck(Daemon):
        def round(self, timeout: float | None = None) -> Round:
            taken = super().round(timeout)
            self.go.clear()  # the next one does not return
            return taken

    desk = Hasty(Stuck(needs=1000))

    async def work() -> None:
        assert await desk.successes(0.4, grace=0.1) == [False, False]

    run(work(), desk)
    assert len(desk.exporter.timeouts) == 2


def test_a_round_gets_the_time_that_rounds_usually_take() -> None:
    """Who gives less would get nothing, and would leave the collectors busy for those who come after."""
    desk = Hasty(Daemon(needs=0.2))
    desk.exporter.go.set()

    async def work() -> None:
        for _ in range(5):
            await desk.desk.body(TEXT, 5.0)
        assert await desk.desk.body(TEXT, 0.1) is not None

    run(work(), desk)
    last = desk.exporter.timeouts[-1]
    assert last is not None
    assert last >= 0.4
