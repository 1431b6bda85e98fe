"""Threads that outlive a call which never returns: one worker for each collector."""

from __future__ import annotations

import threading
from concurrent.futures import Future
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    _Calls = SimpleQueue[tuple[Future[Any], Callable[[], Any]] | None]


class Worker:
    """A thread that runs one call at a time.

    The standard library's pools wait for their threads when the interpreter ends; a worker whose call hangs must not
    keep the process from ending, so its thread is a daemon.

    Args:
        name: The thread's name.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._calls: _Calls | None = None
        self._lock = threading.Lock()
        self._pending = 0

    @property
    def busy(self) -> bool:
        """Whether a call has not returned yet."""
        return self._pending > 0

    def submit(self, call: Callable[[], Any]) -> Future[Any]:
        """Return the future of a call, which may be cancelled before it begins; the thread starts with the first one.

        Raises:
            RuntimeError: No thread can be started at the moment; a later call may do better.
        """
        future: Future[Any] = Future()
        with self._lock:
            if self._calls is None:
                # Each thread has calls of its own: the end that is meant for one must not reach the next.
                calls: _Calls = SimpleQueue()
                threading.Thread(target=self._run, args=(calls,), name=self._name, daemon=True).start()
                self._calls = calls
            self._pending += 1
            self._calls.put((future, call))
        return future

    def close(self) -> None:
        """End the thread as soon as its call returns."""
        with self._lock:
            if self._calls is not None:
                self._calls.put(None)
                self._calls = None

    def _run(self, calls: _Calls) -> None:
        while (item := calls.get()) is not None:
            future, call = item
            if not future.set_running_or_notify_cancel():
                self._over()
                continue
            try:
                result = call()
            except BaseException as error:  # noqa: BLE001 - handed to whoever waits
                self._over()
                future.set_exception(error)
            else:
                self._over()
                future.set_result(result)
                del result
            del item, future, call  # a kept reference would keep a whole round's families

    def _over(self) -> None:
        with self._lock:
            self._pending -= 1
