"""The numbers that BIRD prints, the models hold and no family shows, and why."""

from __future__ import annotations

NOT_EXPORTED = {
    "DaemonStatus.server_time": "read to place the other times, which are exported; it would change with every scrape",
    "Protocol.created": "BIRD 3: when the instance was configured; alerts need when its state changed, which is "
    "`bird_protocol_last_change_timestamp_seconds`",
    "Capability.parameters": "what the two sides offered when the session began, such as the restart time; "
    "the timers that follow from it are exported while they run",
    "BgpSession.neighbor_port": "configuration; BIRD prints it only when it is not 179",
    "MemoryUsage.counters": "BIRD 3: events of the page allocator, for BIRD's developers, and not bytes",
}
"""Class and field of :mod:`calicometrics.bird.model` → why there is no family of it."""
