"""The plugins for BFD, OSPF and RPKI against real daemons that speak these protocols."""

from __future__ import annotations

import contextlib
import os
import pathlib
import subprocess
import time
from collections.abc import Iterator, Mapping

import pytest

from calicometrics import BirdSocket, Collector, Snapshot
from calicometrics.bird.parser import BUILT_IN_KINDS
from calicometrics_bfd.collector import BfdCollector
from calicometrics_ospf.collector import OspfCollector
from calicometrics_rpki import RpkiSession
from calicometrics_rpki.collector import RpkiCollector
from calicometrics_rpki.kind import RPKI

from . import rtr
from .lab import PACKAGES, Lab, Peering, wait_for
from .needs import unpacked

pytestmark = pytest.mark.integration


class RoutingLab(Lab):
    """Two daemons with a BGP session that BFD watches, and two OSPF areas; one name has to be quoted in commands."""

    def configuration(self, side: str, changes: Mapping[str, Peering] | None = None) -> str:
        watched = dict.fromkeys(self.names, Peering(session="bfd on;"))
        old = self.version.startswith("1.")
        head, channel = ("ospf", "") if old else ("ospf v2", "ipv4 { import all; export none; };")
        speed = "interval 100 ms; multiplier 5;"
        return super().configuration(side, {**watched, **(changes or {})}) + (
            f'protocol bfd bfd1 {{ interface "v" {{ {speed} }}; multihop {{ {speed} }}; }}\n'
            f"protocol {head} 'ospf-1' {{ {channel}\n"
            f'  area 0 {{ interface "v" {{ type ptp; hello 1; dead count 4; bfd yes; }}; }};\n'
            f"  area 0.0.0.7 {{ nssa; networks {{ 10.64.0.0/10; 10.128.0.0/10 hidden; }};\n"
            f'    interface "lo" {{ stub yes; }}; }};\n'
            "}\n"
        )


def samples(collector: Collector, path: str) -> dict[str, dict[tuple[str, ...], float]]:
    """One round's samples, and no failure: family → label values without the daemon's → value."""
    snapshot = Snapshot({"bird": BirdSocket(path)}, kinds=[*BUILT_IN_KINDS, RPKI])
    with contextlib.closing(snapshot):
        found = {
            family.name: {
                tuple(text for _, text in sample.labels[1:]): sample.value for sample in family.samples()
            }
            for family in collector.collect(snapshot)
        }
    assert snapshot.failures == []
    return found


@pytest.mark.parametrize("version", PACKAGES)
def test_sessions_and_neighbors_are_seen_to_come_and_to_go(tmp_path: pathlib.Path, version: str) -> None:
    with RoutingLab(tmp_path, version, peers=1) as lab:
        bfd, ospf = BfdCollector(), OspfCollector()
        # BGP wants a multihop session and OSPF a direct one; BIRD 1.6 lets whoever comes second share the first one's.
        kinds = 1 if version.startswith("1.") else 2
        neighbor = ("ospf-1", "v", "10.2.0.1", "10.2.0.1")
        wait_for(lambda: list(samples(bfd, lab.a.path)["bird_bfd_up"].values()) == [1] * kinds)
        wait_for(lambda: samples(ospf, lab.a.path)["bird_ospf_neighbor_adjacent"] == {neighbor: 1})
        found = samples(bfd, lab.a.path)
        sessions = set(found["bird_bfd_up"])
        possible = {("bfd1", "10.2.0.1", ""), ("bfd1", "10.2.0.1", "v")}
        assert sessions <= possible
        assert len(sessions) == kinds
        assert found["bird_bfd_transmit_interval_seconds"] == dict.fromkeys(sessions, 0.1)
        assert found["bird_bfd_detect_time_seconds"] == dict.fromkeys(sessions, 0.5)
        for changed in found["bird_bfd_last_change_timestamp_seconds"].values():
            assert -5 < time.time() - changed < 120
        found = samples(ospf, lab.a.path)
        assert found["bird_ospf_neighbor_state"] == {(*neighbor, "Full"): 1}
        assert found["bird_ospf_neighbor_role"] == {(*neighbor, "PtP"): 1}
        assert 0 < found["bird_ospf_neighbor_dead_remaining_seconds"][neighbor] <= 4
        assert set(found["bird_ospf_area_info"]) == {
            ("ospf-1", "0.0.0.0", "normal"),
            ("ospf-1", "0.0.0.7", "nssa"),
        }
        assert found["bird_ospf_area_adjacent_neighbors"] == {
            ("ospf-1", "0.0.0.0"): 1,
            ("ospf-1", "0.0.0.7"): 0,
        }
        lab.b.stop()
        wait_for(lambda: samples(ospf, lab.a.path)["bird_ospf_neighbor_state"] == {})
        wait_for(lambda: 1 not in samples(bfd, lab.a.path)["bird_bfd_up"].values())
        assert samples(ospf, lab.a.path)["bird_ospf_area_neighbors"][("ospf-1", "0.0.0.0")] == 0


@pytest.mark.parametrize("version", PACKAGES)
def test_a_daemon_without_these_protocols_is_no_failure(tmp_path: pathlib.Path, version: str) -> None:
    with Lab(tmp_path, version, peers=1) as lab:
        for collector in (BfdCollector(), OspfCollector(), RpkiCollector()):
            assert not any(samples(collector, lab.a.path).values())


@contextlib.contextmanager
def router(directory: pathlib.Path, port: int) -> Iterator[str]:
    """A daemon that asks the cache server on this port of the loopback interface; its control socket."""
    (directory / "bird.conf").write_text(
        "router id 10.0.0.1; roa4 table r4; roa6 table r6;\n"
        f"protocol rpki rpki1 {{ roa4 {{ table r4; }}; roa6 {{ table r6; }}; remote 127.0.0.1 port {port};\n"
        "  retry 1; }\n"
    )
    path = str(directory / "bird.ctl")
    process = subprocess.Popen(
        [
            *(str(unpacked(PACKAGES["2.0.12"]) / "usr/sbin/bird"), "-f", "-c", directory / "bird.conf"),
            *("-s", path, "-P", directory / "bird.pid"),
        ],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env=os.environ | {"LD_LIBRARY_PATH": str(next(unpacked("libssh-gcrypt-4").glob("usr/lib/*/")))},
    )
    try:
        wait_for(lambda: os.path.exists(path))
        yield path
    finally:
        process.terminate()
        process.wait(timeout=10)


def test_what_a_cache_tells_is_counted(tmp_path: pathlib.Path) -> None:
    collector = RpkiCollector()
    with rtr.cache_server() as port, router(tmp_path, port) as path:
        wait_for(lambda: samples(collector, path)["bird_rpki_state"] == {("rpki1", "Established"): 1})
        found = samples(collector, path)
        assert found["bird_rpki_up"] == {("rpki1",): 1}
        assert found["bird_rpki_roas"] == {("rpki1", "roa4"): 2, ("rpki1", "roa6"): 1}
        assert found["bird_rpki_serial_number"] == {("rpki1",): rtr.SERIAL}
        assert found["bird_rpki_session_id"] == {("rpki1",): rtr.SESSION_ID}
        assert found["bird_rpki_refresh_timer_initial"] == {("rpki1",): rtr.REFRESH}
        assert rtr.EXPIRE - 60 < found["bird_rpki_expire_timer_current"][("rpki1",)] <= rtr.EXPIRE
        assert found["bird_rpki_info"] == {("rpki1", "127.0.0.1", str(port), "Unprotected over TCP", "1"): 1}
        age = time.time() - found["bird_rpki_last_update_timestamp_seconds"][("rpki1",)]
        assert -1 < age < 60
        with contextlib.closing(Snapshot({"bird": BirdSocket(path)}, kinds=[RPKI])) as snapshot:
            (protocol,) = snapshot.protocols_of("bird")
            assert snapshot.unknown_lines() == {"bird": 0}
        assert isinstance(protocol.detail, RpkiSession)
        assert protocol.detail.missing_channels == ()
