"""The simulated Calico node: what its two BIRD daemons know, as a pure function of a seed and a time."""

from __future__ import annotations

from typing import NamedTuple

from calicometrics.demo.rhythm import Beat, chance
from calicometrics.demo.state import Bgp, Changes, Daemon, Protocol, Routes, Session

HOUR = 3600.0
UPTIME = 76 * HOUR
"""How long the daemons have been up when the simulation starts, in seconds."""

FAMILIES = {"bird": "ipv4", "bird6": "ipv6"}
_ROUTER_ID = "192.168.10.11"
_CALICO_AS = 64512
_BLOCKS = 2  # address blocks of this node: what it announces
_FULL = "refresh enhanced-refresh restart-able llgr-aware AS4 add-path-rx add-path-tx"
_PLAIN = "refresh enhanced-refresh restart-aware llgr-aware AS4"
_DESCRIPTION = "Connection to BGP peer"
_REFUSED = "Socket: Connection refused"
_CONNECT_DELAY = 2
_FLAP_PERIOD = 100.0  # seconds in which the session is lost and comes back once
_POD_CHURN = ((1, 150.0), (2, 420.0))


class Peer(NamedTuple):
    """One BGP peer of the node, and how it behaves.

    Attributes:
        kind: The first part of the protocol's name.
        host: The last part of its address.
        up_since: Hours between its latest change and the start of the simulation; None for the daemons' whole uptime.
        routes: How many routes it has at least.
        churn: (routes, seconds): so many more come and go once in so many seconds.
        overlap: How many of its routes are not the best ones.
        hold: The hold time in seconds.
        limit: The import limit.
        port: A port in the name, in the IPv6 daemon only.
        flaps: Whether the session is lost every now and then.
        disabled: Whether it is administratively down.
    """

    kind: str
    host: int
    asn: int = _CALICO_AS
    up_since: float | None = None
    routes: int = 2
    churn: tuple[tuple[int, float], ...] = ()
    overlap: int = 0
    hold: int = 240
    limit: int | None = None
    port: int | None = None
    flaps: bool = False
    disabled: bool = False


PEERS = (
    Peer("Mesh", 12, routes=3, churn=((1, 340.0),)),
    Peer("Mesh", 13, up_since=20 - 2 / 60, routes=2),
    Peer("Mesh", 14, up_since=6, routes=2, churn=((1, 190.0), (2, 610.0))),
    Peer("Mesh", 15, routes=2, flaps=True),
    Peer("Mesh", 16, routes=4, churn=((1, 470.0),)),
    Peer("Mesh", 17, up_since=30, disabled=True),
    Peer("Node", 1, 65001, up_since=26, routes=12, churn=((2, 130.0), (1, 75.0)), hold=90, port=1179),
    Peer(
        "Global",
        250,
        up_since=44,
        routes=941,
        churn=((12, 41.0), (9, 97.0), (25, 260.0)),
        overlap=14,
        limit=1000,
    ),
    Peer("Local_Workload", 107, 65107, up_since=3, routes=1, churn=((1, 55.0),), hold=90),
)


class Node:
    """A Calico node, to be asked for its state at any time since it started.

    Args:
        started: When the simulation starts, in seconds since the epoch; its daemons are up for days by then.
        seed: Decides on everything that looks like chance.
    """

    def __init__(self, started: float, seed: int = 0) -> None:
        self.started = started
        self.booted = started - UPTIME
        self.seed = seed

    def daemon(self, name: str, now: float) -> Daemon:
        """Return what ``bird`` or ``bird6`` knows at a time, in seconds since the epoch."""
        age = now - self.booted
        moment = _Moment(self, f"{self.seed}/{name}", FAMILIES[name], now)
        reloads = Beat(f"{self.seed}/{name}/reload", 2 * HOUR)
        return Daemon(_ROUTER_ID, now, self.booted, now - reloads.since(age), moment.protocols())


class _Moment(NamedTuple):
    """One daemon at one time."""

    node: Node
    seed: str
    family: str
    now: float

    def protocols(self) -> tuple[Protocol, ...]:
        """Return all protocols; the kernel is given the best of what the peers and the static routes bring."""
        booted = self.node.booted
        pods = self._pods(self.now)
        learned = self._learned(self.now)
        kernel = Protocol(
            name="kernel1",
            proto="Kernel",
            state="up",
            since=booted,
            preference=10,
            input_filter="ACCEPT",
            output_filter="calico_kernel_programming",
            routes=Routes(pods.present, learned.present + _BLOCKS, pods.present),
            changes=Changes(
                import_updates=(pods.came, 0, 0, 0, pods.came),
                import_withdraws=(pods.gone, 0, 0, 0, pods.gone),
                export_updates=(
                    pods.came + learned.came + _BLOCKS,
                    pods.came,
                    0,
                    0,
                    learned.came + _BLOCKS,
                ),
                export_withdraws=(pods.gone + learned.gone, 0, 0, 0, learned.gone),
            ),
        )
        return (
            kernel,
            _quiet("device1", "Device", booted, 240, 0),
            _quiet("direct1", "Direct", booted, 240, 3),
            _quiet("static1", "Static", booted, 200, _BLOCKS),
            *(self._peer(peer) for peer in PEERS),
        )

    def _peer(self, peer: Peer) -> Protocol:
        address = f"192.168.10.{peer.host}" if self.family == "ipv4" else f"fd00:10::{peer.host}"
        name = f"{peer.kind}_{address.replace('.', '_').replace(':', '_')}"
        if self.family == "ipv6" and peer.port is not None:
            name += f"_port_{peer.port}"
        up, since = self._standing(peer)
        protocol = Protocol(
            name=name,
            proto="BGP",
            state="start",
            since=since,
            preference=100,
            input_filter="ACCEPT",
            output_filter="calico_export_to_bgp_peers",
            description=_DESCRIPTION,
            import_limit=peer.limit,
            routes=Routes(),
        )
        if peer.disabled:
            return protocol._replace(state="down", routes=None, bgp=Bgp("Down", address, peer.asn))
        if not up:
            delay = _CONNECT_DELAY - int(self.now - since) % _CONNECT_DELAY
            bgp = Bgp("Active", address, peer.asn, connect_delay=(delay, _CONNECT_DELAY), last_error=_REFUSED)
            return protocol._replace(info=f"{'Active':14}{_REFUSED}", bgp=bgp)
        routes, changes = self._exchanged(peer, since)
        return protocol._replace(
            state="up",
            info=f"{'Established':14}",
            routes=routes,
            changes=changes,
            bgp=Bgp("Established", address, peer.asn, self._session(peer, since)),
        )

    def _standing(self, peer: Peer) -> tuple[bool, float]:
        """Return whether a peer is up, and since when it is what it is."""
        if not peer.flaps:
            hours = peer.up_since
            return not peer.disabled, (
                self.node.booted if hours is None else self.node.started - hours * HOUR
            )
        age = self.now - self.node.booted
        lost, back = self._flaps(peer)
        up = lost.count(age) == back.count(age)
        return up, self.now - (back if up else lost).since(age)

    def _flaps(self, peer: Peer) -> tuple[Beat, Beat]:
        """Return when a peer's session is lost and when it comes back, in turn."""
        return (
            Beat(f"{self.seed}/{peer.host}/lost", _FLAP_PERIOD, 0.0, 0.3),
            Beat(f"{self.seed}/{peer.host}/back", _FLAP_PERIOD, 0.5, 0.8),
        )

    def _session(self, peer: Peer, since: float) -> Session:
        """Return the session; a keepalive falls due after 75 to 100 % of its time (RFC 4271, section 10)."""
        age = self.now - since
        seed = f"{self.seed}/{peer.host}"
        keepalive = peer.hold // 3
        sent = Beat(f"{seed}/sent", keepalive * 7 / 8, 0.0, 1 / 7)
        received = Beat(f"{seed}/received", keepalive * 7 / 8, 0.0, 1 / 7)
        hold = peer.hold * (1 - chance(f"{seed}/hold", received.count(age)) / 4) - received.since(age)
        internal = peer.asn == _CALICO_AS
        return Session(
            neighbor_id=f"192.168.10.{peer.host}",
            capabilities=_FULL if internal else _PLAIN,
            kind="internal multihop AS4 add-path-rx add-path-tx" if internal else "external multihop AS4",
            source_address=_ROUTER_ID if self.family == "ipv4" else "fd00:10::11",
            hold_timer=(int(hold), peer.hold),
            keepalive_timer=(int(sent.until(age)), keepalive),
        )

    def _exchanged(self, peer: Peer, since: float) -> tuple[Routes, Changes]:
        """Return a session's routes and counters; like BIRD's, they start anew with each session.

        A peer is told of everything in the table: of the pods' routes, which the filter keeps back, of other peers'
        routes, which are not passed on, and of this node's own blocks.
        """
        own = self._imported(peer, since, self.now)
        repeated = Beat(f"{self.seed}/{peer.host}/repeated", HOUR).count(self.now - since)
        pods, learned = self._pods(self.now), self._learned(self.now)
        pods_gone, learned_gone = self._pods(since).gone, self._learned(since).gone
        filtered, rejected = pods.came - pods_gone, learned.came - learned_gone
        withdrawn = pods.gone - pods_gone + learned.gone - learned_gone
        return Routes(own.present, _BLOCKS, own.present - peer.overlap), Changes(
            import_updates=(own.came + repeated, 0, 0, repeated, own.came),
            import_withdraws=(own.gone, 0, 0, 0, own.gone),
            export_updates=(rejected + filtered + _BLOCKS, rejected, filtered, 0, _BLOCKS),
            export_withdraws=(withdrawn, 0, 0, 0, 0),
        )

    def _pods(self, time: float) -> _Population:
        """Return the routes that the kernel has for this node's pods."""
        return _population(f"{self.seed}/pods", 14, _POD_CHURN, time - self.node.booted)

    def _learned(self, time: float) -> _Population:
        """Return the best routes that all peers together have brought since the daemon started."""
        came = gone = 0
        for peer in PEERS:
            if peer.flaps:
                lost, back = self._flaps(peer)
                came += peer.routes * (1 + back.count(time - self.node.booted))
                gone += peer.routes * lost.count(time - self.node.booted)
            elif not peer.disabled:
                imported = self._imported(peer, self._standing(peer)[1], time)
                came += imported.came - peer.overlap
                gone += imported.gone
        return _Population(came, gone)

    def _imported(self, peer: Peer, since: float, time: float) -> _Population:
        return _population(f"{self.seed}/{peer.host}", peer.routes, peer.churn, time - since)


class _Population(NamedTuple):
    """Routes that came and went so far."""

    came: int
    gone: int

    @property
    def present(self) -> int:
        return self.came - self.gone


def _population(seed: str, least: int, churn: tuple[tuple[int, float], ...], age: float) -> _Population:
    """Return how many of ``least`` constant routes and the churn's came and went up to an age."""
    came, gone = least, 0
    for number, (size, period) in enumerate(churn):
        came += size * Beat(f"{seed}/{number}/came", period, 0.05, 0.45).count(age)
        gone += size * Beat(f"{seed}/{number}/gone", period, 0.55, 0.95).count(age)
    return _Population(came, gone)


def _quiet(name: str, proto: str, since: float, preference: int, routes: int) -> Protocol:
    """Return a protocol whose routes came when it started and stay."""
    return Protocol(
        name=name,
        proto=proto,
        state="up",
        since=since,
        preference=preference,
        input_filter="ACCEPT",
        output_filter="REJECT",
        routes=Routes(routes, 0, routes),
        changes=Changes(import_updates=(routes, 0, 0, 0, routes)),
    )
