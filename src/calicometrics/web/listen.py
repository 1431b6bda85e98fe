"""Addresses to listen on, as Prometheus' exporters write them: ``[HOST]:PORT``."""

from __future__ import annotations

import contextlib
import errno
import os
import re
import socket
from typing import TYPE_CHECKING

from calicometrics.errors import ConfigError, SourceError

if TYPE_CHECKING:
    from collections.abc import Iterable

BACKLOG = 512
_ADDRESS = re.compile(r"(?:\[(?P<ipv6>[^\[\]]+)\]|(?P<host>[^\[\]:/\s]*)):(?P<port>[0-9]{1,5})")
_HIGHEST_PORT = 65535


def parse_listen_address(text: str) -> tuple[str, int]:
    """Return host and port of ``[HOST]:PORT``; an IPv6 address stands in brackets, no host means every address.

    Raises:
        ConfigError: It is no such address.
    """
    match = _ADDRESS.fullmatch(text)
    if match is None or int(match["port"]) > _HIGHEST_PORT:
        raise ConfigError(
            f"{text!r} is no address to listen on: expected [HOST]:PORT, such as :6502 or [::1]:6502"
        )
    return match["ipv6"] or match["host"], int(match["port"])


def listen(text: str) -> socket.socket:
    """Return a socket that listens on ``[HOST]:PORT``.

    Without a host it is one socket for IPv4 and IPv6, or for IPv4 alone on a machine without IPv6. A name stands for
    its first address, IPv4 preferred, as in Go. Port 0 is any free port.

    Raises:
        ConfigError: It is no such address.
        SourceError: Somebody else listens there, the address is not this machine's, or it is not permitted.
    """
    host, port = parse_listen_address(text)
    try:
        listener = _listen(host, port)
    except UnicodeError:  # of the codec that names go through
        raise SourceError(
            f"cannot listen on {text}: a name's parts between dots have 1 to 63 characters"
        ) from None
    except socket.gaierror as error:
        raise SourceError(f"cannot listen on {text}: {str(error.strerror).lower()}") from None
    except OSError as error:
        reason = os.strerror(
            error.errno or 0
        ).lower()  # socket.create_server's own text has a Python tuple in it
        raise SourceError(f"cannot listen on {text}: {reason}") from None
    # Connections inherit it. asyncio sets it for sockets that say they are TCP's, which these do not; without it the
    # second packet of an answer waits for a client's delayed acknowledgement, 40 ms on a connection that is kept.
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listener


def listen_on(texts: Iterable[str]) -> list[socket.socket]:
    """Return a listening socket for each address, or none at all.

    Raises:
        ConfigError: One is no such address.
        SourceError: One cannot be listened on.
    """
    with contextlib.ExitStack() as opened:
        sockets = [opened.enter_context(listen(text)) for text in texts]
        opened.pop_all()
        return sockets


def address_text(listener: socket.socket) -> str:
    """Return where a socket listens, in the form that it was asked for: ``127.0.0.1:6502``, ``[::]:6502``."""
    host, port = listener.getsockname()[:2]
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _listen(host: str, port: int) -> socket.socket:
    if host:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        family, _, _, _, address = min(found, key=lambda info: info[0] != socket.AF_INET)
        return socket.create_server(address, family=family, backlog=BACKLOG)
    if socket.has_dualstack_ipv6():
        try:
            return socket.create_server(
                ("", port), family=socket.AF_INET6, backlog=BACKLOG, dualstack_ipv6=True
            )
        except OSError as error:
            if error.errno != errno.EADDRNOTAVAIL:  # IPv6 is there but switched off
                raise
    return socket.create_server(("", port), backlog=BACKLOG)
