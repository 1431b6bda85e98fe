"""The replies of BIRD 1.6, laid out as ``nest/proto.c``, ``nest/cmds.c`` and ``proto/bgp/bgp.c`` print them."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from calicometrics.demo.state import Daemon, Protocol

VERSION = "v0.3.3+birdv1.6.8"
BANNER = f"0001 BIRD {VERSION} ready."

_HEADER = "2002-name     proto    table    state  since       info\n"
_END = "0000 \n"
_CLOCK_LIMIT = 20 * 3600  # seconds for which "Since" is a clock time, a date from then on
_CHANGES_HEADER = "  Route change stats:     received   rejected   filtered    ignored   accepted"
_NOT_APPLICABLE = {
    "Import updates": (),
    "Import withdraws": (2,),
    "Export updates": (3,),
    "Export withdraws": (1, 2, 3),
}
_SMALLEST_KILO = 10_000  # sizes below are printed in bytes
_PREFIXES = " kMG"


def show_status(daemon: Daemon) -> str:
    """Return the reply to ``show status``."""
    return (
        f"1000-BIRD {VERSION}\n"
        f"1011-Router ID is {daemon.router_id}\n"
        f" Current server time is {_long(daemon.time)}\n"
        f" Last reboot on {_long(daemon.last_reboot)}\n"
        f" Last reconfiguration on {_long(daemon.last_reconfiguration)}\n"
        "0013 Daemon is up and running\n"
    )


def show_protocols(daemon: Daemon) -> str:
    """Return the reply to ``show protocols``."""
    rows = [_row(protocol, daemon.time) for protocol in daemon.protocols]
    return f"{_HEADER}1002-" + "\n ".join(rows) + f"\n{_END}"


def show_protocols_all(daemon: Daemon) -> str:
    """Return the reply to ``show protocols all``."""
    blocks = [
        f"1002-{_row(protocol, daemon.time)}\n1006-" + "\n ".join(_details(protocol)) + "\n \n"
        for protocol in daemon.protocols
    ]
    return f"{_HEADER}{''.join(blocks)}{_END}"


def show_memory(daemon: Daemon) -> str:
    """Return the reply to ``show memory``; what is used follows the routes."""
    tables = 33_000 + 220 * daemon.network_count + 48 * daemon.route_count
    attributes = 9_600 + 90 * daemon.route_count
    roa = 192
    protocols = 26_000 + 9_300 * len(daemon.protocols)
    total = tables + attributes + roa + protocols + 45_000
    return (
        "1018-BIRD memory usage\n"
        f" {'Routing tables:':17} {_size(tables)}\n"
        f" {'Route attributes:':17} {_size(attributes)}\n"
        f" {'ROA tables:':17} {_size(roa)}\n"
        f" {'Protocols:':17} {_size(protocols)}\n"
        f" {'Total:':17} {_size(total)}\n"
        f"{_END}"
    )


def show_route_count(daemon: Daemon) -> str:
    """Return the reply to ``show route count``."""
    count = daemon.route_count
    return f"0014 {count} of {count} routes for {daemon.network_count} networks\n"


def show_bfd_sessions(_: Daemon) -> str:
    """Return the reply to ``show bfd sessions``: Calico's BIRD runs no BFD."""
    return "9001 There is no BFD protocol running\n"


COMMANDS: dict[str, Callable[[Daemon], str]] = {
    "show status": show_status,
    "show protocols": show_protocols,
    "show protocols all": show_protocols_all,
    "show memory": show_memory,
    "show route count": show_route_count,
    "show bfd sessions": show_bfd_sessions,
}


def _row(protocol: Protocol, now: float) -> str:
    recent = 0 <= now - protocol.since < _CLOCK_LIMIT
    since = time.strftime("%H:%M:%S" if recent else "%Y-%m-%d", time.gmtime(protocol.since))
    return f"{protocol.name:8} {protocol.proto:8} {'master':8} {protocol.state:6} {since:10}  {protocol.info}"


def _details(protocol: Protocol) -> Iterator[str]:
    if protocol.description is not None:
        yield f"  Description:    {protocol.description}"
    yield f"  Preference:     {protocol.preference}"
    yield f"  Input filter:   {protocol.input_filter}"
    yield f"  Output filter:  {protocol.output_filter}"
    if protocol.import_limit is not None:
        yield f"  Import limit:   {protocol.import_limit}"
        yield "    Action:       disable"
    if protocol.routes is not None:
        yield from _statistics(protocol)
    if protocol.bgp is not None:
        yield from _bgp(protocol)


def _statistics(protocol: Protocol) -> Iterator[str]:
    assert protocol.routes is not None  # noqa: S101 - only asked for protocols that have routes
    yield "  Routes:         {} imported, {} exported, {} preferred".format(*protocol.routes)
    yield _CHANGES_HEADER
    for (label, absent), row in zip(_NOT_APPLICABLE.items(), protocol.changes, strict=True):
        cells = (f"{'---' if column in absent else number:>10}" for column, number in enumerate(row))
        yield f"    {label + ':':20}" + " ".join(cells)


def _bgp(protocol: Protocol) -> Iterator[str]:
    bgp = protocol.bgp
    assert bgp is not None  # noqa: S101 - only asked for BGP
    yield f"  BGP state:          {bgp.state}"
    yield f"    Neighbor address: {bgp.neighbor_address}"
    yield f"    Neighbor AS:      {bgp.neighbor_as}"
    if bgp.connect_delay is not None:
        yield "    Connect delay:    {}/{}".format(*bgp.connect_delay)
    if bgp.session is not None:
        yield f"    Neighbor ID:      {bgp.session.neighbor_id}"
        yield f"    Neighbor caps:    {bgp.session.capabilities}"
        yield f"    Session:          {bgp.session.kind}"
        yield f"    Source address:   {bgp.session.source_address}"
        yield "    Hold timer:       {}/{}".format(*bgp.session.hold_timer)
        yield "    Keepalive timer:  {}/{}".format(*bgp.session.keepalive_timer)
    if bgp.last_error is not None:
        yield f"    Last error:       {bgp.last_error}"


def _long(moment: float) -> str:
    return time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(moment))


def _size(size: int) -> str:
    power = 0
    while size >= _SMALLEST_KILO and power < len(_PREFIXES) - 1:
        size = (size + 512) // 1024
        power += 1
    return f"{size:4} {_PREFIXES[power]}B"
