"""The grammar of ``show ospf`` and ``show ospf neighbors``: pyparsing rules, and tables of label → rule.

Sources: BIRD 1.6.8, 2.0.12, 2.19.2 and 3.3.2, ``proto/ospf/ospf.c`` and ``neighbor.c``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from calicometrics.bird.grammar import NUMBER, Value
from calicometrics_ospf.model import AreaNetwork, NeighborState, OspfNeighbor

if TYPE_CHECKING:
    from collections.abc import Mapping

    Labels = Mapping[str, tuple[str, Value]]


def _neighbor(
    router_id: str,
    priority: str,
    state: str,
    role: str,
    minutes: str | None,
    seconds: str | None,
    interface: str,
    address: str,
) -> OspfNeighbor:
    dead = None if seconds is None else 60 * int(minutes or 0) + float(seconds)
    return OspfNeighbor("", router_id, int(priority), NeighborState.of(state), role, dead, interface, address)


def _network(prefix: str, visibility: str, active: str | None) -> AreaNetwork:
    return AreaNetwork(prefix, visibility == "Advertise", active is not None)


PROTOCOL = Value("the name of a protocol", r"(\S+):", str)  # ospf1:
NOT_UP = Value("a protocol that is not up", r"(\S+): is not up", str)  # ospf1: is not up

# --- show ospf ----------------------------------------------------------------------------------------------------

YES_NO = Value("Yes or No", r"(Yes|No)(?: \(run down\))?", lambda word: word == "Yes")
ENABLED = Value("enabled or disabled", r"enabled?|disabled", lambda word: word != "disabled")
AREA = Value("an area", r"(\S+) \(\d+\)(?: +\[BACKBONE\])?", str)  # 0.0.0.0 (0) [BACKBONE]
NETWORK = Value(
    "a range of an area", r"(\S+)\s+(Advertise|Hidden)(?:\s+(Active))?", _network
)  # 10.0.0.0/8  Advertise  Active

INSTANCE: Labels = {
    "RFC1583 compatibility": ("rfc1583", ENABLED),  # disabled
    "Stub router": ("stub_router", YES_NO),  # No
    "RT scheduler tick": ("tick", NUMBER),  # 1
    "Number of areas": ("area_count", NUMBER),  # 1
    "Number of LSAs in DB": ("lsas", NUMBER),  # 9
}
AREA_LABEL = "Area"
AREA_FIELDS: Labels = {
    "Stub": ("stub", YES_NO),  # No
    "NSSA": ("nssa", YES_NO),  # No
    "Transit": ("transit", YES_NO),  # No
    "NSSA translation": ("nssa_translation", YES_NO),  # Yes (run down)
    "Number of interfaces": ("interfaces", NUMBER),  # 2
    "Number of neighbors": ("neighbors", NUMBER),  # 2
    "Number of adjacent neighbors": ("adjacent_neighbors", NUMBER),  # 2
}
NETWORKS: Mapping[str, bool] = {"Area networks": False, "Area external networks": True}
"""Label of a list of ranges → whether they are of external routes."""

# --- show ospf neighbors ------------------------------------------------------------------------------------------

TITLE = Value("the title of the table", r"Router ID\s+Pri\s+State\s+DTime\s+Interface\s+Router IP\s*")
# BIRD 1.6 counts minutes and seconds, and gives up after an hour; later versions print seconds.
ROW = Value(
    "a row of the table",
    r"(\S+)\s+(\d+)\s+([^\s/]+)/(\S+)\s+(?:(?:(\d+):)?(\d+(?:\.\d+)?)|-Inf-)\s+(\S+)\s+(\S+)",
    _neighbor,
)  # 10.9.0.2    	  1	Full/DR   	 7.998	va         10.9.0.2
