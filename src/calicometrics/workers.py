"""Threads that outlive a call which never returns: one worker for each collector."""

from __future__ import annotations

import threading
from concurrent.futures import Future
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable


class Worker:
    """A thread that runs one call at a time.

    The standard library's pools wait for their threads when the interpreter ends; a worker whose call hangs must not
    keep the process from ending, so its thread is a daemon.

    Args:
        name: The thread's name.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._calls: SimpleQueue[tuple[Future[Any], Callable[[], Any]] | None] = SimpleQueue()
        self._thread: threading.Thread | None = None
        self._lock = threading.Lock()
        self._current: Future[Any] | None = None

    @property
    def busy(self) -> bool:
        """Whether the latest call has not returned yet."""
        return self._current is not None and not self._current.done()

    def submit(self, call: Callable[[], Any]) -> Future[Any]:
        """Return the future of a call; the thread starts with the first one."""
        future: Future[Any] = Future()
        with self._lock:
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name=self._name, daemon=True)
                self._thread.start()
            self._current = future
            self._calls.put((future, call))
        return future

    def close(self) -> None:
        """End the thread as soon as its call returns."""
        with self._lock:
            if self._thread is not None:
                self._calls.put(None)
                self._thread = None

    def _run(self) -> None:
        while (item := self._calls.get()) is not None:
            future, call = item
            try:
                future.set_result(call())
            except BaseException as error:  # noqa: BLE001 - handed to whoever waits
                future.set_exception(error)
            del item, future, call  # a kept reference would keep a whole round's families
