"""What has been computed in a round, once for everybody who asks."""

from __future__ import annotations

import threading
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable


class Memo:
    """Computes each key once and hands the result, or the error, to everybody who asks."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._cells: dict[object, Future[Any]] = {}

    def once(self, key: object, compute: Callable[[], Any]) -> Any:
        """Return the result of a key, or raise its error, as computed by whoever asked first."""
        with self._lock:
            cell = self._cells.get(key)
            mine = cell is None
            if cell is None:
                cell = self._cells[key] = Future()
        if mine:
            try:
                cell.set_result(compute())
            except BaseException as error:  # noqa: BLE001 - handed on, to this caller first
                cell.set_exception(error)
        return cell.result()

    def peek(self, key: object) -> Any:
        """Return the result of a key that has been computed without an error, else None."""
        with self._lock:
            cell = self._cells.get(key)
        return cell.result() if cell is not None and cell.done() and cell.exception() is None else None
