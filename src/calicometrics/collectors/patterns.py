"""Lists of regular expressions that a whole name is held against, as options have them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    import attrs

EVERYTHING = (".*",)


def are_patterns(_: object, attribute: attrs.Attribute[Any], patterns: tuple[str, ...]) -> None:
    """Validate an option of regular expressions.

    Raises:
        ValueError: One of them is none.
    """
    for pattern in patterns:
        try:
            re.compile(pattern)
        except re.error as error:
            raise ValueError(
                f"'{attribute.name}' has to be a regular expression, not {pattern!r}: {error}"
            ) from None


def wanted(include: Iterable[str], exclude: Iterable[str]) -> Callable[[str], bool]:
    """Return a function that says whether a name fits a pattern of ``include`` and none of ``exclude``."""
    includes = _any_of(include)
    excludes = _any_of(exclude)
    return lambda name: includes(name) is not None and excludes(name) is None


def _any_of(patterns: Iterable[str]) -> Callable[[str], object]:
    """Return a function that finds whether one of the patterns fits; no pattern fits nothing, not even no name."""
    return re.compile("|".join(f"(?:{pattern})" for pattern in patterns) or r"(?!)").fullmatch
