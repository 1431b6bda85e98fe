"""The catalogue: which families Felix, Typha, kube-controllers and Goldmane print, and since when.

The facts were collected from Calico's sources, from v3.16 to the branch of v3.33.
"""

from __future__ import annotations

import functools
import json
from importlib.resources import files
from typing import TYPE_CHECKING, Literal

import attrs

if TYPE_CHECKING:
    from calicometrics.families import MetricType

Component = Literal["felix", "typha", "kube-controllers", "goldmane"]

LATEST = "v3.33"
"""The newest release line that the catalogue covers."""

_SUFFIXES: dict[MetricType | None, tuple[str, ...]] = {
    "summary": ("", "_sum", "_count"),
    "histogram": ("_bucket", "_sum", "_count"),
    None: ("", "_bucket", "_sum", "_count"),
}


@attrs.frozen
class CatalogueEntry:
    """A family that a component of Calico prints, or has printed.

    Attributes:
        component: Which component.
        name: The family's name.
        type: Its type; None when nobody noted it before the family was removed.
        labels: The names of its labels.
        since: The first release that has it, as far as known. A version without ``v`` is Felix's own, from the time
            before Calico's components shared one.
        last: The last release line that has it; None for what is still there.
        removed: The first release line without it; None for what is still there.
        replaced_by: The families that took its place, if any did.
    """

    component: Component
    name: str
    type: MetricType | None
    labels: tuple[str, ...] = attrs.field(default=(), converter=tuple)
    since: str | None = None
    last: str | None = None
    removed: str | None = None
    replaced_by: tuple[str, ...] = attrs.field(default=(), converter=tuple)

    @property
    def series(self) -> tuple[str, ...]:
        """The names that its samples can have."""
        return tuple(self.name + suffix for suffix in _SUFFIXES.get(self.type, ("",)))


@functools.cache
def catalogue() -> tuple[CatalogueEntry, ...]:
    """Return all entries, by component and name."""
    text = (files(__package__) / "data" / "catalogue.json").read_text(encoding="utf-8")
    return tuple(CatalogueEntry(**entry) for entry in json.loads(text))
