"""The web configuration file of Prometheus' exporters, as exporter-toolkit reads it: YAML to attrs models.

The format is that of ``docs/web-configuration.md`` in prometheus/exporter-toolkit. What this front cannot do, or not
safely, is refused with the key's name, never passed over.
"""

from __future__ import annotations

import enum
import re
import ssl
from typing import TYPE_CHECKING, Any

import attrs

from calicometrics.errors import ConfigError
from calicometrics.web.files import read_file
from calicometrics.web.yaml_nodes import Item, read_document

if TYPE_CHECKING:
    import pathlib
    from collections.abc import Callable, Mapping

_VERSIONS = {"TLS12": ssl.TLSVersion.TLSv1_2, "TLS13": ssl.TLSVersion.TLSv1_3}
# The headers that exporter-toolkit lets one set, and the values that it allows.
_HEADERS: dict[str, tuple[str, ...]] = {
    "Content-Security-Policy": (),
    "Strict-Transport-Security": (),
    "X-Content-Type-Options": ("nosniff",),
    "X-Frame-Options": ("deny", "sameorigin"),
    "X-XSS-Protection": (),
}
_HEADER_VALUE = re.compile(r"[\t\x20-\x7e]*")
_HASH = re.compile(r"\$2[aby]\$(?:0[4-9]|[12][0-9]|3[01])\$[./A-Za-z0-9]{53}")
_DURATION = re.compile(r"(?:[0-9]+(?:\.[0-9]+)?(?:ns|us|µs|ms|s|m|h))+")
_PART = re.compile(r"([0-9.]+)([a-zµ]+)")
_UNITS = {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0}


class ClientAuth(enum.Enum):
    """What is asked of a TLS client, by the names of Go's ``crypto/tls``."""

    NONE = "NoClientCert"
    REQUEST = "RequestClientCert"
    REQUIRE_ANY = "RequireAnyClientCert"
    VERIFY_IF_GIVEN = "VerifyClientCertIfGiven"
    VERIFY = "RequireAndVerifyClientCert"


@attrs.frozen
class TlsServerConfig:
    """The section ``tls_server_config``.

    Attributes:
        cert_file: The server's certificate with its chain, PEM.
        key_file: Its key, PEM, without a passphrase.
        cert: The certificate itself, in place of a file.
        key: The key itself, in place of a file.
        client_ca_file: The certificates that a client's has to be signed by.
        client_ca: The same, in place of a file.
        client_auth_type: What is asked of clients.
        client_allowed_sans: A client's certificate has to have one of these as subject alternative name; None for any.
        min_version: The oldest version of TLS that is spoken.
        max_version: The newest one.
        cipher_suites: Cipher suites by Go's names; OpenSSL's defaults when there is none.
        prefer_server_cipher_suites: Whether the server's order of cipher suites counts.
        curve_preferences: Curves by Go's names; OpenSSL's defaults when there is none.
    """

    cert_file: pathlib.Path | None = None
    key_file: pathlib.Path | None = None
    cert: str | None = None
    key: str | None = attrs.field(default=None, repr=False)
    client_ca_file: pathlib.Path | None = None
    client_ca: str | None = None
    client_auth_type: ClientAuth = ClientAuth.NONE
    client_allowed_sans: tuple[str, ...] | None = None
    min_version: ssl.TLSVersion = ssl.TLSVersion.TLSv1_2
    max_version: ssl.TLSVersion = ssl.TLSVersion.TLSv1_3
    cipher_suites: tuple[str, ...] = ()
    prefer_server_cipher_suites: bool = True
    curve_preferences: tuple[str, ...] = ()

    @property
    def files(self) -> tuple[pathlib.Path, ...]:
        """The files that it names."""
        return tuple(
            file for file in (self.cert_file, self.key_file, self.client_ca_file) if file is not None
        )


@attrs.frozen
class RateLimit:
    """The section ``rate_limit``: a bucket of tokens, one for each request.

    Attributes:
        interval: Seconds in which a token is added.
        burst: Tokens that the bucket holds.
    """

    interval: float
    burst: int


@attrs.frozen
class WebConfig:
    """A web configuration file.

    Attributes:
        tls: How TLS is spoken; None for HTTP.
        headers: Headers of every answer.
        users: Name → bcrypt hash; who is not among them is refused. Empty for no passwords.
        rate_limit: How many requests are answered; None for as many as come.
    """

    tls: TlsServerConfig | None = None
    headers: Mapping[str, str] = attrs.field(factory=dict)
    users: Mapping[str, str] = attrs.field(factory=dict, repr=lambda users: f"<{len(users)} users>")
    rate_limit: RateLimit | None = None


def read_web_config(path: pathlib.Path) -> WebConfig:
    """Return what a web configuration file says; the files that it names are not read yet.

    Raises:
        ConfigError: It cannot be read, is no YAML, has a key that nobody knows, or a value that is not as it should
            be; the message names file, line and key.
    """
    content = read_file(path)
    try:
        return _config(read_document(content), path.parent)
    except ConfigError as error:
        raise ConfigError(f"{path}: {error}") from None


def _config(document: Item, directory: pathlib.Path) -> WebConfig:
    sections: dict[str, Callable[[Item], Any]] = {
        "tls_server_config": lambda item: _tls(item, directory),
        "http_server_config": _headers,
        "basic_auth_users": _users,
        "rate_limit": _rate_limit,
    }
    found = document.mapping(sections)
    read = {name: sections[name](item) for name, item in found.items()}
    return WebConfig(
        read.get("tls_server_config"),
        read.get("http_server_config", {}),
        read.get("basic_auth_users", {}),
        read.get("rate_limit"),
    )


def _tls(section: Item, directory: pathlib.Path) -> TlsServerConfig | None:
    def file(item: Item) -> pathlib.Path:
        return directory / item.text()

    readers: dict[str, Callable[[Item], Any]] = {
        "cert_file": file,
        "key_file": file,
        "cert": Item.text,
        "key": Item.text,
        "client_ca_file": file,
        "client_ca": Item.text,
        "client_auth_type": _client_auth,
        "client_allowed_sans": Item.texts,
        "min_version": _version,
        "max_version": _version,
        "cipher_suites": Item.texts,
        "prefer_server_cipher_suites": Item.boolean,
        "curve_preferences": Item.texts,
    }
    found = {name: item for name, item in section.mapping(readers).items() if not item.is_blank}
    if not found:
        return None
    config = TlsServerConfig(**{name: readers[name](item) for name, item in found.items()})
    _check_pairs(section, config)
    _check_clients(section, config)
    if config.min_version > config.max_version:
        raise section.at("min_version").error("is newer than max_version")
    return config


def _check_pairs(section: Item, config: TlsServerConfig) -> None:
    """Check that what can be given in two ways is given in one, and that certificate and key are there."""
    for name, needed in (("cert", True), ("key", True), ("client_ca", False)):
        text, file = getattr(config, name), getattr(config, f"{name}_file")
        if text is not None and file is not None:
            raise section.at(name).error(f"is given, and {name}_file too")
        if needed and text is None and file is None:
            raise section.error(f"{name}_file or {name} is needed")


def _check_clients(section: Item, config: TlsServerConfig) -> None:
    """Check that what is said of clients' certificates is going to be asked of them."""
    kind = config.client_auth_type
    has_ca = config.client_ca is not None or config.client_ca_file is not None
    if kind is ClientAuth.REQUIRE_ANY:
        reason = (
            "would let in whoever makes a certificate; RequireAndVerifyClientCert asks for one that is signed"
        )
        raise section.at("client_auth_type").error(f"{kind.value} {reason}")
    if kind in {ClientAuth.VERIFY, ClientAuth.VERIFY_IF_GIVEN} and not has_ca:
        raise section.at("client_auth_type").error(f"{kind.value} needs client_ca_file or client_ca")
    if kind is ClientAuth.NONE and has_ca:
        name = "client_ca" if config.client_ca is not None else "client_ca_file"
        raise section.at(name).error("is for nothing without client_auth_type")
    sans = config.client_allowed_sans
    if sans and kind is not ClientAuth.VERIFY:
        reason = f"needs client_auth_type {ClientAuth.VERIFY.value}"
        raise section.at("client_allowed_sans").error(reason)
    if sans == () and kind is ClientAuth.VERIFY:
        raise section.at("client_allowed_sans").error("is empty, which lets nobody in")


def _client_auth(item: Item) -> ClientAuth:
    text = item.text()
    if text == "RequireClientCert":  # the toolkit's older name
        return ClientAuth.REQUIRE_ANY
    return ClientAuth(_choice(item, [kind.value for kind in ClientAuth]))


def _version(item: Item) -> ssl.TLSVersion:
    return _VERSIONS[_choice(item, list(_VERSIONS))]


def _choice(item: Item, choices: list[str]) -> str:
    text = item.text()
    if text not in choices:
        raise item.error(f"expected one of {', '.join(choices)}, not {text!r}")
    return text


def _headers(section: Item) -> dict[str, str]:
    found = section.mapping(["http2", "headers"])
    if "http2" in found:
        found["http2"].boolean()  # HTTP/1.1 is spoken in any case: every client of HTTP/2 speaks it
    if "headers" not in found:
        return {}
    headers = {}
    for name, item in found["headers"].mapping(_HEADERS).items():
        value = item.text()
        if not value:
            continue
        if not _HEADER_VALUE.fullmatch(value):
            raise item.error("expected printable ASCII on one line")
        headers[name] = _choice(item, list(_HEADERS[name])) if _HEADERS[name] else value
    return headers


def _users(section: Item) -> dict[str, str]:
    users = {}
    for name, item in section.entries().items():
        if ":" in name:
            raise item.error("a name with a colon cannot be sent")
        users[name] = item.text()
        if not _HASH.fullmatch(users[name]):
            raise item.error("expected a bcrypt hash, as `htpasswd -nBC 10 NAME` prints it")
    return users


def _rate_limit(section: Item) -> RateLimit | None:
    found = section.mapping(["interval", "burst"])
    interval = _seconds(found["interval"]) if "interval" in found else 0.0
    burst = found["burst"].number() if "burst" in found else 0
    if not interval:
        return None
    if burst < 1:
        raise section.error("burst has to be at least 1, or no request would ever be answered")
    return RateLimit(interval, burst)


def _seconds(item: Item) -> float:
    """Return the seconds of one of Go's durations, such as ``1m30s``."""
    text = item.text()
    if text == "0":
        return 0.0
    if not _DURATION.fullmatch(text):
        raise item.error(f"expected a duration, such as 500ms or 1m30s, not {text!r}")
    return sum(float(number) * _UNITS[unit] for number, unit in _PART.findall(text))
