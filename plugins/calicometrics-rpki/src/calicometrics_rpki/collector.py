"""Collector ``rpki``: the sessions with RPKI caches of each BIRD daemon, and what the caches told."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from calicometrics import CalicometricsError, Collector, FamilySpec
from calicometrics_rpki.model import RpkiSession

if TYPE_CHECKING:
    from collections.abc import Iterable

    from calicometrics import MetricFamily, Snapshot
    from calicometrics.bird.model import Protocol

_LABELS = ("bird_daemon", "bird_protocol_instance")
_CHANNEL = (*_LABELS, "bird_channel")


def _timer(name: str, what: str) -> tuple[FamilySpec, FamilySpec]:
    """Return the families of a timer's remaining and configured seconds."""
    source = f"{name.capitalize()} timer   : 3587.655/3600"
    return (
        FamilySpec(
            f"bird_rpki_{name}_timer_current",
            "gauge",
            f"Seconds until {what}; absent while the timer does not run.",
            _LABELS,
            unit="seconds",
            source=source,
        ),
        FamilySpec(
            f"bird_rpki_{name}_timer_initial",
            "gauge",
            f"Seconds that the {name} timer was set to; absent while it does not run.",
            _LABELS,
            unit="seconds",
            source=source,
        ),
    )


UP = FamilySpec(
    "bird_rpki_up",
    "gauge",
    "Whether the cache answers: the session is Established, Sync-Start or Sync-Running.",
    _LABELS,
    source="Status:           Established",
)
STATE = FamilySpec(
    "bird_rpki_state",
    "gauge",
    "Always 1; the session's present state, as BIRD spells it, is in the label of the same name.",
    (*_LABELS, "bird_rpki_state"),
    source="Status:           Established",
)
INFO = FamilySpec(
    "bird_rpki_info",
    "gauge",
    "Always 1; the cache server, how it is reached, and the protocol's version. The port is empty when it is the "
    "transport's own.",
    (*_LABELS, "cache_server", "cache_port", "transport", "protocol_version"),
    source="Cache server:     10.9.0.99",
)
SESSION_ID = FamilySpec(
    "bird_rpki_session_id",
    "gauge",
    "The cache's session ID; a new one means that the cache has lost its history. Absent before the first answer.",
    _LABELS,
    source="Session ID:       17",
)
SERIAL = FamilySpec(
    "bird_rpki_serial_number",
    "gauge",
    "The serial number of the data; it stands still when the cache gets no news. Absent before the first data.",
    _LABELS,
    source="Serial number:    42",
)
LAST_UPDATE = FamilySpec(
    "bird_rpki_last_update_timestamp_seconds",
    "gauge",
    "When the data was last known to be complete, by the daemon's clock, within a second or so.",
    _LABELS,
    unit="seconds since the epoch",
    source="Last update:      before 12.345 s",
)
REFRESH = _timer("refresh", "the cache is asked for changes")
RETRY = _timer("retry", "the cache is asked again after a failure")
EXPIRE = _timer("expire", "the data is given up unless the cache answers")
ROAS = FamilySpec(
    "bird_rpki_roas",
    "gauge",
    "Route origin authorisations that the cache has told: the routes that the channel roa4 or roa6 imports.",
    _CHANNEL,
    unit="ROAs",
    source="Routes:         3 imported, 0 exported, 3 preferred",
)
ASPAS = FamilySpec(
    "bird_rpki_aspas",
    "gauge",
    "Provider authorisations that the cache has told: the routes that the channel aspa imports.",
    _CHANNEL,
    unit="ASPAs",
    source="Routes:         3 imported, 0 exported, 3 preferred",
)


class RpkiCollector(Collector):
    """The RPKI protocols of each daemon; it asks for nothing but the table of protocols."""

    name = "rpki"
    help = "RPKI: sessions with caches, serial numbers, timers, numbers of ROAs and ASPAs"
    enabled_by_default = True
    families: ClassVar = (
        UP,
        STATE,
        INFO,
        SESSION_ID,
        SERIAL,
        LAST_UPDATE,
        *REFRESH,
        *RETRY,
        *EXPIRE,
        ROAS,
        ASPAS,
    )

    def collect(self, snapshot: Snapshot) -> Iterable[MetricFamily]:
        """Return the families of all daemons' RPKI protocols; a daemon that cannot be read is noted."""
        families = {spec.name: spec.family() for spec in self.families}
        for daemon in snapshot.daemons:
            try:
                protocols = snapshot.protocols_of(daemon)
            except CalicometricsError as error:
                snapshot.failures.append(error)
                continue
            for protocol in protocols:
                if isinstance(protocol.detail, RpkiSession):
                    now = snapshot.clock(daemon).now
                    _add_session(families, (daemon, protocol.name), protocol.detail, now)
                    _add_channels(families, (daemon, protocol.name), protocol)
        return families.values()


def _add_session(
    families: dict[str, MetricFamily], labels: tuple[str, str], session: RpkiSession, now: float | None
) -> None:
    def add(spec: FamilySpec, value: float | None, *more: str) -> None:
        if value is not None:
            families[spec.name].add((*labels, *more), value)

    if session.state is not None:
        add(UP, float(session.state.connected))
        add(STATE, 1, str(session.state))
    add(
        INFO,
        1,
        session.cache_server or "",
        "" if session.cache_port is None else str(session.cache_port),
        session.transport or "",
        "" if session.protocol_version is None else str(session.protocol_version),
    )
    add(SESSION_ID, session.session_id)
    add(SERIAL, session.serial_number)
    if now is not None and session.last_update is not None:
        add(LAST_UPDATE, round(now - session.last_update, 3))
    for (current, initial), timer in (
        (REFRESH, session.refresh_timer),
        (RETRY, session.retry_timer),
        (EXPIRE, session.expire_timer),
    ):
        if timer is not None:
            add(current, timer.remaining)
            add(initial, timer.configured)


def _add_channels(families: dict[str, MetricFamily], labels: tuple[str, str], protocol: Protocol) -> None:
    for channel in protocol.channels:
        if channel.routes is not None:
            spec = ASPAS if channel.name == "aspa" else ROAS
            families[spec.name].add((*labels, channel.name), channel.routes.imported)
