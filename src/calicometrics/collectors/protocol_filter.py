"""Which protocols have series of their own: options that ``bird_protocols`` and ``bgp_timers`` share.

A full mesh of n nodes has n² sessions; who does not need all of their series leaves some out here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs

from calicometrics.collectors.patterns import EVERYTHING, are_patterns, wanted

if TYPE_CHECKING:
    from collections.abc import Iterable

    from calicometrics.bird.model import Protocol


@attrs.frozen
class NameOptions:
    """Regular expressions that a protocol's whole name is held against."""

    include: tuple[str, ...] = attrs.field(
        default=EVERYTHING,
        validator=are_patterns,
        metadata={"help": "protocols to show, by regular expression for the whole name", "metavar": "REGEX"},
    )
    exclude: tuple[str, ...] = attrs.field(
        default=(),
        validator=are_patterns,
        metadata={"help": "protocols to leave out all the same", "metavar": "REGEX"},
    )

    def select(self, protocols: Iterable[Protocol]) -> Iterable[Protocol]:
        """Return the protocols that are wanted, in their order."""
        if self.include == EVERYTHING and not self.exclude:
            return protocols
        fits = wanted(self.include, self.exclude)
        return [protocol for protocol in protocols if fits(protocol.name)]


@attrs.frozen
class ProtocolOptions(NameOptions):
    """The same, and the kinds of protocols."""

    kinds: tuple[str, ...] = attrs.field(
        default=(),
        metadata={
            "help": "kinds of protocols to show, as BIRD prints them, such as BGP or Kernel; all when none is given",
            "metavar": "KIND",
        },
    )

    def select(self, protocols: Iterable[Protocol]) -> Iterable[Protocol]:
        """Return the protocols whose name and kind are wanted, in their order."""
        named = NameOptions.select(self, protocols)
        if not self.kinds:
            return named
        kinds = {kind.lower() for kind in self.kinds}
        return [protocol for protocol in named if protocol.proto.lower() in kinds]
