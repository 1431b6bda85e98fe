"""TLS as a web configuration file wants it: Go's names, made into an OpenSSL context."""

from __future__ import annotations

import contextlib
import ipaddress
import os
import ssl
from typing import TYPE_CHECKING, Any

import attrs

from calicometrics.errors import ConfigError
from calicometrics.web.files import UnreadableError, read_file, reason
from calicometrics.web.web_config import ClientAuth

if TYPE_CHECKING:
    import pathlib
    from collections.abc import Iterator, Mapping

    from calicometrics.web.web_config import TlsServerConfig

_SECTION = "tls_server_config"
# What Go's tls.CipherSuites() lists; those of TLS 1.3 cannot be chosen, neither there nor here.
_CIPHERS = {
    "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA": "ECDHE-ECDSA-AES128-SHA",
    "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256": "ECDHE-ECDSA-AES128-GCM-SHA256",
    "TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA": "ECDHE-ECDSA-AES256-SHA",
    "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384": "ECDHE-ECDSA-AES256-GCM-SHA384",
    "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256": "ECDHE-ECDSA-CHACHA20-POLY1305",
    "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA": "ECDHE-RSA-AES128-SHA",
    "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256": "ECDHE-RSA-AES128-GCM-SHA256",
    "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA": "ECDHE-RSA-AES256-SHA",
    "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384": "ECDHE-RSA-AES256-GCM-SHA384",
    "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256": "ECDHE-RSA-CHACHA20-POLY1305",
}
_CIPHERS_1_3 = {"TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256"}
_CURVES = {
    "CurveP256": "prime256v1",
    "CurveP384": "secp384r1",
    "CurveP521": "secp521r1",
    "X25519": "X25519",
}
# The kinds of subject alternative names that a configuration can name. The others of getpeercert() are no text, or
# stand for what OpenSSL cannot print.
_NAMES = {"DNS", "IP Address", "email", "URI"}
# Go asks for a certificate with RequestClientCert and then looks at it nowhere; here it is not asked for.
_VERIFY = {
    ClientAuth.NONE: ssl.CERT_NONE,
    ClientAuth.REQUEST: ssl.CERT_NONE,
    ClientAuth.VERIFY_IF_GIVEN: ssl.CERT_OPTIONAL,
    ClientAuth.VERIFY: ssl.CERT_REQUIRED,
}


@attrs.frozen
class ServerTls:
    """How TLS is spoken with clients.

    Attributes:
        context: For the handshake.
        allowed_sans: A client's certificate has to have one of these subject alternative names; None for any.
    """

    context: ssl.SSLContext
    allowed_sans: frozenset[str] | None = None

    def admits(self, certificate: Mapping[str, Any] | None) -> bool:
        """Return whether a client is let in, by its certificate as ``getpeercert()`` returns it.

        Names count as they are: there are no wildcards, and the common name is none of them, nor is a directory name.
        """
        if self.allowed_sans is None:
            return True
        names = (certificate or {}).get("subjectAltName", ())
        return any(_normal(value) in self.allowed_sans for kind, value in names if kind in _NAMES)


def server_tls(config: TlsServerConfig) -> ServerTls:
    """Return what a configuration describes; reads the files that it names.

    Raises:
        ConfigError: A file cannot be read or is no such thing, certificate and key do not belong together, or OpenSSL
            cannot do what is wanted; the message names the key.
    """
    try:
        return ServerTls(_context(config), _names(config.client_allowed_sans))
    except (ssl.SSLError, ValueError) as error:  # by the rules of this machine's OpenSSL
        raise ConfigError(f"{_SECTION}: {_reason(error)}") from None
    except OSError as error:  # no descriptor is left, or no memory
        raise UnreadableError(f"{_SECTION}: {reason(error)}") from None


def _context(config: TlsServerConfig) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = config.min_version
    context.maximum_version = config.max_version
    context.verify_mode = _VERIFY[config.client_auth_type]
    context.options |= ssl.OP_NO_RENEGOTIATION
    if not config.prefer_server_cipher_suites:
        context.options &= ~ssl.OP_CIPHER_SERVER_PREFERENCE
    context.set_alpn_protocols(["http/1.1"])
    _choose_ciphers(context, config)
    _choose_curve(context, config.curve_preferences)
    _load_certificate(context, config)
    _load_authorities(context, config)
    return context


def _names(sans: tuple[str, ...] | None) -> frozenset[str] | None:
    return frozenset(map(_normal, sans)) if sans else None


def _normal(name: str) -> str:
    """Return a name in a form that compares: OpenSSL writes IPv6 addresses otherwise than people do."""
    with contextlib.suppress(ValueError):
        return str(ipaddress.ip_address(name.strip()))
    return name


def _choose_ciphers(context: ssl.SSLContext, config: TlsServerConfig) -> None:
    wanted = config.cipher_suites
    for name in wanted:
        if name not in _CIPHERS and name not in _CIPHERS_1_3:
            raise _error("cipher_suites", f"{name!r} is none of Go's secure cipher suites")
    if not wanted:
        return
    older = [_CIPHERS[name] for name in wanted if name in _CIPHERS]
    if older:
        context.set_ciphers(":".join(older))
    elif config.max_version < ssl.TLSVersion.TLSv1_3:
        raise _error("cipher_suites", "has none for TLS 1.2, and max_version is TLS12")
    else:
        context.minimum_version = ssl.TLSVersion.TLSv1_3


def _choose_curve(context: ssl.SSLContext, wanted: tuple[str, ...]) -> None:
    for name in wanted:
        if name not in _CURVES:
            raise _error("curve_preferences", f"{name!r} is none of {', '.join(_CURVES)}")
    if len(wanted) > 1:
        raise _error(
            "curve_preferences", "Python's ssl takes one curve; name one, or none for OpenSSL's own list"
        )
    for name in wanted:
        context.set_ecdh_curve(_CURVES[name])


def _load_certificate(context: ssl.SSLContext, config: TlsServerConfig) -> None:
    def no_passphrase() -> bytes:
        raise _error(
            "key_file" if config.key is None else "key", "is encrypted, and nobody is there to be asked"
        )

    with (
        _path("cert", config.cert, config.cert_file) as cert,
        _path("key", config.key, config.key_file) as key,
    ):
        try:
            context.load_cert_chain(cert, key, password=no_passphrase)
        except ssl.SSLError as error:
            names = " and ".join(str(file or "inline") for file in (config.cert_file, config.key_file))
            pair = "no PEM certificate and a key that belongs to it"
            raise ConfigError(f"{_SECTION}: {names}: {pair} ({_reason(error)})") from None


def _load_authorities(context: ssl.SSLContext, config: TlsServerConfig) -> None:
    if config.client_ca_file is not None:
        name, where = "client_ca_file", f"{config.client_ca_file}: "
        pem = _read(name, config.client_ca_file)
    elif config.client_ca is not None:
        name, where, pem = "client_ca", "", config.client_ca.encode()
    else:
        return
    try:
        # What is no ASCII stands between certificates, as a comment.
        context.load_verify_locations(cadata=pem.decode("ascii", "replace").replace("\ufffd", "?"))
    except (ssl.SSLError, ValueError):  # ValueError: it is empty
        raise _error(name, f"{where}no PEM certificates") from None


def _reason(error: Exception) -> str:
    return getattr(error, "reason", None) or str(error)


@contextlib.contextmanager
def _path(name: str, text: str | None, file: pathlib.Path | None) -> Iterator[str]:
    """Give a path to what stands in a file or in the configuration; a key is not written to a disk for that."""
    content = _read(f"{name}_file", file) if file is not None else (text or "").encode()
    descriptor = os.memfd_create(name, os.MFD_CLOEXEC)
    try:
        with os.fdopen(os.dup(descriptor), "wb") as memory:
            memory.write(content)
        yield f"/proc/self/fd/{descriptor}"
    finally:
        os.close(descriptor)


def _read(key: str, file: pathlib.Path) -> bytes:
    try:
        return read_file(file)
    except ConfigError as error:
        raise type(error)(f"{_SECTION}.{key}: {error}") from None


def _error(key: str, reason: str) -> ConfigError:
    return ConfigError(f"{_SECTION}.{key}: {reason}")
