"""The datagram socket to a statsd agent: connects, follows an agent that moves, and tells when nobody listens."""

from __future__ import annotations

import contextlib
import errno
import re
import socket
from typing import Any

from calicometrics.sinks.statsd_wire import UDP_PAYLOAD, UNIX_PAYLOAD

ADDRESS = re.compile(
    r"udp://(?:\[(?P<six>[^\]]+)\]|(?P<host>[^:/\[\]]+)):(?P<port>\d{1,5})|unixgram:(?P<path>.+)"
)
_PATIENCE = 1.0  # a full queue is emptied by a living agent in less
_GONE = {errno.ECONNREFUSED, errno.ECONNRESET, errno.ENOENT, errno.ENOTCONN}

_Target = tuple[socket.AddressFamily, Any]


class AgentSocket:
    """A socket that is there when a datagram is to be sent.

    Args:
        address: ``udp://HOST:PORT`` or ``unixgram:PATH``.

    Attributes:
        payload: The most bytes of a datagram.
    """

    def __init__(self, address: str) -> None:
        match = ADDRESS.fullmatch(address)
        if match is None:
            raise ValueError(f"{address!r} is no address of an agent")
        self._path: str | None = match["path"]
        self._host, self._port = match["six"] or match["host"], match["port"]
        self.payload = UDP_PAYLOAD if self._path is None else UNIX_PAYLOAD
        self._socket: socket.socket | None = None
        self._target: _Target | None = None
        self._refusals = 0
        self._refused = False

    def send(self, datagram: bytes) -> None:
        """Hand a datagram to the kernel.

        Raises:
            OSError: It was not taken: the agent is not there, or its queue stays full.
        """
        made = self._connected()
        try:
            made.send(datagram)
        except OSError as error:
            if error.errno not in _GONE:
                raise
            if self._path is None:
                self._refused = True  # of a datagram before this one, which was not sent
                raise
            self.close()  # an agent that has restarted has a new socket at the old path
            self._connected().send(datagram)

    def refused(self) -> bool:
        """Return whether a datagram was sent, since the last call, to where nobody listens; only UDP knows."""
        refused, self._refused = self._refused, False
        if self._path is None and self._socket is not None:
            refused = bool(self._socket.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)) or refused
        self._refusals += refused
        return refused

    def follow(self) -> None:
        """Connect anew, with the next datagram, if the agent's name has another address by now."""
        if self._socket is not None and self._path is None:
            with contextlib.suppress(OSError):  # the old address is better than none
                if self._find() != self._target:
                    self.close()

    def close(self) -> None:
        """Close the socket; the next datagram makes a new one."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def _connected(self) -> socket.socket:
        if self._socket is None:
            self._target = family, address = self._find()
            made = socket.socket(family, socket.SOCK_DGRAM)
            try:
                made.settimeout(_PATIENCE)
                made.connect(address)
            except OSError:
                made.close()
                raise
            self._socket = made
        return self._socket

    def _find(self) -> _Target:
        if self._path is not None:
            return socket.AF_UNIX, self._path
        found = socket.getaddrinfo(self._host, int(self._port), type=socket.SOCK_DGRAM)
        # The agent may listen on one of its name's addresses only: after each refusal it is the next one's turn.
        family, _, _, _, address = found[self._refusals % len(found)]
        return family, address
