"""Rows that one protocol alone tells: they are made once, and used again as long as the protocol is the same object.

The parser hands out the same object for a protocol whose text did not change. Most of a large daemon's peers do not
change from one scrape to the next, and of those that do, few channels.
"""

from __future__ import annotations

from array import array
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from calicometrics.bird.model import Protocol
    from calicometrics.families import MetricFamily, Row
    from calicometrics.spec import FamilySpec

    Rows = Iterator[tuple[FamilySpec, Row]]


class _Known(NamedTuple):
    """A protocol and its rows."""

    protocol: Protocol
    places: tuple[int, ...]
    """Of each row, the place of its family."""
    rows: tuple[Row, ...]
    positions: array[int]
    """Of each row, its index in its family."""


class ProtocolRows:
    """Makes the rows of protocols, and keeps those of the latest round.

    A protocol that is the same object as in the round before has the same rows; of one that is not, the rows that are
    equal are the same objects still. And a family in which no row changed has the same list of rows: whoever writes it
    can tell at a glance that it wrote it before. Nobody changes these lists.

    Args:
        specs: The families that may get rows, in the order in which they are returned.
        rows_of: Yields the rows of a daemon's protocol; they must depend on nothing else.
    """

    def __init__(self, specs: Sequence[FamilySpec], rows_of: Callable[[str, Protocol], Rows]) -> None:
        self._specs = specs
        self._rows_of = rows_of
        self._places = {spec.name: place for place, spec in enumerate(specs)}
        self._known: dict[tuple[str, str], _Known] = {}
        self._columns: list[list[Row]] = [[] for _ in specs]

    def families(self, protocols: Iterable[tuple[str, Iterable[Protocol]]]) -> list[MetricFamily]:
        """Return the families of each daemon's protocols."""
        before, self._known = self._known, {}
        order = list(before)
        changed: list[tuple[_Known, _Known]] = []
        for daemon, members in protocols:
            for protocol in members:
                key = daemon, protocol.name
                known = old = before.pop(key, None)
                if known is None or known.protocol is not protocol:
                    known = self._make(daemon, protocol, old)
                    if old is not None:
                        changed.append((old, known))
                self._known[key] = known
        if any(old.places is not new.places for old, new in changed) or order != list(self._known):
            self._columns = self._all_rows()
        else:
            self._exchange(changed)
        return [spec.family(rows) for spec, rows in zip(self._specs, self._columns, strict=True)]

    def _make(self, daemon: str, protocol: Protocol, before: _Known | None) -> _Known:
        places, rows = [], []
        for spec, row in self._rows_of(daemon, protocol):
            places.append(self._places[spec.name])
            rows.append(row)
        if before is None or before.places != tuple(places):
            return _Known(protocol, tuple(places), tuple(rows), array("L"))
        pairs = zip(before.rows, rows, strict=True)
        same = tuple([old if old == new else new for old, new in pairs])
        return _Known(protocol, before.places, same, before.positions)

    def _all_rows(self) -> list[list[Row]]:
        """Return the rows of each family, and note where each is."""
        columns: list[list[Row]] = [[] for _ in self._specs]
        for known in self._known.values():
            del known.positions[:]
            for place, row in zip(known.places, known.rows, strict=True):
                known.positions.append(len(columns[place]))
                columns[place].append(row)
        return columns

    def _exchange(self, changed: Iterable[tuple[_Known, _Known]]) -> None:
        """Put rows that changed in the places of those before, in new lists."""
        fresh: dict[int, list[Row]] = {}
        for old, new in changed:
            for place, position, before, row in zip(
                new.places, new.positions, old.rows, new.rows, strict=True
            ):
                if row is not before:
                    if place not in fresh:
                        fresh[place] = self._columns[place].copy()
                    fresh[place][position] = row
        for place, rows in fresh.items():
            self._columns[place] = rows
