"""What the built-in BIRD collectors make of recorded replies."""

from __future__ import annotations

import pathlib

import pytest

from calicometrics.bird.client import BirdSocket
from calicometrics.collectors import built_in_collectors, default_collectors
from calicometrics.snapshot import Snapshot
from calicometrics.testing import snapshot_of
from calicometrics.testing.bird import FakeBird

DATA = pathlib.Path(__file__).parents[2] / "data/bird"
COLLECTORS = {collector.name: collector for collector in built_in_collectors()}


def collect(
    name: str, scenario: str, daemon: str = "bird", **replies: str
) -> dict[str, dict[tuple[str, ...], float]]:
    """Family → label values without the daemon's → value, for one collector and one recording."""
    texts = {path.stem.replace("_", " "): path.read_text() for path in (DATA / scenario).glob("*.raw")}
    texts |= {command.replace("_", " "): reply for command, reply in replies.items()}
    snapshot = snapshot_of(daemons={daemon: texts})
    families = list(COLLECTORS[name]().collect(snapshot))
    assert snapshot.failures == []
    assert [family.name for family in families] == [spec.name for spec in COLLECTORS[name].families]
    values: dict[str, dict[tuple[str, ...], float]] = {}
    for family in families:
        for sample in family.samples():
            assert sample.labels[0] == ("bird_daemon", daemon)
            key = tuple(value for _, value in sample.labels[1:])
            assert key not in values.setdefault(sample.name, {}), "a series stands on the page once"
            values[sample.name][key] = sample.value
    return values


@pytest.mark.parametrize("name", [name for name, collector in COLLECTORS.items() if collector.families])
def test_what_a_collector_exports_is_what_it_declares(name: str) -> None:
    for version in ("1.6.8", "2.0.12", "3.3.2"):
        with FakeBird.from_directory(DATA / version / "calico-mixed") as bird:
            snapshot = Snapshot({"bird": BirdSocket(bird.path)})
            for family, spec in zip(
                COLLECTORS[name]().collect(snapshot), COLLECTORS[name].families, strict=True
            ):
                assert (family.name, family.type, family.help) == (spec.name, spec.type, spec.help)
                assert family.label_names == spec.label_names
                assert "bird_daemon" in family.label_names
            snapshot.close()


def test_the_collectors_that_are_on_by_default() -> None:
    assert {collector.name for collector in default_collectors()} >= {
        "bird_status",
        "bird_protocols",
        "bgp_timers",
    }
    assert not {"bgp_summary", "bird_memory", "bird_tables"} & {c.name for c in default_collectors()}


def test_the_state_of_each_protocol() -> None:
    values = collect("bird_protocols", "3.3.2/calico-mixed")
    assert values["bird_up"]["Node_10_9_0_2",] == 1
    assert values["bird_up"]["Global_10_9_0_4",] == 0
    assert values["bird_bgp_state"]["Mesh_10_9_0_3", "Connect"] == 1
    assert values["bird_bgp_peer_up"] == {
        ("Node_10_9_0_2",): 1,
        ("Mesh_10_9_0_3",): 0,
        ("Global_10_9_0_4",): 0,
        ("Node_10_9_0_5",): 0,
        ("Node_10_9_0_6",): 0,
        ("Node_10_9_0_7",): 0,
        ("RR_10_9_0_8",): 1,
        ("quoted-name.v4:1",): 0,
        ("unnumbered",): 0,
        ("dyn1",): 0,
        ("dyn1_1",): 1,
    }


def test_each_protocol_has_one_bgp_state() -> None:
    states = collect("bird_protocols", "2.19.2/calico-mixed")["bird_bgp_state"]
    assert len({name for name, _ in states}) == len(states) == 11


def test_who_a_protocol_is() -> None:
    info = collect("bird_protocols", "3.3.2/calico-mixed")["bird_protocol_info"]
    assert (
        "Node_10_9_0_2", "BGP", "", "node", "10.9.0.2", "64512", "64512", "Connection to BGP peer",
    ) in info  # fmt: skip
    assert ("kernel1", "Kernel", "master4", "", "", "", "", "") in info
    assert ("dyn1", "BGP", "", "other", "10.10.0.0/24", "65030", "64512", "Connection to BGP peer") in info


def test_the_class_of_the_last_error() -> None:
    errors = dict(collect("bird_protocols", "3.3.2/calico-mixed")["bird_bgp_last_error"].keys())
    assert errors["Node_10_9_0_2"] == "none"
    assert errors["Mesh_10_9_0_3"] == "bgp_error"  # BGP Error: Bad peer AS
    assert errors["Global_10_9_0_4"] == "automatic_shutdown"  # Automatic shutdown: Route limit exceeded
    assert errors["Node_10_9_0_6"] == "administrative"  # disabled
    assert errors["quoted-name.v4:1"] == "socket"  # Socket: No route to host


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("Received: Administrative shutdown", "received"),
        ("Error: Hold timer expired", "error"),
        ("Neighbor lost", "error"),
    ],
)
def test_the_class_of_errors_that_the_recordings_lack(text: str, kind: str) -> None:
    reply = (DATA / "3.3.2/calico-mixed/show_protocols_all.raw").read_text()
    values = collect(
        "bird_protocols",
        "3.3.2/calico-mixed",
        show_protocols_all=reply.replace("BGP Error: Bad peer AS", text),
    )
    assert ("Mesh_10_9_0_3", kind) in values["bird_bgp_last_error"]


def test_limits_have_direction_action_and_whether_they_were_hit() -> None:
    values = collect("bird_protocols", "3.3.2/calico-mixed")
    assert values["bird_channel_limit"] == {
        ("Global_10_9_0_4", "ipv4", "import", "disable"): 1,
        ("RR_10_9_0_8", "ipv4", "receive", "restart"): 200,
        ("RR_10_9_0_8", "ipv4", "import", "block"): 100,
        ("RR_10_9_0_8", "ipv4", "export", "warn"): 50,
    }
    assert [key[0] for key, hit in values["bird_channel_limit_hit"].items() if hit] == ["Global_10_9_0_4"]


def test_when_a_protocol_changed_and_how_well_that_is_known() -> None:
    """Recorded in UTC at 04:29:28."""
    values = collect("bird_protocols", "3.3.2/calico-mixed")
    status = collect("bird_status", "3.3.2/calico-mixed")
    change = values["bird_protocol_last_change_timestamp_seconds"]
    booted = status["bird_daemon_last_reboot_timestamp_seconds"][()]
    # Since 04:29:01.903 and 04:28:58.066; the daemon was booted at 04:28:58.066.
    assert change["Node_10_9_0_2",] - booted == pytest.approx(3.837)
    assert change["device1",] == pytest.approx(booted)
    assert values["bird_protocol_last_change_accuracy_seconds"]["device1",] < 1


def test_a_second_channel_has_its_own_series() -> None:
    values = collect("bird_protocols", "2.19.2/calico-mixed")
    assert values["bird_routes"]["Node_10_9_0_2", "ipv4", "imported"] == 5
    assert values["bird_routes"]["Node_10_9_0_2", "ipv6", "imported"] == 2
    assert values["bird_channel_up"]["quoted-name.v4:1", "vpn4-mpls"] == 0
    assert ("Node_10_9_0_2", "ipv4", "filtered") not in values["bird_routes"]
    assert values["bird_routes"]["RR_10_9_0_8", "ipv4", "filtered"] == 1


def test_the_columns_of_bird_3_are_outcomes() -> None:
    changes = collect("bird_protocols", "3.3.2/calico-mixed")["bird_route_changes"]
    assert changes["Node_10_9_0_2", "ipv4", "import", "updates", "rx_limit"] == 0
    assert ("Node_10_9_0_2", "ipv4", "import", "withdraws", "rx_limit") not in changes  # ---
    assert changes["Node_10_9_0_2", "ipv4", "export", "updates", "filtered"] == 8


def test_what_waits_to_be_sent() -> None:
    values = collect("bird_protocols", "3.3.2/calico-mixed")
    assert values["bird_bgp_tx_pending_bytes"]["Node_10_9_0_2",] == 0
    assert values["bird_channel_pending_prefixes"]["Node_10_9_0_2", "ipv6"] == 0
    assert values["bird_channel_pending_attribute_sets"]["Node_10_9_0_2", "ipv6"] == 0


def test_a_route_limit_and_a_graceful_restart_of_bird_1() -> None:
    reply = (DATA / "1.6.8/calico-mixed/show_protocols_all.raw").read_text()
    values = collect(
        "bird_protocols",
        "1.6.8/calico-mixed",
        show_protocols_all=reply.replace(
            "     Neighbor ID:      10.9.0.2\n",
            "     Neighbor graceful restart active\n     Route limit:      3/100\n",
        ),
    )
    assert values["bird_bgp_graceful_restart_active"] == {("Mesh_10_9_0_3",): 1}
    assert values["bird_bgp_route_limit_used"] == {("Mesh_10_9_0_3",): 3}
    assert values["bird_bgp_route_limit"] == {("Mesh_10_9_0_3",): 100}


# --- timers ------------------------------------------------------------------------------------------------------


def test_timers_are_in_seconds_and_absent_while_they_do_not_run() -> None:
    values = collect("bgp_timers", "3.3.2/calico-mixed")
    assert values["bird_hold_timer_current"] == {
        ("Node_10_9_0_2",): 190.736,
        ("RR_10_9_0_8",): 172.676,
        ("dyn1_1",): 178.740,
    }
    assert values["bird_hold_timer_initial"]["Node_10_9_0_2",] == 240
    assert values["bird_keepalive_timer_current"]["Node_10_9_0_2",] == 40.073
    assert values["bird_send_hold_timer_initial"]["Node_10_9_0_2",] == 480
    assert values["bird_connect_delay_timer_current"] == {("quoted-name.v4:1",): 0.735}
    assert "bird_restart_timer_current" not in values


@pytest.mark.parametrize(
    ("version", "old", "new"),
    [
        (
            "1.6.8",
            "     Neighbor AS:      64512\n",
            "     Neighbor AS:      64512\n     LL stale timer:   5/-\n",
        ),
        ("2.0.12", "     BGP Next hop:   10.9.0.1\n", "     LL stale timer: 5.000/-\n"),
    ],
)
def test_a_stale_timer_has_no_end_wherever_the_version_prints_it(version: str, old: str, new: str) -> None:
    reply = (DATA / version / "calico-mixed/show_protocols_all.raw").read_text()
    values = collect("bgp_timers", f"{version}/calico-mixed", show_protocols_all=reply.replace(old, new))
    assert set(values["bird_stale_timer_current"].values()) == {5}
    assert "bird_stale_timer_initial" not in values


# --- daemons -----------------------------------------------------------------------------------------------------


def test_the_daemon_itself() -> None:
    values = collect("bird_status", "3.3.2/calico-mixed")
    assert values["bird_daemon_up"] == {(): 1}
    assert values["bird_daemon_info"] == {("3.3.2", "10.9.0.1", "node-a"): 1}
    assert values["bird_daemon_graceful_restart_in_progress"] == {(): 0}


RECOVERING = """\
1000-BIRD v0.3.3+birdv1.6.8
1011-Router ID is 172.18.0.4
 Current server time is 2026-11-23 04:45:13
 Last reboot on 2026-11-23 04:44:33
 Last reconfiguration on 2026-11-23 04:44:43
0024-Graceful restart recovery in progress
   Waiting for 3 protocols to recover
   Wait timer is 215/240
0013 Daemon is up and running
"""


def test_a_daemon_that_recovers_says_what_it_waits_for() -> None:
    values = collect("bird_status", "1.6.8/calico-mixed", show_status=RECOVERING)
    assert values["bird_daemon_graceful_restart_in_progress"] == {(): 1}
    assert values["bird_daemon_graceful_restart_waiting"] == {(): 3}
    assert values["bird_daemon_graceful_restart_timer_current"] == {(): 215}
    assert values["bird_daemon_graceful_restart_timer_initial"] == {(): 240}
    reboot = values["bird_daemon_last_reboot_timestamp_seconds"][()]
    assert values["bird_daemon_last_reconfiguration_timestamp_seconds"][()] - reboot == pytest.approx(10)


def test_memory_is_in_bytes_by_area_and_kind() -> None:
    values = collect("bird_memory", "2.0.12/calico-mixed")["bird_memory_bytes"]
    assert values["routing_tables", "effective"] == 98 * 1024
    assert values["standby_memory", "overhead"] == 60 * 1024
    one_column = collect("bird_memory", "1.6.8/calico-mixed")["bird_memory_bytes"]
    assert one_column["roa_tables", "effective"] == 192
    assert not [key for key in one_column if key[1] == "overhead"]


def test_routes_are_counted_per_table() -> None:
    values = collect("bird_tables", "2.0.12/calico-mixed")
    assert values["bird_table_routes"]["master4",] == 28
    assert values["bird_table_networks"]["master6",] == 2


# --- the summary ------------------------------------------------------------------------------------------------


def test_the_summary_counts_every_peer_once() -> None:
    values = collect("bgp_summary", "3.3.2/calico-mixed")
    peers = values["bird_bgp_peers"]
    assert sum(peers.values()) == 10  # and a listener for 10.10.0.0/24, which is none
    assert peers["node", "Established"] == 1
    assert peers["node", "Connect"] == 1
    assert peers["node", "Down"] == 1
    assert peers["node", "Passive"] == 1
    assert peers["other", "Passive"] == 0
    assert peers["mesh", "Connect"] == 1
    assert peers["global", "Down"] == 1
    assert peers["other", "Established"] == 2
    # 5 + 2 of Node_10_9_0_2; 4 of RR_10_9_0_8 and 7 of dyn1_1.
    assert values["bird_bgp_routes"]["node", "imported"] == 7
    assert values["bird_bgp_routes"]["other", "imported"] == 11
    changed = values["bird_bgp_last_change_timestamp_seconds"]
    # 04:28:58.066 and 04:29:02.912
    assert changed["newest",] - changed["oldest",] == pytest.approx(4.846)


def test_the_size_of_the_summary_does_not_depend_on_the_peers() -> None:
    def size(scenario: str) -> int:
        return sum(len(series) for series in collect("bgp_summary", scenario).values())

    assert size("1.6.8/calico-mixed") == size("3.3.2/calico-mixed") == 5 * 10 + 5 * 2 + 2
