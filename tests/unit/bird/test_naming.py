"""Calico's names, and what they do not tell."""

from __future__ import annotations

import pathlib
import re

import pytest

from calicometrics.bird.naming import PeerType, peer_type, port
from calicometrics.bird.parser import parse_protocols


@pytest.mark.parametrize(
    ("name", "expected", "tcp_port"),
    [
        ("Mesh_10_9_0_3", PeerType.MESH, None),
        ("Mesh_fd00_9__2", PeerType.MESH, None),
        ("Mesh_2001__104", PeerType.MESH, None),
        ("Mesh_fd80_24e2_f998_72d7__2", PeerType.MESH, None),
        ("Mesh___1", PeerType.MESH, None),
        ("Mesh_1_2_3_4_5_6_7_8", PeerType.MESH, None),
        ("Node_10_9_0_2", PeerType.NODE, None),
        ("Node_FD00_9__4", PeerType.NODE, None),
        ("Node_fd00_9__4_port_1179", PeerType.NODE, 1179),
        ("Global_10_192_0_3_port_150", PeerType.GLOBAL, 150),
        ("Global___ffff_10_0_0_1", PeerType.GLOBAL, None),
        ("Local_Workload_10_9_0_6", PeerType.LOCAL_WORKLOAD, None),
        ("Local_Workload_fd00_9__6_port_179", PeerType.LOCAL_WORKLOAD, 179),
    ],
)
def test_calicos_names_tell_the_peer_type_and_the_port(
    name: str, expected: PeerType, tcp_port: int | None
) -> None:
    """Calico's own status code knows three of the four prefixes, and takes a port for a part of the address."""
    assert peer_type(name) is expected
    assert port(name) == tcp_port


@pytest.mark.parametrize(
    "name",
    [
        "RR_10_9_0_8",
        "device1",
        "kernel1",
        "mesh_10_9_0_3",
        "Mesh",
        "Mesh_",
        "Mesh_10_9_0",
        "Mesh_10_9_0_3_backup",
        "Mesh_bad_cafe",
        "Node_exporter",
        "My_Node_10_9_0_2",
        "Global_10_9_0_4_port_",
        "Global_10_9_0_4_port_x",
        "Local_10_9_0_6",
        "Workload_10_9_0_6",
        "Mesh_10_9_0_3\n",
        "quoted-name.v4:1",
    ],
)
def test_other_names_are_nobodys(name: str) -> None:
    assert peer_type(name) is PeerType.OTHER
    assert port(name) is None


def test_peer_types_are_label_values() -> None:
    """The label values of ``peer_type``, which alerts and dashboards rely on."""
    assert [str(kind) for kind in PeerType] == ["mesh", "node", "global", "local_workload", "other"]


def test_every_peer_of_a_recorded_daemon_has_its_type_and_the_address_of_its_session(
    data: pathlib.Path,
) -> None:
    """The five BGP peers of a real bird6, one for each kind of name; the address is never taken from the name."""
    protocols = parse_protocols((data / "bird/1.6.8/calico-ipv6/show_protocols_all.raw").read_text())
    peers = {
        p.name: (str(peer_type(p.name)), p.detail.neighbor_address) for p in protocols if p.proto == "BGP"
    }
    assert peers == {
        "Mesh_fd00_9__2": ("mesh", "fd00:9::2"),
        "Mesh_fd00_9__3": ("mesh", "fd00:9::3"),
        "Node_fd00_9__4_port_1179": ("node", "fd00:9::4"),
        "Global_fd00_9__5": ("global", "fd00:9::5"),
        "Local_Workload_fd00_9__6": ("local_workload", "fd00:9::6"),
    }


def test_a_name_with_many_underscores_is_refused_at_once() -> None:
    """The expression does not backtrack over what a hostile daemon may send."""
    name = "Mesh_" + "_" * 20000 + "x"
    assert re.fullmatch(r"Mesh_+x", name)
    assert peer_type(name) is PeerType.OTHER
