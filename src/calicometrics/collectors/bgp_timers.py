"""Collector ``bgp_timers``: the timers of BGP sessions, from ``show protocols all``."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from calicometrics.bird.model import BgpChannel, BgpSession
from calicometrics.collectors.base import Collector
from calicometrics.collectors.protocol_filter import NameOptions
from calicometrics.collectors.protocol_rows import ProtocolRows
from calicometrics.spec import FamilySpec

if TYPE_CHECKING:
    from collections.abc import Iterable

    from calicometrics.bird.model import Protocol, Timer
    from calicometrics.collectors.protocol_rows import Rows
    from calicometrics.families import MetricFamily
    from calicometrics.snapshot import Snapshot

LABELS = ("bird_daemon", "bird_protocol_instance")

_TIMERS = {
    "hold": ("hold_timer", "Hold timer:       64.202/90"),
    "keepalive": ("keepalive_timer", "Keepalive timer:  12.731/30"),
    "send_hold": ("send_hold_timer", "Send hold timer:  432.259/480"),
    "connect_delay": ("connect_delay", "Connect delay:    0.735/2"),
    "error_wait": ("error_wait", "Error wait:       3.123/5"),
    "restart": ("restart_timer", "Restart timer:    12/-"),
    "stale": ("stale_timer", "LL stale timer:   5/-"),
}


def _spec(timer: str, source: str, which: str, words: str) -> FamilySpec:
    return FamilySpec(
        f"bird_{timer}_timer_{which}",
        "gauge",
        f"Seconds {words} of the session's {timer.replace('_', ' ')} timer; absent while it does not run.",
        LABELS,
        unit="seconds",
        source=source,
    )


CURRENT = {timer: _spec(timer, source, "current", "left") for timer, (_, source) in _TIMERS.items()}
# What a restart or stale timer began with BIRD prints as "-".
INITIAL = {
    timer: _spec(timer, source, "initial", "in all")
    for timer, (_, source) in _TIMERS.items()
    if not source.endswith("/-")
}


class BgpTimersCollector(Collector):
    """The timers of every BGP session."""

    name = "bgp_timers"
    help = "the timers of every BGP session: hold, keepalive, connect delay, restart and others"
    enabled_by_default = True
    Options: ClassVar = NameOptions
    families: ClassVar = tuple(
        which[timer] for timer in _TIMERS for which in (CURRENT, INITIAL) if timer in which
    )

    def __init__(self, options: NameOptions | None = None) -> None:
        super().__init__(options)
        self._rows = ProtocolRows(self.families, _rows)

    def collect(self, snapshot: Snapshot) -> Iterable[MetricFamily]:
        """Return the families of all sessions of the daemons that answered."""
        return self._rows.families(
            (daemon, self.options.select(protocols)) for daemon, protocols in snapshot.protocols()
        )


def _rows(daemon: str, protocol: Protocol) -> Rows:
    session = protocol.detail
    if not isinstance(session, BgpSession):
        return
    labels = (daemon, protocol.name)
    for timer, (field, _) in _TIMERS.items():
        value: Timer | None = getattr(session, field)
        if value is None and timer == "stale":
            value = _longest_stale(protocol)
        if value is not None:
            yield CURRENT[timer], (labels, (value.remaining,))
            if timer in INITIAL:
                yield INITIAL[timer], (labels, (value.configured,))


def _longest_stale(protocol: Protocol) -> Timer | None:
    """Return the long-lived stale timer that runs longest; BIRD 2 and 3 keep one for each channel."""
    timers = [
        channel.detail.stale_timer
        for channel in protocol.channels
        if isinstance(channel.detail, BgpChannel) and channel.detail.stale_timer is not None
    ]
    return max(timers, key=lambda timer: timer.remaining, default=None)
