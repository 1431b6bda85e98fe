"""The peers on the status page: those in trouble first."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from typing import TYPE_CHECKING

from calicometrics.bird.model import BgpSession
from calicometrics.status_table import Concern, duration_text, since_text
from calicometrics.web.status_page.markup import Markup, element, joined
from calicometrics.web.status_page.meters import hold, hold_low, limits, near_limit
from calicometrics.web.status_page.tables import NOTHING, Column, Group, lines, mark, section, table

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from calicometrics.bird.clock import Instant
    from calicometrics.status_table import PeerRow

MOST_ROWS = 500
"""As many peers are shown: more would take a browser seconds, every time the page updates itself."""

_COLUMNS = (
    Column("Peer"),
    Column("State"),
    Column("For"),
    Column("Hold timer"),
    Column("In", number=True),
    Column("Out", number=True),
    Column("Filtered", number=True),
    Column("Limits"),
    Column("Last error"),
)
_GROUPS = {
    Concern.TROUBLE: ("bad", "In trouble"),
    Concern.DISABLED: ("off", "Disabled, or listening for a range of neighbors"),
    Concern.GOOD: ("good", "Established"),
}
_SAYS_NOTHING = "Connection to BGP peer"  # the description that Calico gives to every peer


def by_trouble(rows: Iterable[PeerRow]) -> list[PeerRow]:
    """Return the peers in the order in which they are shown: of the sessions that are up, those in danger first."""
    return sorted(rows, key=lambda row: (row.concern, not (near_limit(row) or hold_low(row.hold))))


def peers_section(rows: Sequence[PeerRow], now: float, unread: Sequence[str] = ()) -> Markup:
    """Return the part of the page with the peers.

    Args:
        rows: The peers, in the order in which they are shown.
        now: Seconds since the epoch.
        unread: The daemons whose peers this round has not read.
    """
    missing = [
        element("p", mark("off", f"The peers of {name} were not read in this round.")) for name in unread
    ]
    if not rows:
        nothing = [] if missing else [element("p", "There are no BGP peers.")]
        return section("peers", "Peers", *missing, *nothing)
    shown = table("peers", _COLUMNS, _groups(rows, now))
    if len(rows) <= MOST_ROWS:
        return section("peers", "Peers", *missing, shown)
    cut = f"{len(rows) - MOST_ROWS} more peers are not shown here; `calicometrics status` and the models have all."
    return section("peers", "Peers", *missing, shown, element("p", cut))


def _groups(rows: Sequence[PeerRow], now: float) -> Iterator[Group]:
    several = len({row.daemon for row in rows}) > 1
    totals = Counter(row.concern for row in rows)
    for concern, (kind, title) in _GROUPS.items():
        if totals[concern]:
            some = [_cells(row, kind, now, several) for row in rows[:MOST_ROWS] if row.concern is concern]
            yield Group(some, f"{title}: {totals[concern]}", kind)


def _cells(row: PeerRow, kind: str, now: float, several: bool) -> list[str]:
    session = row.protocol.detail
    assert isinstance(session, BgpSession)  # noqa: S101 - rows are of BGP peers
    neighbor = session.neighbor_address or session.neighbor_range
    whose = [
        row.daemon if several else None,
        row.type,
        neighbor,
        f"AS{session.neighbor_as}" if session.neighbor_as is not None else None,
    ]
    description = row.protocol.description
    return [
        lines(
            row.peer,
            " · ".join(word for word in whose if word),
            description if description != _SAYS_NOTHING else None,
        ),
        lines(
            mark(kind, row.state),
            "restarts, its routes are kept" if session.graceful_restart_active else None,
        ),
        _for(row.since, now),
        hold(row.hold),
        *(NOTHING if count is None else str(count) for count in (row.imported, row.exported, row.filtered)),
        limits(row),
        row.last_error or NOTHING,
    ]


def _for(since: Instant | None, now: float) -> str:
    if since is None:
        return NOTHING
    machine = dt.datetime.fromtimestamp(since.timestamp, dt.UTC).isoformat(timespec="seconds")
    moment = element("time", since_text(since), datetime=machine)
    return lines(duration_text(now - since.timestamp, since.accuracy), joined(["since ", moment]))
