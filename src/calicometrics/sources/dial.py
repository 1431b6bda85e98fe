"""Connections that are made within a deadline: resolve, connect, TLS handshake."""

from __future__ import annotations

import contextlib
import ipaddress
import socket
import ssl
import threading
import time
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any

from calicometrics.errors import ConfigError

if TYPE_CHECKING:
    from calicometrics.sources.tls import ClientTls

Address = tuple[socket.AddressFamily, tuple[Any, ...]]


class PhaseError(Exception):
    """Something failed in a phase of a request.

    Attributes:
        phase: ``resolve``, ``connect``, ``TLS handshake``, …
        reason: Why, in words.
    """

    def __init__(self, phase: str, reason: str) -> None:
        super().__init__(f"{phase}: {reason}")
        self.phase = phase
        self.reason = reason


class Deadline:
    """The end of a request's time.

    Args:
        at: A ``time.monotonic()`` value.
    """

    def __init__(self, at: float) -> None:
        self._at = at

    def remaining(self, phase: str) -> float:
        """Return the seconds that are left, more than 0.

        Raises:
            PhaseError: None are.
        """
        remaining = self._at - time.monotonic()
        if remaining <= 0:
            raise PhaseError(phase, "timeout")
        return remaining


class Dialer:
    """Connects to one server.

    ``getaddrinfo`` knows no deadline, so a name is looked up on a thread of its own. A lookup that outlives its caller
    is the next caller's: there is never more than one, however long a resolver hangs.

    Args:
        host: Name or address.
        port: The port.
        tls: What the TLS handshake needs; without it the connection is plain.
    """

    def __init__(self, host: str, port: int, tls: ClientTls | None = None) -> None:
        self._host = host
        self._port = port
        self._tls = tls
        self._literal = _is_literal(host)
        self._lock = threading.Lock()
        self._lookup: Future[list[Address]] | None = None

    def connect(self, deadline: Deadline) -> socket.socket:
        """Return a connection; each of several addresses gets its share of the time.

        Raises:
            PhaseError: None of the addresses could be reached, or the server is not who it should be.
        """
        addresses = self._addresses(deadline)
        reasons: list[str] = []
        for tried, (family, address) in enumerate(addresses):
            share = deadline.remaining("connect") / (len(addresses) - tried)
            connection = socket.socket(family, socket.SOCK_STREAM)
            try:
                connection.settimeout(share)
                connection.connect(address)
            except OSError as error:
                connection.close()
                reasons.append(
                    f"{address[0]}: {reason_of(error)}" if len(addresses) > 1 else reason_of(error)
                )
            else:
                return connection if self._tls is None else _shake_hands(connection, self._tls, deadline)
        raise PhaseError("connect", "; ".join(dict.fromkeys(reasons)))

    def _addresses(self, deadline: Deadline) -> list[Address]:
        """Return the server's addresses, in the resolver's order."""
        remaining = deadline.remaining("resolve")
        try:
            return self._resolve() if self._literal else self._shared_lookup().result(remaining)
        except (OSError, UnicodeError) as error:  # a label that is too long is a UnicodeError
            raise PhaseError("resolve", reason_of(error)) from None

    def _shared_lookup(self) -> Future[list[Address]]:
        """Return the lookup that is under way, or a new one."""
        with self._lock:
            lookup = self._lookup
            if lookup is None:
                lookup = Future()
                name = f"resolve {self._host}"
                try:
                    threading.Thread(target=self._look_up, args=(lookup,), name=name, daemon=True).start()
                except RuntimeError as error:  # too many threads; a later call may do better
                    raise PhaseError("resolve", str(error)) from None
                self._lookup = lookup
            return lookup

    def _look_up(self, lookup: Future[list[Address]]) -> None:
        try:
            addresses = self._resolve()
        except BaseException as error:  # noqa: BLE001 - handed to whoever waits
            lookup.set_exception(error)
        else:
            lookup.set_result(addresses)
        finally:
            with self._lock:
                self._lookup = None

    def _resolve(self) -> list[Address]:
        found = socket.getaddrinfo(self._host, self._port, type=socket.SOCK_STREAM)
        return [(family, address) for family, _, _, _, address in found]


def _shake_hands(connection: socket.socket, tls: ClientTls, deadline: Deadline) -> ssl.SSLSocket:
    phase = "TLS handshake"
    with contextlib.ExitStack() as stack:
        stack.enter_context(connection)  # wrapping takes the descriptor out of it
        try:
            secured = tls.context().wrap_socket(
                connection,
                server_hostname=tls.server_name,
                do_handshake_on_connect=False,
                # A body that ends with the connection is complete only if TLS says so.
                suppress_ragged_eofs=False,
            )
            stack.enter_context(secured)
            secured.settimeout(deadline.remaining(phase))
            secured.do_handshake()
        except (OSError, ConfigError) as error:
            raise PhaseError(phase, reason_of(error)) from None
        stack.pop_all()
        return secured


def _is_literal(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


_NOT_TLS = {"WRONG_VERSION_NUMBER", "RECORD_LAYER_FAILURE", "HTTP_REQUEST", "PACKET_LENGTH_TOO_LONG"}


def reason_of(error: Exception) -> str:
    """Return why a call of the kernel, the resolver or OpenSSL failed, in words without numbers."""
    if isinstance(error, TimeoutError):
        return "timeout"
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"the server's certificate was refused: {error.verify_message}"
    if isinstance(error, ssl.SSLEOFError):
        return "the connection ended without TLS saying so"
    if isinstance(error, ssl.SSLError) and error.reason:
        words = error.reason.lower().replace("_", " ")
        return "the server does not speak TLS" if error.reason in _NOT_TLS else words
    if isinstance(error, OSError) and error.strerror:
        return error.strerror.lower()
    return str(error) or type(error).__name__
