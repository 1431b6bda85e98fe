"""Runs for an event loop what would hold it up: on one thread, one call after the other."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING, Any, TypeVar

from calicometrics.workers import Worker

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")


class OffLoop:
    """One thread for an event loop; it starts with the first call.

    Args:
        name: The thread's name.
    """

    def __init__(self, name: str) -> None:
        self._worker = Worker(name)

    def call(self, function: Callable[[], T]) -> asyncio.Future[T]:
        """Return the future of a call; whoever waits for it may give up without disturbing others."""
        loop = asyncio.get_running_loop()
        landing: asyncio.Future[T] = loop.create_future()

        def run() -> None:
            # The worker's own future is not used: it would keep the result until the next call.
            try:
                result = function()
            except BaseException as error:  # noqa: BLE001 - handed to whoever waits
                land(landing.set_exception, error)
            else:
                land(landing.set_result, result)

        def land(settle: Any, outcome: object) -> None:
            with contextlib.suppress(RuntimeError):  # the loop is closed: nobody waits any more
                loop.call_soon_threadsafe(settle, outcome)

        landing.add_done_callback(retrieve)
        self._worker.submit(run)
        return landing

    def close(self) -> None:
        """End the thread as soon as its call returns."""
        self._worker.close()


def retrieve(future: asyncio.Future[Any]) -> None:
    """Look at a future's error, which asyncio would log when everybody who waited has gone."""
    if not future.cancelled():
        future.exception()
