"""The peers of a snapshot as people look at them: trouble first, how long, how near the hold timer, what passes."""

from __future__ import annotations

import datetime as dt
import enum
from typing import TYPE_CHECKING

import attrs

from calicometrics.bird.last_error import ErrorClass, error_class
from calicometrics.bird.model import BgpSession, BgpState
from calicometrics.bird.naming import peer_type
from calicometrics.errors import CalicometricsError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from calicometrics.bird.clock import Instant
    from calicometrics.bird.model import Protocol, Timer
    from calicometrics.snapshot import Snapshot

_DAY = 86400.0


class Concern(enum.IntEnum):
    """How much a peer needs a look; rows are sorted by it."""

    TROUBLE = 0
    """Not Established, and nobody disabled it."""
    DISABLED = 1
    """Administratively down, or a listener for a range of neighbors, which never is Established itself."""
    GOOD = 2
    """Established."""


@attrs.frozen
class PeerRow:
    """One BGP peer.

    Attributes:
        concern: How much it needs a look.
        daemon: The daemon's name.
        peer: The protocol's name.
        type: Why Calico configured it.
        state: The BGP state, as printed.
        since: When the state was entered, None when the printed time does not tell.
        hold: The hold timer, None while it does not run.
        imported: Routes of all channels, None while there are none up.
        exported: As imported.
        filtered: As imported; None too when the daemon does not keep filtered routes.
        last_error: The last error in BIRD's words, empty when there is none.
        protocol: The whole model, for what is in none of the others.
    """

    concern: Concern
    daemon: str
    peer: str
    type: str
    state: str
    since: Instant | None
    hold: Timer | None
    imported: int | None
    exported: int | None
    filtered: int | None
    last_error: str
    protocol: Protocol = attrs.field(repr=False)


def peer_rows(snapshot: Snapshot) -> list[PeerRow]:
    """Return the BGP peers of the daemons that answer, those in trouble first."""
    rows = [
        _row(snapshot, daemon, protocol, protocol.detail)
        for daemon, protocols in snapshot.protocols()
        for protocol in protocols
        if isinstance(protocol.detail, BgpSession)
    ]
    return sorted(rows, key=lambda row: (row.concern, row.daemon, row.peer))


def _row(snapshot: Snapshot, daemon: str, protocol: Protocol, session: BgpSession) -> PeerRow:
    if session.state is BgpState.ESTABLISHED:
        concern = Concern.GOOD
    elif error_class(protocol) is ErrorClass.ADMINISTRATIVE or session.neighbor_range is not None:
        concern = Concern.DISABLED
    else:
        concern = Concern.TROUBLE
    counts = [channel.routes for channel in protocol.channels if channel.routes is not None]
    return PeerRow(
        concern,
        daemon,
        protocol.name,
        peer_type(protocol.name).value,
        str(session.state or protocol.state),
        snapshot.clock(daemon).instant(protocol.since),
        session.hold_timer,
        _total(count.imported for count in counts),
        _total(count.exported for count in counts),
        _total(count.filtered for count in counts),
        session.last_error or protocol.message or "",
        protocol,
    )


def _total(counts: Iterable[int | None]) -> int | None:
    known = [count for count in counts if count is not None]
    return sum(known) if known else None


def daemon_lines(snapshot: Snapshot) -> Iterator[str]:
    """Yield a sentence for each daemon that does not answer or still recovers from a restart."""
    answered = dict(snapshot.status())
    for daemon in snapshot.daemons:
        status = answered.get(daemon)
        if status is not None and status.graceful_restart is not None:
            recovery = status.graceful_restart
            left = f", {recovery.timer.remaining:g} s left" if recovery.timer else ""
            yield f"{daemon}: recovers from a restart, waits for {recovery.waiting_for}{left}"
    yield from dict.fromkeys(str(error) for error in snapshot.failures)


def felix_line(snapshot: Snapshot, page: str = "felix") -> str | None:
    """Return a sentence on Felix, None when there is no page of Felix's."""
    if page not in snapshot.pages:
        return None
    from calicometrics.felix.model import felix_status

    try:
        read = snapshot.view().page(page)  # what is wrong with it is told here, not as a daemon's trouble
    except CalicometricsError as error:
        return f"felix: {str(error).removeprefix(f'{page}: ')}"
    status = felix_status(read.families)
    state = status.resync_state or "state unknown"
    host = f", host {status.host}" if status.host else ""
    bad = f"; lines that are not understood: {len(read.problems)}" if read.problems else ""
    return f"felix: {state}{host}{bad}"


def duration_text(seconds: float, accuracy: float = 0.0) -> str:
    """Return a duration in its two largest units, or in days alone when it is known to a day only."""
    if accuracy >= _DAY:
        return f"~{max(0, round(seconds / _DAY))}d"
    left = max(0, int(seconds))
    parts: list[str] = []
    for unit, size in (("d", 86400), ("h", 3600), ("m", 60), ("s", 1)):
        count, left = divmod(left, size)
        if count or parts or unit == "s":
            parts.append(f"{count}{unit}")
    return " ".join(parts[:2])


def since_text(since: Instant | None) -> str:
    """Return a moment in UTC, as far as it is known."""
    if since is None:
        return "-"
    moment = dt.datetime.fromtimestamp(since.timestamp, dt.UTC)
    return f"{moment:%Y-%m-%d}" if since.accuracy >= _DAY else f"{moment:%Y-%m-%d %H:%M:%S}Z"


def table(rows: Sequence[PeerRow], now: float) -> list[str]:
    """Return a header and a line for each row; columns are as wide as what is in them.

    Args:
        rows: The peers.
        now: Seconds since the epoch.
    """
    several = len({row.daemon for row in rows}) > 1
    cells = [
        ["DAEMON", "PEER", "TYPE", "STATE", "SINCE", "FOR", "HOLD", "IN", "OUT", "FILTERED", "LAST ERROR"]
    ]
    for row in rows:
        age = "-"
        if row.since is not None:
            age = duration_text(now - row.since.timestamp, row.since.accuracy)
        hold = "-" if row.hold is None else f"{row.hold.remaining:.0f}/{row.hold.configured or 0:.0f}"
        numbers = ("-" if n is None else str(n) for n in (row.imported, row.exported, row.filtered))
        texts = [row.daemon, row.peer, row.type, row.state, since_text(row.since), age, hold]
        cells.append([printable(text) for text in (*texts, *numbers, row.last_error or "-")])
    if not several:
        cells = [line[1:] for line in cells]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    return [
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in cells
    ]


def printable(text: str) -> str:
    """Return a text whose control characters are escapes: what the network says must not steer a terminal."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in text)
