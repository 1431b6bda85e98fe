"""The models as JSON: the shape of ``/json``, ``--format json`` and the ``json`` sink.

The names are the models' own (:mod:`calicometrics.bird.model`, :mod:`calicometrics.felix.model`); a value that was
not printed is null. Numbers that JSON lacks are the strings ``"NaN"``, ``"+Inf"`` and ``"-Inf"``, as in Prometheus'
own API. Text stays UTF-8.
"""

from __future__ import annotations

import enum
import json
import math
from typing import TYPE_CHECKING, Any

import attrs

if TYPE_CHECKING:
    from collections.abc import Iterable

    from calicometrics.families import MetricFamily
    from calicometrics.rounds import Round

SCHEMA_VERSION = 1
"""Grows by one when a name is removed or changes its meaning; new names do not count."""


def to_json(value: object) -> Any:
    """Return a model, or any collection of models, as what ``json.dumps`` takes."""
    if isinstance(value, enum.Enum):
        return str(value)
    if isinstance(value, float):
        return value if math.isfinite(value) else {math.inf: "+Inf", -math.inf: "-Inf"}.get(value, "NaN")
    if value is None or isinstance(value, bool | int | str):
        return value
    if attrs.has(type(value)):
        return {field: to_json(getattr(value, field)) for field in _fields(type(value))}
    if isinstance(value, dict):
        return {str(key): to_json(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [to_json(item) for item in value]
    raise TypeError(f"{type(value).__name__} has no shape in JSON")


def family_to_json(family: MetricFamily) -> dict[str, Any]:
    """Return a family with its samples, labels as an object each."""
    return {
        "name": family.name,
        "type": family.type,
        "help": family.help,
        "samples": [
            {
                "name": sample.name,
                "labels": dict(sample.labels),
                "value": to_json(float(sample.value)),
                **({} if sample.timestamp is None else {"timestamp": sample.timestamp}),
            }
            for sample in family.samples()
        ],
    }


def families_to_json(families: Iterable[MetricFamily]) -> list[dict[str, Any]]:
    """Return families with their samples."""
    return [family_to_json(family) for family in families]


def dumps(value: Any, *, indent: int | None = None) -> str:
    """Return JSON text; what is not ASCII stays as it is."""
    return json.dumps(value, ensure_ascii=False, allow_nan=False, indent=indent)


_FIELDS: dict[type, tuple[str, ...]] = {}


def _fields(cls: type) -> tuple[str, ...]:
    names = _FIELDS.get(cls)
    if names is None:
        names = _FIELDS[cls] = tuple(field.name for field in attrs.fields(cls))
    return names


def _felix_to_json(families: list[MetricFamily]) -> dict[str, Any]:
    from calicometrics.felix.model import felix_status, summaries

    return {"status": to_json(felix_status(families)), "summaries": to_json(summaries(families))}


def round_to_json(done: Round) -> dict[str, Any]:
    """Return the models of one round: daemons with their protocols, Felix, all pages' families, collectors."""
    snapshot = done.snapshot
    daemons = {}
    for daemon in snapshot.daemons:
        status, protocols = snapshot.read_status(daemon), snapshot.read_protocols(daemon)
        daemons[daemon] = {
            "up": status is not None,
            "status": to_json(status),
            "protocols": to_json(protocols),
        }
    pages = {
        name: families_to_json(page.families)
        for name in snapshot.pages
        if (page := snapshot.read_page(name)) is not None
    }
    felix = snapshot.read_page("felix")
    return {
        "version": SCHEMA_VERSION,
        "time": done.time,
        "daemons": daemons,
        "felix": None if felix is None else _felix_to_json(felix.families),
        "pages": pages,
        "collectors": [
            {"name": r.name, "success": r.success, "duration": r.duration, "errors": list(r.errors)}
            for r in done.collectors
        ],
    }
