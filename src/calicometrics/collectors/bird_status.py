"""Collector ``bird_status``: the daemons themselves, from ``show status``."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from calicometrics.collectors.base import Collector
from calicometrics.spec import FamilySpec

if TYPE_CHECKING:
    from collections.abc import Iterable

    from calicometrics.families import MetricFamily
    from calicometrics.snapshot import Snapshot

_LABELS = ("bird_daemon",)

UP = FamilySpec(
    "bird_daemon_up",
    "gauge",
    "Whether the daemon answered on its control socket.",
    _LABELS,
    source="0013 Daemon is up and running",
)
INFO = FamilySpec(
    "bird_daemon_info",
    "gauge",
    "Always 1; the daemon's version, router ID and hostname, the latter from BIRD 2.0.8 on.",
    (*_LABELS, "version", "router_id", "hostname"),
    source="BIRD 2.0.12",
)
REBOOT = FamilySpec(
    "bird_daemon_last_reboot_timestamp_seconds",
    "gauge",
    "When the daemon was started, by its own clock.",
    _LABELS,
    unit="seconds since the epoch",
    source="Last reboot on 2026-11-23 04:45:13.726",
)
RECONFIGURATION = FamilySpec(
    "bird_daemon_last_reconfiguration_timestamp_seconds",
    "gauge",
    "When the daemon last read its configuration, by its own clock.",
    _LABELS,
    unit="seconds since the epoch",
    source="Last reconfiguration on 2026-11-23 04:45:13.726",
)
RECOVERY = FamilySpec(
    "bird_daemon_graceful_restart_in_progress",
    "gauge",
    "Whether the daemon has restarted gracefully and still recovers its routes.",
    _LABELS,
    source="0024-Graceful restart recovery in progress",
)
WAITING = FamilySpec(
    "bird_daemon_graceful_restart_waiting",
    "gauge",
    "Protocols (1.6) or channels (2.x, 3.x) that the recovery waits for; absent without one.",
    _LABELS,
    unit="protocols or channels",
    source="Waiting for 3 channels to recover",
)
TIMER_CURRENT = FamilySpec(
    "bird_daemon_graceful_restart_timer_current",
    "gauge",
    "Seconds until the recovery is given up; absent without one.",
    _LABELS,
    unit="seconds",
    source="Wait timer is 215/240",
)
TIMER_INITIAL = FamilySpec(
    "bird_daemon_graceful_restart_timer_initial",
    "gauge",
    "Seconds that a recovery may take; absent without one.",
    _LABELS,
    unit="seconds",
    source="Wait timer is 215/240",
)


class BirdStatusCollector(Collector):
    """The state of each BIRD daemon."""

    name = "bird_status"
    help = "the BIRD daemons: up, version, last reboot and reconfiguration, graceful restart"
    enabled_by_default = True
    families: ClassVar = (
        UP,
        INFO,
        REBOOT,
        RECONFIGURATION,
        RECOVERY,
        WAITING,
        TIMER_CURRENT,
        TIMER_INITIAL,
    )

    def collect(self, snapshot: Snapshot) -> Iterable[MetricFamily]:
        """Return the families of all daemons; one that does not answer has only ``bird_daemon_up`` 0."""
        families = [spec.family() for spec in self.families]
        up, info, reboot, reconfiguration, recovery, waiting, current, initial = families
        answered = dict(snapshot.status())
        for daemon in snapshot.daemons:
            status = answered.get(daemon)
            up.add((daemon,), float(status is not None))
            if status is None:
                continue
            info.add((daemon, status.version, status.router_id or "", status.hostname or ""), 1)
            clock = snapshot.clock(daemon)
            for family, text in (
                (reboot, status.last_reboot),
                (reconfiguration, status.last_reconfiguration),
            ):
                instant = clock.instant(text) if text is not None else None
                if instant is not None:
                    family.add((daemon,), instant.timestamp)
            restart = status.graceful_restart
            recovery.add((daemon,), float(restart is not None))
            if restart is not None:
                waiting.add((daemon,), restart.waiting_for)
                if restart.timer is not None:
                    current.add((daemon,), restart.timer.remaining)
                    initial.add((daemon,), restart.timer.configured)
        return families
