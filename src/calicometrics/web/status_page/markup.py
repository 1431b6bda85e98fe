"""HTML whose text cannot be taken for markup: whatever is not made here is escaped."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from calicometrics.status_table import printable

if TYPE_CHECKING:
    from collections.abc import Iterable


class Markup(str):
    """Text that is HTML already. Every other text is escaped where it becomes part of an element."""

    __slots__ = ()


def element(name: str, /, *children: str, **attributes: str | float | bool | None) -> Markup:
    """Return an element.

    Args:
        name: Its name.
        children: What is in it; text that is no :class:`Markup` is escaped, and what of it is not printable is shown
            as its escape sequence: it may come from the network.
        attributes: Their values; True is an attribute without a value, False and None are none at all. ``_`` in a name
            stands for ``-``, at its end for nothing.
    """
    shown = "".join(_attribute(key, value) for key, value in attributes.items())
    return Markup(f"<{name}{shown}>{joined(children)}</{name}>")


def void(name: str, /, **attributes: str | float | bool | None) -> Markup:
    """Return an element that can have no content, such as ``meta``."""
    return Markup(f"<{name}{''.join(_attribute(key, value) for key, value in attributes.items())}>")


def joined(children: Iterable[str], separator: str = "") -> Markup:
    """Return the children one after the other, escaped unless they are :class:`Markup`."""
    return Markup(separator.join(map(_escaped, children)))


def _escaped(text: str) -> str:
    return text if isinstance(text, Markup) else escape(printable(text))


def _attribute(key: str, value: str | float | bool | None) -> str:
    if value is None or value is False:
        return ""
    name = key.rstrip("_").replace("_", "-")
    return f" {name}" if value is True else f' {name}="{escape(printable(str(value)))}"'
