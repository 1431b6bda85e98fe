"""Every number that BIRD prints is exported, or said not to be.

A number is exported when some collector's families change with it: each is changed in turn in the models of recorded
replies.
"""

from __future__ import annotations

import pathlib
import typing
from collections.abc import Iterator
from typing import Any

import attrs
import pytest

from calicometrics.bird import model
from calicometrics.bird.daemon import parse_memory, parse_route_counts, parse_status
from calicometrics.bird.parser import parse_protocols
from calicometrics.bird.recorded import RecordedBird
from calicometrics.cli.not_exported import NOT_EXPORTED
from calicometrics.collectors import built_in_collectors
from calicometrics.snapshot import Snapshot

RECORDINGS = (
    "3.3.2/epoch",
    "2.0.12/epoch",
    "1.6.8/epoch",
    "2.0.12/neighbor-restarts",
    "2.0.12/recovery",
    "1.6.8/errors",
    "1.6.8/neighbor-restarts",
)
PARSERS = {
    "show protocols all": parse_protocols,
    "show status": parse_status,
    "show memory": parse_memory,
    "show route count": parse_route_counts,
}


class Models:
    """A snapshot of models that a test has changed."""

    daemons = ("bird",)
    pages = ()

    def __init__(self, replies: dict[str, Any], clock: Any) -> None:
        self.replies = replies
        self._clock = clock

    def clock(self, daemon: str) -> Any:
        return self._clock

    def read(self, command: str, parse: Any) -> list[tuple[str, Any]]:
        return [("bird", self.replies[command])] if command in self.replies else []

    def protocols(self) -> list[tuple[str, Any]]:
        return self.read("show protocols all", None)

    def status(self) -> list[tuple[str, Any]]:
        return self.read("show status", None)


def recorded(directory: pathlib.Path) -> Models:
    paths = {command: directory / f"{command.replace(' ', '_')}.raw" for command in PARSERS}
    texts = {command: path.read_text() for command, path in paths.items() if path.exists()}
    # No recording has a port: BIRD prints it below the address.
    address = "     Neighbor address: 10.9.0.2\n"
    texts["show protocols all"] = texts["show protocols all"].replace(
        address, address + "     Neighbor port:    1179\n"
    )
    clock = Snapshot({"bird": RecordedBird(texts)}).clock("bird")
    return Models({command: PARSERS[command](text) for command, text in texts.items()}, clock)


def families(models: Models) -> list[Any]:
    return [
        list(family.samples())
        for collector in built_in_collectors()
        if collector.families
        for family in collector().collect(models)
    ]


def changed(value: Any, owner: str) -> Iterator[tuple[str, Any]]:
    """Yield (class and field, the value with one number in it changed), for each number."""
    if attrs.has(type(value)):
        for field in attrs.fields(type(value)):
            name = f"{type(value).__name__}.{field.name}"
            for where, other in changed(getattr(value, field.name), name):
                yield where, attrs.evolve(value, **{field.name: other})
    elif isinstance(value, dict):
        for key, inner in value.items():
            for where, other in changed(inner, owner):
                yield where, {**value, key: other}
    elif isinstance(value, (tuple, list)):
        for index, inner in enumerate(value):
            for where, other in changed(inner, owner):
                yield where, type(value)((*value[:index], other, *value[index + 1 :]))
    elif isinstance(value, (int, float)) and not isinstance(value, bool):
        yield owner, value + 1
    elif type(value) is str and value.isdigit():
        yield owner, str(int(value) + 1)


@pytest.fixture(scope="module")
def seen() -> dict[str, bool]:
    """Class and field → whether the families change with it."""
    found: dict[str, bool] = {}
    for scenario in RECORDINGS:
        models = recorded(pathlib.Path(__file__).parents[1] / "data/bird" / scenario)
        before = families(models)
        tried: dict[str, int] = {}
        for command, reply in models.replies.items():
            for where, other in changed(reply, command):
                if found.get(where) or tried.get(where, 0) >= 8:
                    continue
                tried[where] = tried.get(where, 0) + 1
                after = families(Models(models.replies | {command: other}, models.clock("bird")))
                found[where] = after != before
    return found


def test_every_number_is_exported_or_listed_with_a_reason(seen: dict[str, bool]) -> None:
    assert {where for where, exported in seen.items() if not exported} == set(NOT_EXPORTED)
    assert all(NOT_EXPORTED.values())


def test_the_recordings_have_every_number_that_the_models_can_hold(seen: dict[str, bool]) -> None:
    numeric = {int, float, int | None, float | None, tuple[int, int] | None, dict[str, int]}
    fields = {
        f"{cls.__name__}.{name}"
        for cls in vars(model).values()
        if isinstance(cls, type) and attrs.has(cls)
        for name, hint in typing.get_type_hints(cls).items()
        if hint in numeric
    }
    assert len(fields) > 25
    assert fields - set(seen) == set()
