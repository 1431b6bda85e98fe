"""Rounds and bodies, shared."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Coroutine
from typing import Any

import pytest

from calicometrics.errors import SourceError
from calicometrics.exporter import Round
from calicometrics.web.compression import BLOCK
from calicometrics.web.desk import RoundDesk
from calicometrics.web.rendering import Body, Renderer, View, Wanted

from .front import PATIENCE, StubExporter

TEXT = Wanted(View.TEXT, gzip=False)
HTML = Wanted(View.HTML, gzip=False)


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
        self.desk = RoundDesk(self.exporter, self.renderer)  # type: ignore[arg-type]

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


def test_a_long_body_is_rendered_for_each_who_wants_it() -> None:
    page = "x" * (5 * BLOCK)
    desk = Desk(page)

    async def whole(body: Body) -> bytes:
        return b"".join([piece async for piece in desk.desk.pieces(body)])

    async def work() -> None:
        bodies = await desk.together(*(desk.desk.body(HTML, None) for _ in range(3)))
        assert await asyncio.gather(*map(whole, bodies)) == [page.encode()] * 3

    run(work(), desk)
    assert len(desk.exporter.timeouts) == 1


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
