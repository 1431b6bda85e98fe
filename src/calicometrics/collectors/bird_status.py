"""Collector ``bird_status``: the daemons themselves, from ``show status``."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from calicometrics.collectors.base import Collector
from calicometrics.spec import FamilySpec

if TYPE_CHECKING:
    from collections.abc import Iterable

    from calicometrics.families import MetricFamily
    from calicometrics.snapshot import Snapshot

UP = FamilySpec(
    "bird_daemon_up",
    "gauge",
    "Whether the daemon answered on its control socket.",
    ("bird_daemon",),
    source="0013 Daemon is up and running",
)
INFO = FamilySpec(
    "bird_daemon_info",
    "gauge",
    "Always 1; the daemon's version, router ID and hostname, the latter from BIRD 2.0.8 on.",
    ("bird_daemon", "version", "router_id", "hostname"),
    source="BIRD 2.0.12",
)


class BirdStatusCollector(Collector):
    """The state of each BIRD daemon."""

    name = "bird_status"
    help = "the BIRD daemons: up, version, last reboot and reconfiguration, graceful restart"
    enabled_by_default = True
    families: ClassVar = (UP, INFO)

    def collect(self, snapshot: Snapshot) -> Iterable[MetricFamily]:
        """Return the families of all daemons; one that does not answer has only ``bird_daemon_up`` 0."""
        up, info = UP.family(), INFO.family()
        answered = dict(snapshot.status())
        for daemon in snapshot.daemons:
            status = answered.get(daemon)
            up.add((daemon,), float(status is not None))
            if status is not None:
                info.add((daemon, status.version, status.router_id or "", status.hostname or ""), 1)
        return up, info
