"""The simulated node: what moves, what stays, and what agrees with what."""

from __future__ import annotations

import itertools

import pytest

from calicometrics.demo.node import UPTIME, Node

STARTED = 1_700_000_000.0
MINUTES = range(0, 3600, 5)
FLAPPING, DISABLED, LIMITED = "Mesh_192_168_10_15", "Mesh_192_168_10_17", "Global_192_168_10_250"


@pytest.fixture(scope="module")
def hour() -> list:
    """The IPv4 daemon, every five seconds for an hour."""
    node = Node(STARTED)
    return [node.daemon("bird", STARTED + age) for age in MINUTES]


def protocol(daemon, name: str):
    return next(protocol for protocol in daemon.protocols if protocol.name == name)


def test_the_state_depends_on_seed_and_time_alone():
    assert Node(STARTED, 1).daemon("bird", STARTED + 99) == Node(STARTED, 1).daemon("bird", STARTED + 99)
    assert Node(STARTED, 1).daemon("bird", STARTED + 99) != Node(STARTED, 2).daemon("bird", STARTED + 99)


def test_both_daemons_have_the_same_cast_in_their_own_addresses():
    node = Node(STARTED)
    names = [[p.name for p in node.daemon(daemon, STARTED).protocols] for daemon in ("bird", "bird6")]
    assert names[0] == [
        "kernel1",
        "device1",
        "direct1",
        "static1",
        *(f"Mesh_192_168_10_{host}" for host in range(12, 18)),
        "Node_192_168_10_1",
        "Global_192_168_10_250",
        "Local_Workload_192_168_10_107",
    ]
    assert names[1][4:] == [
        *(f"Mesh_fd00_10__{host}" for host in range(12, 18)),
        "Node_fd00_10__1_port_1179",
        "Global_fd00_10__250",
        "Local_Workload_fd00_10__107",
    ]
    peers = node.daemon("bird6", STARTED).protocols[4:]
    assert {peer.bgp.neighbor_address for peer in peers} >= {"fd00:10::12", "fd00:10::1", "fd00:10::250"}


def test_the_daemons_have_been_up_for_days():
    daemon = Node(STARTED).daemon("bird", STARTED + 10)
    assert daemon.last_reboot == STARTED - UPTIME
    assert daemon.last_reboot <= daemon.last_reconfiguration <= daemon.time == STARTED + 10


@pytest.mark.parametrize("timer", ["hold_timer", "keepalive_timer"])
def test_timers_count_down_and_jump_back(hour, timer):
    jumps = 0
    for name in ("Mesh_192_168_10_12", "Node_192_168_10_1"):
        timers = [getattr(protocol(daemon, name).bgp.session, timer) for daemon in hour]
        (whole,) = {configured for _, configured in timers}
        assert all(0 <= left <= whole for left, _ in timers)
        for (before, _), (after, _) in itertools.pairwise(timers):
            if before - after not in {4, 5, 6}:  # five seconds, in whole numbers
                jumps += 1
                assert after > 0.75 * whole - 6, "started anew in the meantime"
    assert jumps == pytest.approx(3600 / 70 + 3600 / 26.25, rel=0.1)


def test_a_hold_timer_never_runs_out(hour):
    assert all(p.bgp.session.hold_timer[0] > 30 for d in hour for p in d.protocols if p.bgp and p.bgp.session)


def test_counters_only_grow_while_a_session_lasts(hour):
    for before, after in itertools.pairwise(hour):
        for old, new in zip(before.protocols, after.protocols, strict=True):
            if old.since == new.since:
                assert all(
                    x <= y
                    for was, becomes in zip(old.changes, new.changes, strict=True)
                    for x, y in zip(was, becomes, strict=True)
                ), new.name


def test_counters_and_routes_agree_with_each_other(hour):
    for daemon in hour:
        for protocol in daemon.protocols:
            updates, withdraws, exports, _ = protocol.changes
            assert updates[0] == sum(updates[1:])
            assert withdraws[0] == sum(withdraws[1:])
            assert exports[0] == sum(exports[1:])
            if protocol.routes is not None:
                assert updates[4] - withdraws[4] == protocol.routes.imported
                assert 0 <= protocol.routes.preferred <= protocol.routes.imported


def test_the_kernel_is_given_the_best_routes_of_all_peers(hour):
    for daemon in hour:
        kernel, _, _, static, *peers = daemon.protocols
        best = static.routes.imported + sum(peer.routes.preferred for peer in peers if peer.routes)
        assert kernel.routes.exported == best
        assert kernel.changes.export_updates[4] - kernel.changes.export_withdraws[4] == best
        assert daemon.network_count <= daemon.route_count


def test_routes_vary(hour):
    for name in ("kernel1", "Mesh_192_168_10_14", "Node_192_168_10_1"):
        assert len({protocol(daemon, name).routes.imported for daemon in hour}) > 1


def test_one_peer_is_close_to_its_import_limit_but_below(hour):
    counts = [protocol(daemon, LIMITED).routes.imported for daemon in hour]
    assert protocol(hour[0], LIMITED).import_limit == 1000
    assert 900 < min(counts) < max(counts) < 1000
    assert max(counts) > 970


def test_one_peer_is_administratively_down(hour):
    for daemon in hour:
        peer = protocol(daemon, DISABLED)
        assert (peer.state, peer.info, peer.routes, peer.bgp.state) == ("down", "", None, "Down")


def test_one_session_is_lost_every_minute_or_two_and_comes_back(hour):
    peers = [protocol(daemon, FLAPPING) for daemon in hour]
    changes = [peer.since for peer in peers if peer.since >= STARTED]
    spells = sorted(set(changes))
    assert len(spells) == pytest.approx(2 * 36, abs=2), "lost and back once in 100 s"
    assert all(15 < after - before < 85 for before, after in itertools.pairwise(spells))
    for peer, daemon in zip(peers, hour, strict=True):
        assert peer.since <= daemon.time
        if peer.state == "up":
            assert (peer.bgp.state, peer.bgp.last_error) == ("Established", None)
            assert peer.routes.imported == 2
        else:
            assert (peer.state, peer.bgp.state) == ("start", "Active")
            assert peer.info == "Active        Socket: Connection refused"
            assert peer.bgp.last_error == "Socket: Connection refused"
            assert peer.bgp.session is None
            assert peer.bgp.connect_delay in {(1, 2), (2, 2)}
            assert peer.routes == (0, 0, 0)
            assert set(map(tuple, peer.changes)) == {(0, 0, 0, 0, 0)}


def test_a_new_session_starts_its_counters_anew(hour):
    starts = [
        new
        for old, new in itertools.pairwise(hour)
        if protocol(old, FLAPPING).state == "start" and protocol(new, FLAPPING).state == "up"
    ]
    assert len(starts) > 20
    for daemon in starts:
        changes = protocol(daemon, FLAPPING).changes
        assert changes.import_updates == (2, 0, 0, 0, 2)
        assert changes.export_updates[0] < 1200, "the table once, and what changed in five seconds"
        assert changes.export_withdraws[0] < 50
