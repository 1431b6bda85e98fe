"""The options of the daemons, pages and logs: one attrs class for each section of the configuration."""

from __future__ import annotations

import pathlib
import re
from typing import Any, Literal

import attrs

from calicometrics.bird.client import DEFAULT_MAX_REPLY, DEFAULT_TIMEOUT
from calicometrics.bounds import PageBounds, ReplyBounds
from calicometrics.errors import ConfigError
from calicometrics.exporter import DEFAULT_MAX_SAMPLES
from calicometrics.options import ByteSize

DEFAULT_DIRECTORIES = ("/var/run/calico", "/var/run/bird")
DEFAULT_NAMES = ("bird", "bird6")

_NAME = re.compile(r"[A-Za-z0-9_.-]+")
_NAMED = re.compile(r"(?P<name>[A-Za-z0-9_.-]+)=(?P<value>.*)")


def _positive(_: object, attribute: attrs.Attribute[Any], value: float) -> None:
    if value <= 0:
        raise ValueError(f"'{attribute.name}' has to be more than 0, not {value:g}")


def _url(_: object, attribute: attrs.Attribute[Any], value: str) -> None:
    if not re.match(r"https?://[^/?#\s]", value):
        raise ValueError(f"'{attribute.name}' has to be a URL of http or https, not {value!r}")


@attrs.frozen
class TopOptions:
    """The options without a section."""

    endpoint: tuple[str, ...] = attrs.field(
        default=(),
        metadata={"help": "a further page in the text format, such as Typha's", "metavar": "NAME=URL"},
    )
    demo: bool = attrs.field(
        default=False, metadata={"help": "a simulated Calico node in place of real daemons"}
    )
    max_samples: int = attrs.field(
        default=DEFAULT_MAX_SAMPLES,
        validator=_positive,
        metadata={"help": "the most samples that are taken from one collector"},
    )


@attrs.frozen
class ConfigOptions:
    """Where the file is."""

    file: pathlib.Path | None = attrs.field(
        default=None, metadata={"help": "settings in TOML; flags and environment beat them"}
    )


@attrs.frozen
class LogOptions:
    """What is logged to standard error."""

    level: Literal["debug", "info", "warning", "error"] = attrs.field(
        default="info", metadata={"help": "what is worth a line"}
    )
    format: Literal["logfmt", "json"] = attrs.field(default="logfmt", metadata={"help": "how a line looks"})


@attrs.frozen
class BirdOptions:
    """The BIRD daemons."""

    socket: tuple[str, ...] = attrs.field(
        default=(),
        metadata={
            "help": "a control socket; by default bird and bird6 under /var/run/calico or else /var/run/bird, "
            "each from when it is there",
            "metavar": "[NAME=]PATH",
        },
    )
    timeout: float = attrs.field(
        default=DEFAULT_TIMEOUT,
        validator=_positive,
        metadata={"help": "one deadline for a whole round with one daemon"},
    )
    max_reply: ByteSize = attrs.field(
        default=ByteSize(DEFAULT_MAX_REPLY),
        validator=_positive,
        metadata={"help": "the largest reply that is accepted"},
    )
    max_lines: int = attrs.field(
        default=ReplyBounds().lines,
        validator=_positive,
        metadata={"help": "the most lines of a reply that are accepted"},
    )
    max_line_length: int = attrs.field(
        default=ReplyBounds().line_length,
        validator=_positive,
        metadata={"help": "the most characters of a line, and so of a label"},
    )
    max_protocols: int = attrs.field(
        default=ReplyBounds().protocols,
        validator=_positive,
        metadata={"help": "the most protocols of a daemon that are accepted"},
    )


@attrs.frozen
class FelixOptions:
    """Felix' page."""

    url: str = attrs.field(
        default="http://127.0.0.1:9091/metrics",
        validator=_url,
        metadata={"help": "Felix' page", "metavar": "URL"},
    )
    timeout: float = attrs.field(
        default=DEFAULT_TIMEOUT,
        validator=_positive,
        metadata={"help": "one deadline for reading a page, for each --endpoint too"},
    )
    max_page: ByteSize = attrs.field(
        default=ByteSize(64 * 1024 * 1024),
        validator=_positive,
        metadata={"help": "the largest page that is accepted, after decompression, each --endpoint's too"},
    )
    max_lines: int = attrs.field(
        default=PageBounds().lines,
        validator=_positive,
        metadata={"help": "the most lines of a page that are accepted"},
    )
    max_line_length: int = attrs.field(
        default=PageBounds().line_length,
        validator=_positive,
        metadata={"help": "the most characters of a line, and so of a label"},
    )
    max_families: int = attrs.field(
        default=PageBounds().families,
        validator=_positive,
        metadata={"help": "the most families of a page that are accepted"},
    )
    max_samples: int = attrs.field(
        default=PageBounds().samples,
        validator=_positive,
        metadata={"help": "the most samples of a page that are accepted"},
    )
    ca_file: pathlib.Path | None = attrs.field(
        default=None, metadata={"help": "certificates that the server's has to be signed by"}
    )
    cert_file: pathlib.Path | None = attrs.field(default=None, metadata={"help": "our certificate"})
    key_file: pathlib.Path | None = attrs.field(default=None, metadata={"help": "our certificate's key"})
    server_name: str | None = attrs.field(
        default=None, metadata={"help": "the name in the server's certificate", "metavar": "NAME"}
    )


def default_sockets() -> dict[str, list[str]]:
    """Return daemon name → where its control socket may be, the likeliest place first."""
    return {name: [f"{directory}/{name}.ctl" for directory in DEFAULT_DIRECTORIES] for name in DEFAULT_NAMES}


def bird_sockets(given: tuple[str, ...], origin: str = "--bird.socket") -> dict[str, str]:
    """Return daemon name → control socket.

    Args:
        given: What the user named, ``[NAME=]PATH`` each; a path without a name is called after its file.
        origin: Where that was, for messages.

    Raises:
        ConfigError: A name is unusable, or two sockets have one.
    """
    sockets: dict[str, str] = {}
    for text in given:
        name, path = _named(text, origin)
        if name is None:
            name = pathlib.PurePath(path).stem
        if not _NAME.fullmatch(name) or not path:
            raise ConfigError(
                f"{origin}: expected [NAME=]PATH with a name of letters and digits, not {text!r}"
            )
        if name in sockets:
            raise ConfigError(f"{origin}: two sockets are called {name}: {sockets[name]} and {path}")
        sockets[name] = path
    return sockets


def endpoints(given: tuple[str, ...], origin: str = "--endpoint") -> dict[str, str]:
    """Return page name → URL.

    Args:
        given: What the user named, ``NAME=URL`` each.
        origin: Where that was, for messages.

    Raises:
        ConfigError: One is not ``NAME=URL``, or two have one name.
    """
    pages: dict[str, str] = {}
    for text in given:
        name, url = _named(text, origin)
        if name is None or not re.match(r"https?://[^/?#\s]", url):
            raise ConfigError(f"{origin}: expected NAME=URL with a URL of http or https, not {text!r}")
        if name in pages or name == "felix":
            raise ConfigError(f"{origin}: two pages are called {name}")
        pages[name] = url
    return pages


def _named(text: str, origin: str) -> tuple[str | None, str]:
    match = _NAMED.fullmatch(text)
    if match is None:
        if "=" in text.partition("/")[0]:
            raise ConfigError(f"{origin}: a name has letters, digits, '_', '.' and '-' only, not {text!r}")
        return None, text
    return match["name"], match["value"]
