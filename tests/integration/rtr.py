"""An RPKI cache server: as much of RFC 8210 as a router needs to be told a few ROAs."""

from __future__ import annotations

import ipaddress
import socketserver
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager

_HEADER = struct.Struct("!BBHI")
_SERIAL_QUERY, _RESET_QUERY = 1, 2
_CACHE_RESPONSE, _IPV4_PREFIX, _IPV6_PREFIX, _END_OF_DATA = 3, 4, 6, 7

SESSION_ID = 17
SERIAL = 42
REFRESH, RETRY, EXPIRE = 3600, 600, 7200
ROAS = (("192.0.2.0/24", 24, 64512), ("198.51.100.0/24", 26, 64513), ("2001:db8::/32", 48, 64512))


class _Conversation(socketserver.StreamRequestHandler):
    """Answers each query with all the data, or with the end of the data when the router has it."""

    def handle(self) -> None:
        while len(header := self.rfile.read(_HEADER.size)) == _HEADER.size:
            version, query, _, length = _HEADER.unpack(header)
            self.rfile.read(length - _HEADER.size)
            if query not in {_SERIAL_QUERY, _RESET_QUERY}:
                return  # an error report
            reply = _HEADER.pack(version, _CACHE_RESPONSE, SESSION_ID, 8)
            if query == _RESET_QUERY:
                reply += b"".join(_prefix(version, *roa) for roa in ROAS)
            end = struct.pack("!I", SERIAL)
            if version > 0:
                end += struct.pack("!III", REFRESH, RETRY, EXPIRE)
            self.wfile.write(reply + _HEADER.pack(version, _END_OF_DATA, SESSION_ID, 8 + len(end)) + end)


def _prefix(version: int, prefix: str, longest: int, origin: int) -> bytes:
    network = ipaddress.ip_network(prefix)
    kind = _IPV4_PREFIX if network.version == 4 else _IPV6_PREFIX
    body = struct.pack("!BBBB", 1, network.prefixlen, longest, 0) + network.network_address.packed
    body += struct.pack("!I", origin)
    return _HEADER.pack(version, kind, 0, 8 + len(body)) + body


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    block_on_close = False  # a conversation lasts as long as the router likes
    allow_reuse_address = True


@contextmanager
def cache_server() -> Iterator[int]:
    """Serve on a port of the loopback interface, which is what the block gets."""
    with _Server(("127.0.0.1", 0), _Conversation) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield server.server_address[1]
        finally:
            server.shutdown()
            thread.join()
