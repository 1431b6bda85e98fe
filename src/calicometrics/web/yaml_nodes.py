"""Reads a YAML document as nodes, so that whatever is wrong with it can be named with its line and key."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import attrs

from calicometrics.errors import ConfigError
from calicometrics.status_table import printable
from calicometrics.suggestion import nearest

if TYPE_CHECKING:
    from collections.abc import Iterable

_NULLS = {"", "~", "null", "Null", "NULL"}
# What YAML can write with escapes, and nothing that is named here takes: neither files nor OpenSSL nor HTTP.
_NO_TEXT = re.compile(r"[\x00\ud800-\udfff]")
_BOOLEANS = {
    "true": True,
    "yes": True,
    "on": True,
    "false": False,
    "no": False,
    "off": False,
}


@attrs.frozen
class Item:
    """A value of the document, and the key it stands at.

    Every method that reads it raises ConfigError, with the line, the key and what was expected, when it is something
    else. The value may be a secret, and is in no message.

    Attributes:
        key: The dotted key; empty for the document itself.
    """

    key: str
    _node: Any

    @property
    def is_null(self) -> bool:
        """Whether there is no value: nothing is written, or YAML's null."""
        node = self._node
        return node is None or (self._kind == "scalar" and node.style is None and node.value in _NULLS)

    @property
    def is_blank(self) -> bool:
        """Whether it is empty text, which the format takes for none."""
        return self._kind == "scalar" and self._node.value == ""

    def at(self, name: str) -> Item:
        """Return the value at a key; the mapping itself, named after the key, when it is not there."""
        for key_node, node in self._node.value:
            if key_node.value == name:
                return Item(f"{self.key}.{name}", node)
        return Item(f"{self.key}.{name}", self._node)

    def mapping(self, known: Iterable[str]) -> dict[str, Item]:
        """Return the values by their keys, without those that are null.

        Args:
            known: The keys that there can be.
        """
        names = list(known)
        found = self.entries()
        for name, item in found.items():
            if name not in names:
                raise item.error(f"no such key{nearest(name, names)}")
        return {name: item for name, item in found.items() if not item.is_null}

    def entries(self) -> dict[str, Item]:
        """Return the values by their keys, whatever the keys are."""
        if self.is_null:
            return {}
        if self._kind != "mapping":
            raise self.error("expected keys and values")
        found: dict[str, Item] = {}
        for key_node, node in self._node.value:
            name = Item(self.key, key_node).text()
            item = Item(f"{self.key}.{name}" if self.key else name, node)
            if name in found:
                raise item.error("is there twice")
            found[name] = item
        return found

    def text(self) -> str:
        """Return text; what looks like a number is text as well."""
        if self._kind != "scalar":
            raise self.error("expected text")
        value: str = self._node.value
        if _NO_TEXT.search(value):
            raise self.error("has a NUL or half a character, which no text has")
        return value

    def texts(self) -> tuple[str, ...]:
        """Return a list of texts."""
        if self._kind != "sequence":
            raise self.error("expected a list")
        return tuple(Item(self.key, node).text() for node in self._node.value)

    def boolean(self) -> bool:
        """Return true or false."""
        text = self.text().lower()
        if text not in _BOOLEANS:
            raise self.error("expected true or false")
        return _BOOLEANS[text]

    def number(self) -> int:
        """Return a whole number, 0 or more."""
        text = self.text()
        if not re.fullmatch(r"[0-9]{1,9}", text):
            raise self.error("expected a whole number")
        return int(text)

    def error(self, reason: str) -> ConfigError:
        """Return the error that says what is wrong with this value."""
        where = "" if self._node is None else f"line {self._node.start_mark.line + 1}: "
        key = printable(self.key)  # YAML's keys may have line breaks
        return ConfigError(f"{where}{key}: {reason}" if key else f"{where}{reason}")

    @property
    def _kind(self) -> str:
        return "" if self._node is None else str(self._node.id)


def read_document(content: bytes) -> Item:
    """Return the one document of a YAML file.

    Raises:
        ConfigError: It is no YAML, more than one document, or nested too deeply; or PyYAML is not installed.
    """
    try:
        import yaml  # type: ignore[import-untyped]  # its stubs are a package of their own
    except ImportError:
        raise ConfigError("PyYAML is needed to read it: pip install calicometrics[web-config]") from None
    try:
        # Nodes alone: nothing is made of tags, so there is nothing that a tag could call.
        return Item("", yaml.compose(content, Loader=yaml.BaseLoader))
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = f"line {mark.line + 1}: " if mark else ""
        raise ConfigError(f"{where}no YAML: {error.problem or error.context}") from None
    except yaml.YAMLError as error:
        raise ConfigError(f"no YAML: {str(error).splitlines()[0]}") from None
    except RecursionError:
        raise ConfigError("no YAML that can be read: it is nested too deeply") from None
