"""From the replies to ``show ospf`` and ``show ospf neighbors`` to models."""

from __future__ import annotations

from typing import Any

import attrs

from calicometrics import ParseError
from calicometrics.bird.framing import unframe
from calicometrics_ospf import grammar
from calicometrics_ospf.model import OspfArea, OspfInstance, OspfNeighbor


def parse_ospf(text: str) -> list[OspfInstance]:
    """Return the instances of a reply to ``show ospf``, with or without a name.

    Raises:
        ParseError: A line does not match its rule, or the reply is an error of BIRD's.
    """
    reply = unframe(text)
    reader = _Reader()
    for number, line in enumerate(reply.lines, reply.offset + 1):
        content = line.strip()
        if content:
            try:
                reader.take(content)
            except ValueError as error:
                raise ParseError(f"show ospf: {error}, not {content!r}", number) from None
    return reader.instances()


def parse_neighbors(text: str) -> list[OspfNeighbor]:
    """Return the neighbors of a reply to ``show ospf neighbors``; a protocol that is not up has none.

    Raises:
        ParseError: A line does not match its rule, or the reply is an error of BIRD's.
    """
    reply = unframe(text)
    protocol = ""
    neighbors = []
    for number, line in enumerate(reply.lines, reply.offset + 1):
        content = line.strip()
        if not content or grammar.TITLE.re.fullmatch(content) or grammar.NOT_UP.re.fullmatch(content):
            continue
        if grammar.PROTOCOL.re.fullmatch(content):
            protocol = grammar.PROTOCOL.read(content)
            continue
        try:
            neighbors.append(attrs.evolve(grammar.ROW.read(content), protocol=protocol))
        except ValueError as error:
            raise ParseError(f"show ospf neighbors: {error}, not {content!r}", number) from None
    return neighbors


class _Reader:
    """Takes the lines of ``show ospf`` one after the other."""

    def __init__(self) -> None:
        self._found: list[dict[str, Any]] = []
        self._external = False

    def take(self, content: str) -> None:
        """Read one line.

        Raises:
            ValueError: It does not match its rule, or stands where it has no meaning.
        """
        label, _, rest = content.partition(":")
        rest = rest.strip()
        if grammar.NOT_UP.re.fullmatch(content):
            self._found.append({"name": grammar.NOT_UP.read(content), "up": False})
        elif label in grammar.NETWORKS:
            self._external = grammar.NETWORKS[label]
        elif grammar.PROTOCOL.re.fullmatch(content):
            self._found.append({"name": grammar.PROTOCOL.read(content)})
        elif label in grammar.INSTANCE:
            name, rule = grammar.INSTANCE[label]
            self._instance()[name] = rule.read(rest)
        elif label == grammar.AREA_LABEL:
            self._instance().setdefault("areas", []).append({"area_id": grammar.AREA.read(rest)})
        elif label in grammar.AREA_FIELDS:
            name, rule = grammar.AREA_FIELDS[label]
            self._area()[name] = rule.read(rest)
        elif grammar.NETWORK.re.fullmatch(content):
            network = attrs.evolve(grammar.NETWORK.read(content), external=self._external)
            self._area().setdefault("networks", []).append(network)
        else:
            self._instance().setdefault("extra", []).append(content)

    def instances(self) -> list[OspfInstance]:
        """Return the instances whose lines have been read."""
        return [
            OspfInstance(
                **values
                | {
                    "areas": tuple(_area(area) for area in values.get("areas", ())),
                    "extra": tuple(values.get("extra", ())),
                }
            )
            for values in self._found
        ]

    def _instance(self) -> dict[str, Any]:
        if not self._found:
            raise ValueError("expected the name of a protocol")
        return self._found[-1]

    def _area(self) -> dict[str, Any]:
        areas: list[dict[str, Any]] = self._instance().get("areas", [])
        if not areas:
            raise ValueError("expected an area")
        return areas[-1]


def _area(values: dict[str, Any]) -> OspfArea:
    return OspfArea(**values | {"networks": tuple(values.get("networks", ()))})
