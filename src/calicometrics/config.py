"""Settings from flags, environment and a TOML file: read together, validated once, every problem named.

Flags beat the environment, the environment beats the file, the file beats the defaults. A *section* is a prefix and an
attrs class; its options come from the class (:mod:`calicometrics.options`). A *switch* turns a collector or a sink on
or off.
"""

from __future__ import annotations

import os
import tomllib
from typing import TYPE_CHECKING, Any

import attrs

from calicometrics.errors import ConfigError
from calicometrics.options import REQUIRED, ByteSize, Option, from_text, from_toml, options
from calicometrics.suggestion import nearest

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Iterable, Iterator, Mapping

_ENABLED = "enabled"
_DISABLE_DEFAULTS = "disable-defaults"
_LONGEST_QUOTE = 200


@attrs.frozen
class Switch:
    """Something that is on or off: ``--collector.NAME``, ``--sink.NAME``.

    Attributes:
        kind: ``collector`` or ``sink``.
        name: Its name.
        default: Whether it is on when nobody says otherwise.
        help: One sentence.
    """

    kind: str
    name: str
    default: bool
    help: str

    @property
    def key(self) -> str:
        """The dotted key."""
        return f"{self.kind}.{self.name}"


@attrs.define
class Schema:
    """Everything that can be set.

    Attributes:
        sections: Prefix → attrs class.
        switches: What can be turned on and off.
    """

    sections: dict[str, type]
    switches: tuple[Switch, ...] = ()

    def options(self) -> dict[str, Option]:
        """Return every option by its key."""
        return {
            option.key: option for prefix, cls in self.sections.items() for option in options(prefix, cls)
        }

    def switch_options(self) -> dict[str, Option]:
        """Return the switches, and those that turn off all defaults of a kind, as options by their key."""
        found = {
            switch.key: Option(
                switch.key, switch.name, bool, switch.default, switch.help, "", repeatable=False
            )
            for switch in self.switches
        }
        for kind in dict.fromkeys(switch.kind for switch in self.switches):
            key = f"{kind}.{_DISABLE_DEFAULTS}"
            text = f"turn off every {kind} that is not named"
            found[key] = Option(key, _DISABLE_DEFAULTS, bool, False, text, "", repeatable=False)
        return found


@attrs.define
class Settings:
    """What has been set.

    Attributes:
        sections: Prefix → instance of the section's class.
        switches: Key → on or off.
    """

    sections: dict[str, Any]
    switches: dict[str, bool]
    origins: dict[str, str]

    def enabled(self, kind: str) -> list[str]:
        """Return the names of the collectors or sinks that are on."""
        return [
            key.partition(".")[2] for key, on in self.switches.items() if on and key.startswith(f"{kind}.")
        ]

    def origin(self, key: str) -> str:
        """Return where a key was set: a flag, a variable, a file, or ``default``."""
        return self.origins.get(key, "default")


def add_arguments(parser: argparse.ArgumentParser, schema: Schema) -> None:
    """Add a flag for each option and switch, grouped by section; flags that are not given leave no trace."""
    import argparse

    groups: dict[str, Any] = {}
    for option in (*schema.options().values(), *schema.switch_options().values()):
        prefix = option.key.rpartition(".")[0] or "general"
        group = groups.get(prefix)
        if group is None:
            group = groups[prefix] = parser.add_argument_group(prefix)
        text = f"{option.help}{_default_text(option)}".replace("%", "%%")
        common: dict[str, Any] = {"dest": option.key, "default": argparse.SUPPRESS, "help": text}
        if option.type is not bool:
            action = "append" if option.repeatable else "store"
            group.add_argument(option.flag, action=action, metavar=option.metavar, **common)
        elif option.field == _DISABLE_DEFAULTS:
            group.add_argument(option.flag, action="store_const", const="true", **common)
        else:
            group.add_argument(option.flag, action="store_const", const="true", **common)
            group.add_argument(
                f"--no-{option.key}",
                action="store_const",
                const="false",
                dest=option.key,
                default=argparse.SUPPRESS,
                help=argparse.SUPPRESS,
            )


def load(
    schema: Schema,
    flags: Mapping[str, Any],
    environ: Mapping[str, str] = os.environ,
    file: str | os.PathLike[str] | None = None,
) -> Settings:
    """Return the settings.

    Args:
        schema: What can be set.
        flags: Key → the text of the flag, or a list of texts; keys that are no option are ignored.
        environ: The environment. Variables that are no option's are ignored: Kubernetes adds some of its own.
        file: A TOML file.

    Raises:
        ConfigError: Something is wrong; the message has a line for each problem, with the key, where it was set,
            what was expected and, for an unknown key, the nearest known one.
    """
    return _Loader(schema).load(flags, environ, file)


class _Loader:
    def __init__(self, schema: Schema) -> None:
        self._schema = schema
        self._options = schema.options()
        self._switches = schema.switch_options()
        self._known = self._options | self._switches
        self._values: dict[str, Any] = {}
        self._origins: dict[str, str] = {}
        self._problems: list[str] = []

    def load(
        self, flags: Mapping[str, Any], environ: Mapping[str, str], file: str | os.PathLike[str] | None
    ) -> Settings:
        if file is not None:
            self._read_file(os.fspath(file))
        for option in self._known.values():
            if option.variable in environ:
                texts = environ[option.variable]
                given = [text.strip() for text in texts.split(",")] if option.repeatable else texts
                self._take_text(option, given, option.variable)
            if option.key in flags:
                self._take_text(option, flags[option.key], option.flag)
        sections = {prefix: self._section(prefix, cls) for prefix, cls in self._schema.sections.items()}
        if self._problems:
            raise ConfigError("\n".join(self._problems))
        return Settings(sections, self._switched(), self._origins)

    def _take_text(self, option: Option, given: Any, origin: str) -> None:
        def read() -> Any:
            if option.repeatable:
                texts = given if isinstance(given, list) else [given]
                return tuple(from_text(option.type, text) for text in texts)
            return from_text(option.type, given)

        self._take(option, read, given, origin)

    def _take(self, option: Option, read: Callable[[], Any], given: Any, origin: str) -> None:
        try:
            self._values[option.key] = read()
        except (ValueError, KeyError):
            self._problems.append(f"{origin}: expected {option.expected}, not {_quoted(given)}")
        else:
            self._origins[option.key] = origin

    def _read_file(self, path: str) -> None:
        try:
            with open(path, "rb") as opened:  # noqa: PTH123 - a path as the user wrote it
                content = tomllib.load(opened)
        except OSError as error:
            self._problems.append(f"{path}: {(error.strerror or str(error)).lower()}")
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            self._problems.append(f"{path}: no TOML: {error}")
        except ValueError:  # Python's own, of a text that is to be a number
            self._problems.append(f"{path}: no TOML: a number has thousands of digits")
        except RecursionError:
            self._problems.append(f"{path}: no TOML: nested too deeply")
        else:
            for key, value in self._flattened(content, ""):
                self._take_toml(key, value, path)

    def _flattened(self, table: Mapping[str, Any], prefix: str) -> Iterator[tuple[str, Any]]:
        """Yield each dotted key of a file, down to the values."""
        for name, value in table.items():
            key = f"{prefix}{name}"
            if not isinstance(value, dict) or not (key in self._switches or self._is_prefix(key)):
                yield key, value
            elif key in self._switches:  # the table of a collector or sink turns it on
                yield key, value.get(_ENABLED, True)
                rest = {inner: item for inner, item in value.items() if inner != _ENABLED}
                yield from self._flattened(rest, f"{key}.")
            else:
                yield from self._flattened(value, f"{key}.")

    def _is_prefix(self, key: str) -> bool:
        return any(known.startswith(f"{key}.") for known in self._known)

    def _take_toml(self, key: str, value: Any, path: str) -> None:
        option = self._known.get(key)
        origin = f"{path}: {key}"
        if option is None:
            self._problems.append(f"{origin}: no such key{nearest(key, self._known)}")
            return

        def read() -> Any:
            if option.repeatable:
                items = value if isinstance(value, list) else [value]
                return tuple(from_toml(option.type, item) for item in items)
            return from_toml(option.type, value)

        self._take(option, read, value, origin)

    def _section(self, prefix: str, cls: type) -> Any:
        fields = options(prefix, cls)
        arguments = {o.field: self._values[o.key] for o in fields if o.key in self._values}
        missing = [o for o in fields if o.default is REQUIRED and o.field not in arguments]
        if missing:
            if self._wanted(prefix):
                self._problems += [f"{option.flag}: is needed, {option.expected}" for option in missing]
            return None
        try:
            return cls(**arguments)
        except (ValueError, TypeError) as error:
            self._problems.append(self._explained(fields, str(error.args[0])))
            return None

    def _explained(self, fields: Iterable[Option], words: str) -> str:
        """Return what a validator says, with where the value was set in place of the attrs field's name."""
        for option in fields:
            name = f"'{option.field}'"
            if name in words:
                return f"{self._origins.get(option.key, option.flag)}: {words.removeprefix(f'{name} ')}"
        return f"settings: {words}"

    def _wanted(self, prefix: str) -> bool:
        return prefix not in self._switches or self._switched()[prefix]

    def _switched(self) -> dict[str, bool]:
        switched = {}
        for switch in self._schema.switches:
            default = switch.default and not self._values.get(f"{switch.kind}.{_DISABLE_DEFAULTS}", False)
            switched[switch.key] = self._values.get(switch.key, default)
        return switched


def _quoted(given: object) -> str:
    """Return a value as it is told to people, who wrote it and know its end."""
    try:
        text = repr(given)
    except (
        ValueError
    ):  # Python writes out no number of thousands of digits, which TOML may have in hexadecimal
        return "a number as large as this"
    return text if len(text) <= _LONGEST_QUOTE else f"{text[:_LONGEST_QUOTE]}…"


def _default_text(option: Option) -> str:
    """Return what ``--help`` says of an option's default."""
    default = option.default
    if default in (REQUIRED, None, (), "", False):
        return ""
    if default is True:
        return " (on by default; --no-… turns it off)"
    if isinstance(default, tuple):
        default = ", ".join(map(str, default))
    return f" (default: {size_text(default) if option.type is ByteSize else default})"


def size_text(size: int) -> str:
    """Return a number of bytes with the largest unit that divides it."""
    for unit, factor in (("GiB", 1024**3), ("MiB", 1024**2), ("KiB", 1024)):
        if size and size % factor == 0:
            return f"{size // factor}{unit}"
    return str(size)


def document(schema: Schema) -> str:
    """Return the options as Markdown: a table for each section, one for the switches."""
    lines: list[str] = []
    for prefix, cls in schema.sections.items():
        lines += [f"## {prefix or 'general'}", "", *_table(options(prefix, cls)), ""]
    if schema.switches:
        lines += ["## collectors and sinks", "", *_table(schema.switch_options().values()), ""]
    return "\n".join(lines)


def _table(rows: Iterable[Option]) -> Iterator[str]:
    yield "| flag | environment | TOML key | value | default | what it does |"
    yield "|---|---|---|---|---|---|"
    for option in rows:
        value = option.expected + (", repeatable" if option.repeatable else "")
        default = _default_text(option).strip(" ()").removeprefix("default: ") or "—"
        if default.startswith("on by default"):
            default = "on"
        flag = f"{option.flag} {option.metavar}".strip()
        cells = (f"`{flag}`", f"`{option.variable}`", f"`{option.key}`", value, default, option.help)
        yield "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"
