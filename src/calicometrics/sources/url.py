"""What an HTTP request needs to know of a URL, and the form of it that may be shown."""

from __future__ import annotations

import base64
import re
from typing import Self
from urllib.parse import SplitResult, unquote_to_bytes, urlsplit

import attrs

from calicometrics.errors import ConfigError

_PORTS = {"http": 80, "https": 443}
_PLAIN = re.compile(r"[!-~]*+")
_USER_INFO = re.compile(r"//[^/?#]*@")
_UNTIL_LAST_AT = re.compile(r"//.*@", re.DOTALL)
"""Of a malformed URL nobody can tell where the password ends."""


@attrs.frozen
class Url:
    """A URL of http or https.

    Attributes:
        shown: The URL without user-info and fragment: for messages.
        scheme: ``http`` or ``https``.
        host: Name or address, an IPv6 address without brackets and with its zone, if it has one.
        port: The port, the scheme's own where none is given.
        authority: The value of the ``Host`` header.
        target: Path and query, as sent.
        authorization: The value of the ``Authorization`` header for the URL's user-info, if it has one.
    """

    shown: str
    scheme: str
    host: str
    port: int
    authority: str
    target: str
    authorization: str | None = attrs.field(repr=False)

    @classmethod
    def parse(cls, text: str) -> Self:
        """Return the parts of a URL.

        Raises:
            ConfigError: It is no URL of http or https; the message has no user-info in it.
        """
        reason = "it has blanks or characters beyond ASCII, which have to be percent-encoded"
        if _PLAIN.fullmatch(text):
            try:
                parts = urlsplit(text)
                host, port = parts.hostname, parts.port
            except ValueError:  # not quoted: it may quote what it took for host or port, a password at worst
                reason = "its host or port is malformed"
            else:
                if parts.scheme not in _PORTS:
                    reason = "the scheme has to be http or https"
                elif not host or port == 0:
                    reason = "it has no host" if not host else "no server has port 0"
                else:
                    return cls._of(parts, host, port or _PORTS[parts.scheme])
        raise ConfigError(f"{_UNTIL_LAST_AT.sub('//', text)!r} is no usable URL: {reason}")

    @classmethod
    def _of(cls, parts: SplitResult, host: str, port: int) -> Self:
        bare, _, zone = host.partition("%")
        authority = f"[{bare}]" if ":" in bare else bare
        if port != _PORTS[parts.scheme]:
            authority += f":{port}"
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        user_info, at, _ = parts.netloc.rpartition("@")
        return cls(
            shown=parts._replace(netloc=parts.netloc.rpartition("@")[2], fragment="").geturl(),
            scheme=parts.scheme,
            host=f"{bare}%{zone.removeprefix('25')}" if zone else bare,
            port=port,
            authority=authority,
            target=target,
            authorization=_basic(user_info) if at else None,
        )


def hide_user_info(text: str) -> str:
    """Return a URL, complete or relative, without its user-info."""
    return _USER_INFO.sub("//", text)


def _basic(user_info: str) -> str:
    """Return the header's value for ``user:password``, either of them perhaps percent-encoded (RFC 7617)."""
    user, _, password = user_info.partition(":")
    pair = unquote_to_bytes(user) + b":" + unquote_to_bytes(password)
    return f"Basic {base64.b64encode(pair).decode('ascii')}"
