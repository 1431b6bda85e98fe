"""The JSON Schema of what :mod:`calicometrics.jsonmodel` prints, made from the models themselves."""

from __future__ import annotations

import enum
import types
import typing
from typing import Any

import attrs

from calicometrics.bird import model
from calicometrics.felix.model import FelixStatus, Summary
from calicometrics.jsonmodel import SCHEMA_VERSION

_DIALECT = "https://json-schema.org/draft/2020-12/schema"
_NUMBER = {"anyOf": [{"type": "number"}, {"enum": ["NaN", "+Inf", "-Inf"]}]}
_PLAIN: dict[Any, dict[str, Any]] = {
    str: {"type": "string"},
    int: {"type": "integer"},
    float: _NUMBER,
    bool: {"type": "boolean"},
}


def schema() -> dict[str, Any]:
    """Return the schema of a round, as ``/json`` and ``collect --format json`` print it."""
    definitions: dict[str, Any] = {}
    daemon = _object(
        up={"type": "boolean"},
        status=_of(model.DaemonStatus | None, definitions),
        protocols=_of(list[model.Protocol] | None, definitions),
    )
    felix = _object(status=_of(FelixStatus, definitions), summaries=_of(list[Summary], definitions))
    sample = _object(name=_PLAIN[str], labels=_map(_PLAIN[str]), value=_NUMBER)
    sample["properties"]["timestamp"] = _PLAIN[int]
    family = _object(name=_PLAIN[str], type=_PLAIN[str], help=_PLAIN[str], samples=_array(sample))
    collector = _object(name=_PLAIN[str], success=_PLAIN[bool], duration=_NUMBER, errors=_array(_PLAIN[str]))
    whole = _object(
        version={"const": SCHEMA_VERSION},
        time=_NUMBER,
        daemons=_map(daemon),
        felix={"anyOf": [felix, {"type": "null"}]},
        pages=_map(_array(family)),
        collectors=_array(collector),
    )
    # The kinds of plugins add objects of their own, so a detail may be any of these or another object.
    for detail in (model.BgpSession, model.BgpChannel):
        _of(detail, definitions)
    return {"$schema": _DIALECT, "title": "A round of calicometrics", **whole, "$defs": definitions}


def protocols_schema() -> dict[str, Any]:
    """Return the schema of a list of protocols, as ``parse`` prints it."""
    definitions: dict[str, Any] = {}
    protocols = _of(list[model.Protocol], definitions)
    return {"$schema": _DIALECT, **protocols, "$defs": definitions}


def _of(hint: Any, definitions: dict[str, Any]) -> dict[str, Any]:
    """Return the schema of a type, and add those of the classes it needs."""
    if hint in _PLAIN:
        return _PLAIN[hint]
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin in (typing.Union, types.UnionType):
        return {"anyOf": [_of(argument, definitions) for argument in arguments]}
    if hint is types.NoneType:
        return {"type": "null"}
    if origin is tuple and arguments[-1] is not Ellipsis:
        return {"type": "array", "prefixItems": [_of(argument, definitions) for argument in arguments]}
    if origin in (list, tuple):
        return _array(_of(arguments[0], definitions))
    if origin is dict:
        return _map(_of(arguments[1], definitions))
    if hint is object:
        return {"type": ["object", "array", "string", "number", "boolean"]}
    if isinstance(hint, type) and issubclass(hint, enum.Enum):
        return {"type": "string", "examples": [str(member) for member in hint]}
    name = hint.__name__
    if name not in definitions:
        definitions[name] = {}
        hints = typing.get_type_hints(hint)
        definitions[name] = _object(
            **{field.name: _of(hints[field.name], definitions) for field in attrs.fields(hint)}
        )
    return {"$ref": f"#/$defs/{name}"}


def _object(**properties: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def _array(items: dict[str, Any]) -> dict[str, Any]:
    return {"type": "array", "items": items}


def _map(values: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "additionalProperties": values}
