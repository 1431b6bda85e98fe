"""Options declared as attrs classes: flags, environment, TOML keys, validation, help and docs come from the class."""

from __future__ import annotations

import enum
import math
import pathlib
import re
import types
import typing
from functools import cache
from typing import TYPE_CHECKING, Any, NewType

import attrs

if TYPE_CHECKING:
    from collections.abc import Iterator

ByteSize = NewType("ByteSize", int)
"""A number of bytes; as text with a unit too: ``128MiB``, ``1k``."""

REQUIRED = attrs.NOTHING
_SIZE = re.compile(r"(\d+)\s*(?:([kKMG])(?:iB|B)?|B)?")
_BEYOND_64_BITS = 2**63
_FACTOR = {None: 1, "k": 1024, "K": 1024, "M": 1024**2, "G": 1024**3}
_BOOLEANS = {
    "1": True,
    "true": True,
    "yes": True,
    "on": True,
    "0": False,
    "false": False,
    "no": False,
    "off": False,
}
_WORDS: dict[object, str] = {
    str: "text",
    int: "a whole number",
    float: "a number",
    bool: "true or false",
    ByteSize: "a size in bytes, such as 128MiB",
    pathlib.Path: "a path",
}


@attrs.frozen
class Option:
    """One option, wherever it may be set.

    Attributes:
        key: The dotted key, as in flags and TOML: ``sink.statsd.interval``.
        field: The name of the attrs field.
        type: What the value is, without ``| None``.
        default: The default, or REQUIRED.
        help: One sentence.
        metavar: What stands for the value in ``--help``.
        repeatable: Whether there may be several values.
    """

    key: str
    field: str
    type: Any
    default: Any
    help: str
    metavar: str
    repeatable: bool

    @property
    def flag(self) -> str:
        """The flag, such as ``--sink.statsd.interval``."""
        return f"--{self.key}"

    @property
    def variable(self) -> str:
        """The environment variable, such as ``CALICOMETRICS_SINK_STATSD_INTERVAL``."""
        return "CALICOMETRICS_" + re.sub(r"[.-]", "_", self.key).upper()

    @property
    def expected(self) -> str:
        """What a value has to be, in words."""
        words = describe(self.type)
        return f"a list of {words}" if self.repeatable else words


@cache  # telling a class's types takes longer than all the rest of reading settings
def options(prefix: str, cls: type) -> tuple[Option, ...]:
    """Return the options of an attrs class.

    Args:
        prefix: What stands before the field's name in the key; empty for none.
        cls: The class; each field has ``help`` in its metadata, and ``metavar`` where the type does not tell enough;
            ``key`` where the key is not the field's name.
    """
    return tuple(_options(prefix, cls))


def _options(prefix: str, cls: type) -> Iterator[Option]:
    hints = typing.get_type_hints(cls)
    for field in attrs.fields(cls):
        kind = _without_none(hints[field.name])
        repeatable = typing.get_origin(kind) is tuple
        if repeatable:
            kind = typing.get_args(kind)[0]
        name = field.metadata.get("key") or field.name.replace("_", "-")
        yield Option(
            key=f"{prefix}.{name}" if prefix else name,
            field=field.name,
            type=kind,
            default=field.default,
            help=field.metadata["help"],
            metavar=field.metadata.get("metavar", _metavar(kind)),
            repeatable=repeatable,
        )


def from_text(kind: Any, text: str) -> Any:
    """Return the value that a flag's or a variable's text stands for.

    Raises:
        ValueError: The text is no such value.
    """
    if kind is bool:
        return _BOOLEANS[text.lower()] if text.lower() in _BOOLEANS else _refuse()
    if kind is ByteSize:
        match = _SIZE.fullmatch(text.strip())
        return _whole(int(match[1]) * _FACTOR[match[2]]) if match else _refuse()
    if kind is int:
        return _whole(int(text))
    if kind is float:
        return _finite(text)
    return _from_word(kind, text)


def from_toml(kind: Any, value: Any) -> Any:
    """Return the value that a TOML value stands for.

    Raises:
        ValueError: The value is of another type, or no such value.
    """
    if kind is ByteSize and type(value) is int:
        return _whole(value) if value >= 0 else _refuse()
    if kind is bool:
        return value if type(value) is bool else _refuse()
    if kind is int:
        return _whole(value) if type(value) is int else _refuse()
    if kind is float:
        return _finite(value) if type(value) in (int, float) else _refuse()
    return from_text(kind, value) if isinstance(value, str) else _refuse()


def describe(kind: Any) -> str:
    """Return what a value of a type is, in words."""
    if choices := _choices(kind):
        return "one of " + ", ".join(choices)
    return _WORDS.get(kind, "text")


def _from_word(kind: Any, text: str) -> Any:
    if choices := _choices(kind):
        if text not in choices:
            _refuse()
        return kind(text) if isinstance(kind, type) else text
    return pathlib.Path(text) if kind is pathlib.Path else text


def _choices(kind: Any) -> tuple[str, ...]:
    if typing.get_origin(kind) is typing.Literal:
        return tuple(map(str, typing.get_args(kind)))
    if isinstance(kind, type) and issubclass(kind, enum.Enum):
        return tuple(str(member.value) for member in kind)
    return ()


def _without_none(hint: Any) -> Any:
    if typing.get_origin(hint) in (typing.Union, types.UnionType):
        (hint,) = (argument for argument in typing.get_args(hint) if argument is not types.NoneType)
    return hint


def _metavar(kind: Any) -> str:
    if choices := _choices(kind):
        return "|".join(choices)
    return {bool: "", int: "N", float: "SECONDS", ByteSize: "BYTES", pathlib.Path: "FILE"}.get(kind, "TEXT")


def _whole(number: int) -> int:
    """Return a number of 64 bits, as many as TOML asks for."""
    return number if -_BEYOND_64_BITS <= number < _BEYOND_64_BITS else _refuse()


def _finite(value: str | float) -> float:
    try:
        number = float(value)
    except OverflowError:  # a whole number of hundreds of digits
        number = math.inf
    return number if math.isfinite(number) else _refuse()


def _refuse() -> Any:
    raise ValueError
