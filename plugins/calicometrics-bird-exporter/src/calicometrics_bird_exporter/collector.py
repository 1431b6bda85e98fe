"""Collector ``bird_exporter``: what czerwonk/bird_exporter prints, out of the models of calicometrics."""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING, ClassVar

from calicometrics import CalicometricsError, Collector, ParseError
from calicometrics_bfd.collector import sessions_of
from calicometrics_bfd.model import BfdState
from calicometrics_bird_exporter import families as names
from calicometrics_ospf import commands

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from calicometrics import FamilySpec, MetricFamily, Snapshot
    from calicometrics.bird.model import Channel, Protocol

KINDS = frozenset({"BGP", "OSPF", "Kernel", "Static", "Direct", "Babel", "RPKI"})
VERSIONS = {"ipv4": "4", "ipv6": "6"}
NO_INTERFACE = "---"


class BirdExporterCollector(Collector):
    """The families of bird_exporter; its dashboards add up what is missing, so what is not printed is 0 here."""

    name = "bird_exporter"
    help = "the families of czerwonk/bird_exporter, for dashboards that are there already"
    enabled_by_default = True
    families: ClassVar = names.ALL

    def collect(self, snapshot: Snapshot) -> Iterable[MetricFamily]:
        """Return the families of all daemons that answered; of series that two daemons have, the first one's."""
        page = _Page(snapshot)
        for daemon, protocols in snapshot.protocols():
            for protocol in protocols:
                if protocol.proto in KINDS:
                    page.add_protocol(daemon, protocol)
            for add in (page.add_bfd, page.add_ospf):
                try:
                    add(daemon, protocols)
                except CalicometricsError as error:
                    snapshot.failures.append(error)
        return page.families.values()


class _Page:
    def __init__(self, snapshot: Snapshot) -> None:
        self.families = {spec.name: spec.family() for spec in names.ALL}
        self._snapshot = snapshot
        self._seen: set[tuple[str, ...]] = set()

    def add_protocol(self, daemon: str, protocol: Protocol) -> None:
        """Add a protocol's series, once for each IP version."""
        uptime = self._age(daemon, protocol.since)
        for version, channels in _versions(protocol):
            first = channels[0] if channels else None
            proto = "OSPFv3" if protocol.proto == "OSPF" and version == "6" else protocol.proto
            labels = (
                (first.output_filter if first else None) or "",
                (first.input_filter if first else None) or "",
                version,
                protocol.name,
                proto,
            )
            self._add(names.UP, (*labels, protocol.info), protocol.state == "up")
            if uptime is not None:
                self._add(names.UPTIME, labels, uptime)
            for spec, field in (
                (names.IMPORTED, "imported"),
                (names.EXPORTED, "exported"),
                (names.FILTERED, "filtered"),
                (names.PREFERRED, "preferred"),
            ):
                self._add(spec, labels, sum(_count(channel.routes, field) for channel in channels))
            for (action, direction, outcome), spec in names.CHANGES.items():
                row, column = f"{direction}_{names.ACTIONS[action]}", names.OUTCOMES[outcome]
                rows = (getattr(channel.changes, row, None) for channel in channels)
                self._add(spec, labels, sum(_count(each, column) for each in rows))

    def add_bfd(self, daemon: str, protocols: Sequence[Protocol]) -> None:
        """Add the BFD sessions of a daemon that has a BFD protocol."""
        if not any(protocol.proto == "BFD" for protocol in protocols):
            return
        for session in sessions_of(self._snapshot, daemon).sessions:
            labels = (session.interface or NO_INTERFACE, session.address, session.protocol)
            up = session.state is BfdState.UP
            self._add(names.BFD_UP, labels, up)
            age = self._age(daemon, session.since) if session.since is not None and up else 0.0
            if age is not None:
                self._add(names.BFD_UPTIME, labels, age)
            self._add(names.BFD_INTERVAL, labels, session.transmit_interval or 0)
            self._add(names.BFD_TIMEOUT, labels, session.detect_time or 0)

    def add_ospf(self, daemon: str, protocols: Sequence[Protocol]) -> None:
        """Add the areas of a daemon's OSPF protocols."""
        ours = {protocol.name: protocol for protocol in protocols if protocol.proto == "OSPF"}
        if not ours:
            return
        for protocol in ours.values():
            running = self._specs(protocol)[0]
            self._add(running, (protocol.name,), protocol.info.startswith("Running"))
        for instance in commands.instances(self._snapshot, daemon, list(ours)):
            _, *specs = self._specs(ours[instance.name])
            for area in instance.areas:
                labels = (str(int(ipaddress.IPv4Address(area.area_id))), instance.name)
                values = (area.interfaces, area.neighbors, area.adjacent_neighbors)
                for spec, value in zip(specs, values, strict=True):
                    self._add(spec, labels, value or 0)

    @staticmethod
    def _specs(protocol: Protocol) -> tuple[FamilySpec, ...]:
        version3 = any(channel.name == "ipv6" for channel in protocol.channels)
        return names.OSPF["ospfv3" if version3 else "ospf"]

    def _age(self, daemon: str, since: str) -> float | None:
        """Return the seconds between a printed time and the daemon's own now."""
        clock = self._snapshot.clock(daemon)
        status = self._snapshot.read_status(daemon)
        now = clock.instant(status.server_time) if status is not None and status.server_time else None
        instant = clock.instant(since)
        if instant is None or now is None:
            return None
        return max(0.0, now.timestamp - instant.timestamp)

    def _add(self, spec: FamilySpec, labels: tuple[str, ...], value: float) -> None:
        key = (spec.name, *labels)
        if key in self._seen:
            self._snapshot.failures.append(
                ParseError(f"{spec.name}: {', '.join(labels)} is there twice: bird_exporter names no daemon")
            )
            return
        self._seen.add(key)
        self.families[spec.name].add(labels, float(value))


def _versions(protocol: Protocol) -> Iterator[tuple[str, list[Channel]]]:
    """Yield each IP version that a protocol has a channel for; an RPKI protocol's channels are of none."""
    if protocol.proto == "RPKI":
        yield "", list(protocol.channels)
    for channel in protocol.channels:
        if channel.name in VERSIONS and protocol.proto != "RPKI":
            yield VERSIONS[channel.name], [channel]


def _count(row: object, field: str) -> float:
    """Return a number of a row; what BIRD does not count or print is 0."""
    value: float | None = getattr(row, field, None)
    return value or 0
