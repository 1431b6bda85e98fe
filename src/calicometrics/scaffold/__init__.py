"""Writes the skeleton of a plugin: a package with a collector and with tests that pass."""

from __future__ import annotations

import re
import string
from importlib import resources
from typing import TYPE_CHECKING

from calicometrics import __version__
from calicometrics.errors import ConfigError

if TYPE_CHECKING:
    import pathlib
    from importlib.resources.abc import Traversable

_NAME = re.compile(r"[a-z][a-z0-9]*(?:-[a-z0-9]+)*")
_SUFFIX = ".template"


def write_plugin(name: str, directory: pathlib.Path) -> list[pathlib.Path]:
    """Return the files of a new plugin, written below ``directory/calicometrics-NAME``.

    Args:
        name: What the plugin is about, such as ``bfd``: lower-case words with hyphens between them.
        directory: Where the package's directory is made.

    Raises:
        ConfigError: The name is no such name, there is something already, or it cannot be written.
    """
    if not _NAME.fullmatch(name):
        raise ConfigError(
            f"{name!r} is no name for a plugin: lower-case letters and digits, with - between words"
        )
    root = directory / f"calicometrics-{name}"
    try:
        root.mkdir(parents=True)
        return _written(name, root)
    except FileExistsError:
        raise ConfigError(f"{root}: there is something already") from None
    except OSError as error:
        raise ConfigError(f"{root}: {(error.strerror or str(error)).lower()}") from None


def _written(name: str, root: pathlib.Path) -> list[pathlib.Path]:
    word = name.replace("-", "_")
    words = {
        "name": name,
        "word": word,
        "class_name": "".join(part.capitalize() for part in name.split("-")),
        "module": f"calicometrics_{word}",
        "version": __version__,
    }
    written = []
    for template, path in _templates(resources.files(__name__) / "template", root):
        target = path.with_name(path.name.removesuffix(_SUFFIX))
        if target.parts[len(root.parts) :][:2] == ("src", "module"):
            target = root / "src" / words["module"] / target.name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(
            string.Template(template.read_text(encoding="utf-8")).substitute(words), encoding="utf-8"
        )
        written.append(target)
    return written


def _templates(source: Traversable, target: pathlib.Path) -> list[tuple[Traversable, pathlib.Path]]:
    found: list[tuple[Traversable, pathlib.Path]] = []
    for entry in sorted(source.iterdir(), key=lambda entry: entry.name):
        if entry.is_dir():
            found += _templates(entry, target / entry.name)
        elif entry.name.endswith(_SUFFIX):
            found.append((entry, target / entry.name))
    return found
