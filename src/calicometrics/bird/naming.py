"""What the name of a BGP protocol tells in a configuration that Calico generated."""

from __future__ import annotations

import enum
import re


class PeerType(enum.StrEnum):
    """Why Calico configured a BGP peer."""

    MESH = "mesh"
    """Another node, of the full mesh of nodes."""
    NODE = "node"
    """A BGPPeer resource that applies to some nodes; route reflectors are among them."""
    GLOBAL = "global"
    """A BGPPeer resource that applies to every node."""
    LOCAL_WORKLOAD = "local_workload"
    """A workload on this node that speaks BGP."""
    OTHER = "other"
    """Not a name of Calico's."""


_PREFIXES = {
    "Mesh": PeerType.MESH,
    "Node": PeerType.NODE,
    "Global": PeerType.GLOBAL,
    "Local_Workload": PeerType.LOCAL_WORKLOAD,
}

# Node_10_9_0_4_port_1179: the address has its dots and colons folded to "_", so that several addresses have one name.
_NAME = re.compile(
    r"(?P<prefix>Mesh|Node|Global|Local_Workload)_"
    r"(?:\d{1,3}(?:_\d{1,3}){3}"  # 10_9_0_4
    r"|[0-9A-Fa-f]{1,4}(?:_[0-9A-Fa-f]{1,4}){7}"  # fd80_24e2_f998_72d7_0_0_0_2
    r"|(?=\w*__)[0-9A-Fa-f]{0,4}(?:_[0-9A-Fa-f]{0,4}){2,9})"  # fd00_9__2; __ffff_10_0_0_1
    r"(?:_port_(?P<port>\d{1,5}))?"
)


def peer_type(name: str) -> PeerType:
    """Return why Calico configured the peer of a BGP protocol, by the protocol's name.

    A name is Calico's when it is one of its prefixes, an address with ``.`` and ``:`` folded to ``_``, and for some
    peers ``_port_`` and a number (Calico ``confd``, ``bgp_processor.go``). Anything else is OTHER: a protocol that
    somebody called ``Node_exporter`` is none of Calico's. The address itself cannot be had back from the name; it is
    the session's ``neighbor_address``.
    """
    match = _NAME.fullmatch(name)
    return _PREFIXES[match["prefix"]] if match else PeerType.OTHER


def port(name: str) -> int | None:
    """Return the TCP port that a name of Calico's ends in, as in ``Node_10_9_0_4_port_1179``, or None."""
    match = _NAME.fullmatch(name)
    return int(match["port"]) if match and match["port"] else None
