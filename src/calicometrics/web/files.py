"""The files of a web configuration, and what cannot be read of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from calicometrics.errors import ConfigError
from calicometrics.regular_file import read_regular

if TYPE_CHECKING:
    import pathlib

_LARGEST = 1024 * 1024  # a certificate has a few thousand bytes


class UnreadableError(ConfigError):
    """A file could not be read, or not be used; as it is, it may be another time."""


def read_file(path: pathlib.Path) -> bytes:
    """Return the content of a file.

    Raises:
        UnreadableError: It cannot be read, or is no regular file.
        ConfigError: It is too large.
    """
    try:
        content = read_regular(path, _LARGEST)
    except OSError as error:
        raise UnreadableError(f"{path}: {reason(error)}") from None
    if len(content) > _LARGEST:
        raise ConfigError(f"{path}: more than {_LARGEST} bytes")
    return content


def reason(error: OSError) -> str:
    """Return what an error of the system says."""
    return (error.strerror or str(error)).lower()
