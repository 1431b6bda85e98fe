"""The collector ``bird_exporter``; the host's integration tests hold it against the real exporter."""

from __future__ import annotations

import pytest

import calicometrics_bird_exporter
from calicometrics.plugins import Plugin, Plugins
from calicometrics.testing import snapshot_of
from calicometrics_bird_exporter.collector import BirdExporterCollector

STATUS = (
    "1000-BIRD 2.0.12\n1011-Router ID is 10.0.0.1\n Current server time is 2026-11-23 04:30:00.000\n"
    "0013 Daemon is up and running\n"
)
PEER = """\
2002-Name       Proto      Table      State  Since         Info
1002-peer1      BGP        ---        up     04:28:58.066  Established
1006-  BGP state:          Established
     Neighbor address: 10.0.0.2
   Channel ipv4
     State:          UP
     Input filter:   ACCEPT
     Output filter:  REJECT
     Routes:         4 imported, 1 filtered, 2 exported, 3 preferred
     Route change stats:     received   rejected   filtered    ignored   accepted
       Import updates:             13          1          2          3          7
       Export withdraws:            5        ---        ---        ---          5
   Channel vpn4-mpls
     State:          UP
     Routes:         9 imported, 9 exported, 9 preferred
\x20
1002-rpki1      RPKI       ---        up     04:28:58.066  Established
1006-  Channel roa4
     State:          UP
     Routes:         10 imported, 0 exported, 0 preferred
   Channel roa6
     State:          UP
     Routes:         5 imported, 0 exported, 0 preferred
\x20
1002-device1    Device     ---        up     04:28:58.066
0000\x20
"""


def values(
    *daemons: str, reply: str = PEER, **commands: str
) -> tuple[dict[tuple[str, ...], float], list[str]]:
    replies = {"show status": STATUS, "show protocols all": reply} | {
        name.replace("_", " "): text for name, text in commands.items()
    }
    snapshot = snapshot_of(daemons=dict.fromkeys(daemons or ("bird",), replies))
    samples = [s for family in BirdExporterCollector().collect(snapshot) for s in family.samples()]
    found = {(sample.name, *(text for _, text in sample.labels)): sample.value for sample in samples}
    assert len(found) == len(samples)
    return found, [str(failure) for failure in snapshot.failures]


LABELS = ("REJECT", "ACCEPT", "4", "peer1", "BGP")


def test_a_channel_has_its_counts_and_what_is_not_counted_is_0() -> None:
    found, failures = values()
    assert failures == []
    assert found["bird_protocol_up", *LABELS, "Established"] == 1
    for name, value in (("import", 4), ("export", 2), ("filter", 1), ("preferred", 3)):
        assert found[f"bird_protocol_prefix_{name}_count", *LABELS] == value
    for name, value in (("receive", 13), ("reject", 1), ("filter", 2), ("ignore", 3), ("accept", 7)):
        assert found[f"bird_protocol_changes_update_import_{name}_count", *LABELS] == value
    for name, value in (("receive", 5), ("reject", 0), ("accept", 5)):
        assert found[f"bird_protocol_changes_withdraw_export_{name}_count", *LABELS] == value
    assert found["bird_protocol_changes_update_export_accept_count", *LABELS] == 0


def test_an_uptime_is_what_has_passed_by_the_daemons_clock() -> None:
    found, _ = values()
    assert found["bird_protocol_uptime", *LABELS] == pytest.approx(61.934)


def test_an_uptime_that_cannot_be_known_is_absent() -> None:
    found, _ = values(reply=PEER.replace("04:28:58.066", "yesterday   "))
    assert "bird_protocol_uptime" not in {key[0] for key in found}


def test_other_channels_and_kinds_have_no_series_and_rpki_has_one_of_all_its_channels() -> None:
    found, _ = values()
    assert {key[1:] for key in found if key[0] == "bird_protocol_prefix_import_count"} == {
        LABELS,
        ("", "", "", "rpki1", "RPKI"),
    }
    assert found["bird_protocol_prefix_import_count", "", "", "", "rpki1", "RPKI"] == 15


def test_a_series_that_two_daemons_have_is_the_first_ones_and_a_failure() -> None:
    found, failures = values("bird", "bird6")
    assert found["bird_protocol_prefix_import_count", *LABELS] == 4
    assert "bird_protocol_up: REJECT, ACCEPT, 4, peer1, BGP, Established is there twice" in failures[0]


OSPF = """\
2002-Name       Proto      Table      State  Since         Info
1002-ospf1      OSPF       master4    up     04:28:58.066  Running
1006-  Channel ipv4
     State:          UP
\x20
1002-ospf6      OSPF       master6    up     04:28:58.066  Alone
1006-  Channel ipv6
     State:          UP
\x20
1002-bfd1       BFD        ---        up     04:28:58.066
0000\x20
"""
AREAS = (
    "1014-ospf1:\n Number of areas: 1\n \tArea: 0.0.1.0 (256)\n \t\tNumber of interfaces:\t2\n"
    " \t\tNumber of neighbors:\t3\n \t\tNumber of adjacent neighbors:\t1\n0000 \n"
)
SESSIONS = (
    "1020-bfd1:\n IP address                Interface  State      Since         Interval  Timeout\n"
    " 10.9.0.2                  ---        Up         04:29:00.000    0.100    0.500\n"
    " 10.9.0.3                  va         Down       04:29:00.000    0.000    0.000\n0000 \n"
)


def test_ospf_and_bfd_have_their_families() -> None:
    found, failures = values(reply=OSPF, show_ospf=AREAS, show_bfd_sessions_all=SESSIONS)
    assert failures == []
    assert found["bird_ospf_running", "ospf1"] == 1
    assert found["bird_ospfv3_running", "ospf6"] == 0
    assert found["bird_ospf_interface_count", "256", "ospf1"] == 2
    assert found["bird_ospf_neighbor_count", "256", "ospf1"] == 3
    assert found["bird_ospf_neighbor_adjacent_count", "256", "ospf1"] == 1
    assert found["bird_protocol_up", "", "", "6", "ospf6", "OSPFv3", "Alone"] == 1
    assert found["bird_bfd_session_up", "---", "10.9.0.2", "bfd1"] == 1
    assert found["bird_bfd_session_uptime_seconds", "---", "10.9.0.2", "bfd1"] == pytest.approx(60)
    assert found["bird_bfd_session_interval_seconds", "---", "10.9.0.2", "bfd1"] == 0.1
    assert found["bird_bfd_session_timeout_seconds", "---", "10.9.0.2", "bfd1"] == 0.5
    assert found["bird_bfd_session_up", "va", "10.9.0.3", "bfd1"] == 0
    assert found["bird_bfd_session_uptime_seconds", "va", "10.9.0.3", "bfd1"] == 0


def test_a_reply_that_cannot_be_had_costs_its_own_families() -> None:
    found, failures = values(reply=OSPF, show_ospf=AREAS)
    assert found["bird_ospf_neighbor_count", "256", "ospf1"] == 3
    assert any("show bfd sessions" in failure for failure in failures)


def test_the_collector_comes_through_the_hook() -> None:
    plugins = Plugins()
    plugins.register(
        calicometrics_bird_exporter, Plugin("bird-exporter", "calicometrics-bird-exporter", "0.1.0")
    )
    assert plugins.collectors["bird_exporter"] is BirdExporterCollector
