"""The client's side of TLS: which servers are trusted, and who we are."""

from __future__ import annotations

import contextlib
import ssl
import threading
from pathlib import Path
from typing import TYPE_CHECKING

from calicometrics.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterator

    File = str | Path
    Stamp = tuple[tuple[int, int, int], ...]


class ClientTls:
    """TLS 1.2 or newer, with certificates that are read again whenever their files change.

    A cluster replaces its certificates while we run, months before the old ones expire.

    Args:
        server_name: The name or address that the server's certificate has to be for.
        ca_file: Certificates in PEM that the server's has to be signed by; by default those of the system.
        cert_file: Our own certificate in PEM, and with it those up to the CA.
        key_file: Its key; by default it is in ``cert_file`` too.

    Raises:
        ConfigError: A file is missing, unreadable or broken, or does not fit the others; or the name is no name.
    """

    def __init__(
        self,
        server_name: str,
        *,
        ca_file: File | None = None,
        cert_file: File | None = None,
        key_file: File | None = None,
    ) -> None:
        if key_file is not None and cert_file is None:
            raise ConfigError(f"{key_file}: a key without a certificate (cert_file)")
        self.server_name = server_name
        self._ca_file = ca_file
        self._cert_file = cert_file
        self._key_file = key_file
        self._lock = threading.Lock()
        self._stamp = self._look()
        self._context = self._load()
        try:
            self._context.wrap_bio(ssl.MemoryBIO(), ssl.MemoryBIO(), server_hostname=server_name)
        except ValueError as error:
            raise ConfigError(f"{server_name!r} is no name that a certificate can be for: {error}") from None

    def context(self) -> ssl.SSLContext:
        """Return a context that is as new as the files.

        Raises:
            ConfigError: A file has changed and is unusable now.
        """
        with self._lock:
            stamp = self._look()
            if stamp != self._stamp:
                self._context = self._load()
                self._stamp = stamp
            return self._context

    def _look(self) -> Stamp:
        """Return what changes when a file does."""
        found = []
        for file in (self._ca_file, self._cert_file, self._key_file):
            if file is not None:
                with _errors_of(file):
                    found.append(Path(file).stat())
        return tuple((one.st_ino, one.st_mtime_ns, one.st_size) for one in found)

    def _load(self) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        # As Go does, which Calico and Prometheus are written in: a certificate in the CA file is trusted even if it
        # is no root.
        context.verify_flags |= ssl.VerifyFlags.VERIFY_X509_PARTIAL_CHAIN
        if self._ca_file is None:
            context.load_default_certs()
        else:
            with _errors_of(self._ca_file, "no certificates in PEM"):
                context.load_verify_locations(self._ca_file)
        if self._cert_file is not None:
            files = f"{self._cert_file} and {self._key_file}" if self._key_file else str(self._cert_file)

            def refuse() -> str:
                # OpenSSL itself would ask for the password on the terminal.
                raise ConfigError(f"{files}: the key is encrypted; it has to be readable without a password")

            with _errors_of(files, "no certificate and key in PEM that belong together"):
                context.load_cert_chain(self._cert_file, self._key_file, password=refuse)
        return context


@contextlib.contextmanager
def _errors_of(files: File, content: str = "") -> Iterator[None]:
    """Turn what goes wrong with a file into a ConfigError that names it."""
    try:
        yield
    except ssl.SSLError as error:
        detail = f" ({error.reason.lower().replace('_', ' ')})" if error.reason else ""
        raise ConfigError(f"{files}: {content}{detail}") from None
    except OSError as error:
        raise ConfigError(f"{files}: {(error.strerror or str(error)).lower()}") from None
