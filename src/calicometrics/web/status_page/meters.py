"""What runs out or fills up on the status page: hold timers and route limits, as bars and in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs

from calicometrics.bird.model import BgpSession
from calicometrics.web.status_page.markup import Markup, element, joined
from calicometrics.web.status_page.tables import NOTHING, mark

if TYPE_CHECKING:
    from collections.abc import Iterator

    from calicometrics.bird.model import Channel, Limit, Timer
    from calicometrics.status_table import PeerRow

_HOLD_LOW = 0.25  # as the alert BirdHoldTimerNearlyOut
_LIMIT_NEAR = 0.9  # as the alert BirdRouteLimitNear


def hold(timer: Timer | None) -> str:
    """Return a cell with what is left of a hold timer."""
    if timer is None:
        return NOTHING
    if not timer.configured:
        return f"{timer.remaining:.0f} s left"
    low = _HOLD_LOW * timer.configured
    words = f"{timer.remaining:.0f} of {timer.configured:.0f} s"
    bar = element(
        "meter",
        max=timer.configured,
        value=timer.remaining,
        low=low,
        optimum=timer.configured,
        aria_label="Hold timer",
    )
    return joined([bar, mark("bad", words) if hold_low(timer) else element("span", words)])


def hold_low(timer: Timer | None) -> bool:
    """Return whether a hold timer has run down so far that the neighbor has been silent for long."""
    return (
        timer is not None and bool(timer.configured) and timer.remaining < _HOLD_LOW * (timer.configured or 0)
    )


def near_limit(row: PeerRow) -> bool:
    """Return whether a limit of a peer was hit, or is nearly reached."""
    return any(each.near for each in _limits_of(row))


@attrs.frozen
class _Limited:
    """What is limited, and how far it is from that; ``used`` is None when BIRD does not tell."""

    what: str
    used: int | None
    maximum: int
    action: str | None = None
    hit: bool = False

    @property
    def near(self) -> bool:
        return self.hit or (self.used is not None and self.used > _LIMIT_NEAR * self.maximum)


def _limits_of(row: PeerRow) -> Iterator[_Limited]:
    for channel in row.protocol.channels:
        for limit in channel.limits:
            yield _Limited(limit.direction, _used(limit, channel), limit.maximum, limit.action, limit.hit)
    session = row.protocol.detail
    if isinstance(session, BgpSession) and session.route_limit is not None:
        yield _Limited("routes", *session.route_limit)


def limits(row: PeerRow) -> str:
    """Return a cell with the limits of a peer's channels, and what they stand at."""
    items = [element("li", _limit(each)) for each in _limits_of(row)]
    return element("ul", *items) if items else NOTHING


def _limit(each: _Limited) -> Markup:
    count = f"{each.maximum}" if each.used is None else f"{each.used} of {each.maximum}"
    words = (
        f"{each.what}: {count}{f', then {each.action}' if each.action else ''}{'; hit' if each.hit else ''}"
    )
    shown = mark("bad", words) if each.near else element("span", words)
    if each.used is None:
        return shown
    high = _LIMIT_NEAR * each.maximum
    label = f"{each.what} limit"
    bar = element("meter", max=each.maximum, value=each.used, high=high, optimum=0, aria_label=label)
    return joined([bar, shown])


def _used(limit: Limit, channel: Channel) -> int | None:
    """Return the routes that count towards a limit, None when BIRD does not tell them."""
    counts = channel.routes
    if counts is None:
        return None
    if limit.direction == "import":
        return counts.imported
    if limit.direction == "export":
        return counts.exported
    return None if counts.filtered is None else counts.imported + counts.filtered
