"""The daemons and the collectors on the status page: who answers, and what became of each collector."""

from __future__ import annotations

from typing import TYPE_CHECKING

from calicometrics.status_table import duration_text, since_text
from calicometrics.web.status_page.markup import Markup, element, joined
from calicometrics.web.status_page.tables import NOTHING, Column, Group, lines, mark, section, table

if TYPE_CHECKING:
    from collections.abc import Iterable

    from calicometrics.bird.model import DaemonStatus
    from calicometrics.rounds import CollectorResult
    from calicometrics.snapshot import Snapshot

MOST_ERRORS = 10
"""As many errors of a collector are shown."""

_DAEMONS = (Column("Daemon"), Column("State"), Column("Version"), Column("Router ID"), Column("Up for"))
_COLLECTORS = (Column("Collector"), Column("Result"), Column("Duration", number=True))


def daemons_section(snapshot: Snapshot) -> Markup:
    """Return the part of the page with the BIRD daemons."""
    if not snapshot.daemons:
        return section("daemons", "BIRD daemons", element("p", "No daemon is configured."))
    rows = [_daemon(snapshot, name) for name in snapshot.daemons]
    return section("daemons", "BIRD daemons", table("daemons", _DAEMONS, [Group(rows)]))


def _daemon(snapshot: Snapshot, name: str) -> list[str]:
    status = snapshot.read_status(name)
    if status is None:
        # Why is among the collectors' errors; without the collector of the status nobody has asked.
        answers = snapshot.read_protocols(name) is not None
        state = mark("good", "answers") if answers else mark("bad", "was not read in this round")
        return [name, state, NOTHING, NOTHING, NOTHING]
    rebooted = snapshot.clock(name).instant(status.last_reboot) if status.last_reboot else None
    up = NOTHING
    if rebooted is not None:
        age = duration_text(snapshot.time - rebooted.timestamp, rebooted.accuracy)
        up = lines(age, f"since {since_text(rebooted)}")
    return [name, _state(status), status.version, status.router_id or NOTHING, up]


def _state(status: DaemonStatus) -> Markup:
    recovery = status.graceful_restart
    if recovery is None:
        return mark("good", status.state or "answers")
    left = f", {recovery.timer.remaining:g} s left" if recovery.timer else ""
    waiting = f", waits for {recovery.waiting_for}" if recovery.waiting_for is not None else ""
    return mark("off", f"recovers from a restart{waiting}{left}")


def collectors_section(results: Iterable[CollectorResult]) -> Markup:
    """Return the part of the page with the collectors."""
    rows = [
        [
            result.name,
            mark("good", "good")
            if result.success
            else joined([mark("bad", "failed"), _errors(result.errors)]),
            f"{result.duration * 1000:.0f} ms",
        ]
        for result in results
    ]
    return section("collectors", "Collectors", table("collectors", _COLLECTORS, [Group(rows)]))


def _errors(errors: tuple[str, ...]) -> Markup:
    shown = [element("li", error) for error in errors[:MOST_ERRORS]]
    if len(errors) > MOST_ERRORS:
        shown.append(element("li", f"and {len(errors) - MOST_ERRORS} more"))
    return element("ul", *shown) if shown else Markup("")
