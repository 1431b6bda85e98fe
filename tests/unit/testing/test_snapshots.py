"""Snapshots of texts."""

from __future__ import annotations

import pathlib

import pytest

from calicometrics import CommandError, ProtocolKind
from calicometrics.bird.grammar import NUMBER
from calicometrics.testing import snapshot_of

MIXED = pathlib.Path(__file__).parents[2] / "data/bird/1.6.8/calico-mixed"
REPLY = "1002-toy1 Toy master up 10:00:00   \n1006-  Toys:  7\n0000 \n"


def test_a_directory_of_recordings_is_a_daemon() -> None:
    ((daemon, protocols),) = snapshot_of(MIXED).protocols()
    assert daemon == "bird"
    assert "Mesh_10_9_0_3" in {protocol.name for protocol in protocols}
    assert "NodeSTAR" not in str(snapshot_of(MIXED).text("bird", "show protocols all Node*"))


def test_replies_by_command_are_a_daemon_and_an_unknown_command_is_an_error() -> None:
    snapshot = snapshot_of({"show protocols all": REPLY})
    ((_, (toy,)),) = snapshot.protocols()
    assert toy.name == "toy1"
    with pytest.raises(CommandError, match="show memory: no reply was recorded"):
        snapshot.text("bird", "show memory")


def test_daemons_have_names_and_pages_too() -> None:
    snapshot = snapshot_of(
        {"show protocols all": REPLY}, daemons={"bird6": MIXED}, pages={"felix": "felix_resync_state 3\n"}
    )
    assert snapshot.daemons == ("bird", "bird6")
    assert [family.name for family in snapshot.page("felix").families] == ["felix_resync_state"]


def test_kinds_read_their_own_lines() -> None:
    kind = ProtocolKind("Toy", {"Toys": ("toys", NUMBER)}, dict)
    ((_, (toy,)),) = snapshot_of({"show protocols all": REPLY}, kinds=[kind]).protocols()
    assert toy.detail == {"toys": 7}


def test_a_directory_without_recordings_is_an_error(tmp_path: pathlib.Path) -> None:
    with pytest.raises(ValueError, match="no COMMAND.raw files"):
        snapshot_of(tmp_path)
