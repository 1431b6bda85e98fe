"""The errors a caller can meet, all children of CalicometricsError."""

from __future__ import annotations

from typing import Self


class CalicometricsError(Exception):
    """The base of every error that calicometrics raises on purpose."""


class SourceError(CalicometricsError):
    """A daemon or a page could not be read; the message names it, the request and the phase."""


class CommandError(SourceError):
    """BIRD answered a command with an error of its own; the connection is as good as before.

    Attributes:
        code: BIRD's four digits, such as ``9001``.
    """

    def __init__(self, message: str, code: str) -> None:
        super().__init__(message)
        self.code = code

    @classmethod
    def answered(cls, request: str, code: str, words: str) -> Self:
        """Return the error of a request that BIRD answered with a code and words of its own."""
        return cls(f"{request}: BIRD answered {code} {words}".rstrip(), code)


class BoundError(SourceError):
    """A daemon or a page says more than is accepted; the message names it, the bound and the option."""


class ParseError(CalicometricsError):
    """A text is not what its format promises.

    Attributes:
        line: The number of the offending line, counted from 1, or None when the text as a whole is at fault.
        reason: What is wrong, without the position.
    """

    def __init__(self, reason: str, line: int | None = None) -> None:
        super().__init__(f"line {line}: {reason}" if line is not None else reason)
        self.reason = reason
        self.line = line


class PluginError(CalicometricsError):
    """A plugin could not be loaded, or offers what another one already offers."""


class ConfigError(CalicometricsError):
    """A setting is wrong; the message names the key, where it was set and what was expected."""
