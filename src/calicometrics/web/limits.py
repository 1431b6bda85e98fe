"""What the HTTP front grants its clients."""

from __future__ import annotations

import resource

import attrs

_ANY = 1_000_000_000
_RESERVE = 64  # descriptors for daemons, pages and files; an exporter without clients has about ten


@attrs.frozen
class Limits:
    """Bounds on what clients may take. All times are seconds.

    Attributes:
        header_timeout: For a complete request header, from the connection's or the header's first byte; with TLS, for
            the handshake as well.
        idle_timeout: For the next request on a connection that is kept alive. Longer than the usual scrape intervals.
        response_timeout: For one answer, from the request's header until the client has taken the last byte.
        taking_timeout: For the next byte of an answer that the client takes.
        drain_timeout: For the answers under way when the server is closed.
        connections: Open connections. One more closes the one that has been idle longest.
        requests: Requests under way that need a round. One more is answered 503.
        long_answers: Answers under way that are too long to be rendered in one go. One more waits for a place; who
            takes such an answer too slowly gives the place up.
        waiting_size: Bytes that wait to be taken by clients that are slow. Beyond that the slow ones are cut off.
        early_size: Bytes that a client sends along with the end of its TLS handshake.
        header_size: Bytes of a request's header.
        headers: Headers of a request.
    """

    header_timeout: float = 10.0
    idle_timeout: float = 120.0
    response_timeout: float = 120.0
    taking_timeout: float = 10.0
    drain_timeout: float = 5.0
    connections: int = 512
    requests: int = 40
    long_answers: int = 4
    waiting_size: int = 32 * 1024 * 1024
    early_size: int = 1024 * 1024
    header_size: int = 16 * 1024
    headers: int = 100


def most_connections() -> int:
    """Return how many connections this process has descriptors for, with some left for what is read."""
    limit, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if limit == resource.RLIM_INFINITY:
        return _ANY
    return max(1, limit - min(_RESERVE, limit // 2))
