"""Which commands tell of a daemon's OSPF, and what they answer in one round."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from calicometrics import CommandError, ParseError
from calicometrics.bird.model import ProtocolState
from calicometrics_ospf.parser import parse_neighbors, parse_ospf

if TYPE_CHECKING:
    from calicometrics import Snapshot
    from calicometrics_ospf.model import OspfInstance, OspfNeighbor

_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_QUOTABLE = re.compile(r"[A-Za-z0-9_.:-]+")  # what BIRD allows between apostrophes (conf/cf-lex.l)
_SEVERAL = "There are multiple OSPF protocols running"
_GONE = ("There is no OSPF protocol running", "not a protocol", "not an ospf protocol", "not a ospf protocol")


def names(snapshot: Snapshot, daemon: str) -> list[str]:
    """Return the names of a daemon's OSPF protocols that are up.

    Raises:
        SourceError: The daemon could not be read.
        ParseError: Its reply is no table of protocols.
    """
    return [
        protocol.name
        for protocol in snapshot.protocols_of(daemon)
        if protocol.proto == "OSPF" and protocol.state is ProtocolState.UP
    ]


def instances(snapshot: Snapshot, daemon: str, protocols: list[str]) -> list[OspfInstance]:
    """Return a daemon's OSPF instances; BIRD 1.6 wants a name where there are several.

    Raises:
        SourceError: The daemon could not be read or answered with an error.
        ParseError: A reply is not what it should be.
    """
    try:
        return snapshot.ask(daemon, "show ospf", parse_ospf)
    except CommandError as error:
        if _gone(error):
            return []
        if _SEVERAL not in str(error):
            raise
    return [
        instance
        for name in protocols
        for instance in snapshot.ask(daemon, f"show ospf {quoted(name)}", parse_ospf)
    ]


def neighbors(snapshot: Snapshot, daemon: str, protocol: str) -> list[OspfNeighbor]:
    """Return the neighbors of one of a daemon's OSPF protocols; none when it has just been removed.

    Raises:
        SourceError: The daemon could not be read or answered with an error.
        ParseError: The reply is not what it should be.
    """
    try:
        return snapshot.ask(daemon, f"show ospf neighbors {quoted(protocol)}", parse_neighbors)
    except CommandError as error:
        if _gone(error):
            return []
        raise


def quoted(name: str) -> str:
    """Return a protocol's name as a command has to have it: in apostrophes unless it is a plain symbol.

    Raises:
        ParseError: BIRD allows no such name.
    """
    if _PLAIN.fullmatch(name):
        return name
    if not _QUOTABLE.fullmatch(name):
        raise ParseError(f"{name!r} is no name that BIRD allows")
    return f"'{name}'"


def _gone(error: CommandError) -> bool:
    """Whether the protocols went away between the table of protocols and the command."""
    said = str(error).lower()
    return any(words.lower() in said for words in _GONE)
