"""What each counter has grown by since an agent was told: differences, resets, and what is owed to the agent."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import attrs

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from calicometrics.sinks.statsd_wire import Series

KEPT_ROUNDS = 20
"""Rounds for which a series that is missing is remembered when something failed, or while something of it is owed."""


@attrs.define
class _Count:
    """One series: its latest value (None when forgotten), what is owed, and the rounds in which it was missing."""

    latest: float | None
    owed: float = 0.0
    missing: int = 0
    seen: bool = True


class Delta(NamedTuple):
    """What is owed of one series."""

    series: Series
    amount: float
    of: _Count


class Counters:
    """Turns totals into differences.

    The first value of a series is a baseline only; a lower value than the one before is a reset and counts as a whole.
    A series that vanished is forgotten, and begins anew if it comes back. In a round in which something could not be
    read, a missing series has not vanished: it is remembered for some rounds.
    """

    def __init__(self) -> None:
        self._counts: dict[Series, _Count] = {}
        self._unconfirmed: list[Delta] = []

    def see(self, series: Series, total: float) -> None:
        """Take a series' total of this round."""
        count = self._counts.get(series)
        if count is None:
            self._counts[series] = _Count(total)
            return
        if count.latest is not None:
            count.owed += total - count.latest if total >= count.latest else total
        count.latest = total
        count.seen = True

    def owed(self, *, all_seen: bool) -> Iterator[Delta]:
        """Yield what is owed of each series, once all of a round were seen.

        Args:
            all_seen: Whether everything could be read, so that a series that is missing has vanished.
        """
        for series, count in list(self._counts.items()):
            count.missing = 0 if count.seen else count.missing + 1
            count.seen = False  # for the next round
            if count.missing and all_seen:
                count.latest = None
            if count.missing > KEPT_ROUNDS or (count.latest is None and not count.owed):
                del self._counts[series]
            elif count.owed:
                yield Delta(series, count.owed, count)

    def accept(self, deltas: Iterable[Delta]) -> None:
        """Note that the kernel took these: they are owed no more, unless they are taken back."""
        for delta in deltas:
            delta.of.owed -= delta.amount
            self._unconfirmed.append(delta)

    def confirm(self) -> None:
        """Note that what was accepted so far has not been refused."""
        self._unconfirmed.clear()

    def take_back(self) -> None:
        """Owe again what was accepted since the last confirmation."""
        for delta in self._unconfirmed:
            delta.of.owed += delta.amount
        self._unconfirmed.clear()
