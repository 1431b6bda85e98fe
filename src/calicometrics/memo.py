"""What has been computed in a round, once for everybody who asks."""

from __future__ import annotations

import threading
import time
from concurrent.futures import Future, wait
from typing import TYPE_CHECKING, Any

from calicometrics.errors import SourceError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    Cells = dict[tuple[object, ...], Future[Any]]

_GRACE = 0.05  # seconds: whoever computes it keeps the deadline too, and says better what was late


class Memo:
    """Computes each key once and hands the result, or the error, to everybody who asks.

    Args:
        stuck: What earlier rounds have not finished computing. As long as that is so it is an error: what never returns
            must not take one more thread each round, and what it works on is not another one's to use.
        deadline: A ``time.monotonic()`` value until which one waits for what another one computes.
    """

    def __init__(
        self,
        stuck: Mapping[tuple[object, ...], Future[Any]] | None = None,
        deadline: float | None = None,
    ) -> None:
        self._deadline = deadline
        self._lock = threading.Lock()
        self._cells: Cells = {}
        self._stuck = dict(stuck or {})

    def once(self, key: tuple[object, ...], compute: Callable[[], Any]) -> Any:
        """Return the result of a key, or raise its error, as computed by whoever asked first.

        Raises:
            SourceError: Another one still computes it when the time is over, or an earlier round does.
        """
        stuck = self._stuck.get(key)
        if stuck is not None and not stuck.done():
            raise SourceError(f"{key[0]}: {key[1]}: still busy with an earlier round")
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
        elif not self._done_in_time(cell):
            raise SourceError(f"{key[0]}: {key[1]}: not read when the round's time was over")
        return cell.result()

    def _done_in_time(self, cell: Future[Any]) -> bool:
        patience = None if self._deadline is None else max(0.0, self._deadline - time.monotonic()) + _GRACE
        return bool(wait([cell], patience).done)

    def unfinished(self) -> Cells:
        """Return what is still being computed, in this round or since an earlier one."""
        with self._lock:
            cells = {**self._stuck, **self._cells}
        return {key: cell for key, cell in cells.items() if not cell.done()}

    def peek(self, key: tuple[object, ...]) -> Any:
        """Return the result of a key that has been computed without an error, else None."""
        with self._lock:
            cell = self._cells.get(key)
        return cell.result() if cell is not None and cell.done() and cell.exception() is None else None
