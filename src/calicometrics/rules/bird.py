"""Alerts about BIRD: the daemons, their BGP sessions and the routes in them."""

from __future__ import annotations

from textwrap import indent

from calicometrics.rules.model import Alert, Group
from calicometrics.rules.records import (
    DAEMON,
    ESTABLISHED,
    EXPORTER,
    LISTENER,
    PEER,
    PEERS,
    PEERS_BY_STATE,
    SWITCHED_OFF,
)

_DAEMON = "{{ $labels.bird_daemon }} on {{ $labels.instance }}"
_PEER = "{{ $labels.bird_protocol_instance }} (" + _DAEMON + ")"
_MESH = f'sum without (state) ({PEERS_BY_STATE}{{peer_type="mesh"}})'

DAEMONS = (
    Alert(
        "BirdDown",
        "bird_daemon_up == 0",
        "critical",
        f"{_DAEMON} does not answer",
        "The control socket does not answer `show status`: BIRD is dead, hung or restarting. "
        "Peers keep its routes for the graceful restart time (120 seconds by default), then its pods lose the network.",
        hold="2m",
    ),
    Alert(
        "BirdMissing",
        f"""
          group without (version, python_version) (calicometrics_build_info)
        unless on ({EXPORTER})
          bird_daemon_up
        and on (cluster, job)
          bird_daemon_up
        """,
        "warning",
        "calicometrics on {{ $labels.instance }} finds no BIRD",
        "Other exporters of this job read a BIRD. Here no control socket has been there since the exporter started, so "
        "that there is no session that could be down.",
        hold="10m",
    ),
    Alert(
        "BirdRestarting",
        "changes(bird_daemon_last_reboot_timestamp_seconds[30m]) >= 3",
        "warning",
        f"{_DAEMON} keeps restarting",
        "It has started {{ $value }} times within 30 minutes, by its own record of the last start.",
    ),
    Alert(
        "BirdGracefulRestartStuck",
        "bird_daemon_graceful_restart_in_progress == 1",
        "warning",
        f"{_DAEMON} does not finish its graceful restart",
        "Recovery is still in progress after 5 minutes; BIRD itself gives up after 240 seconds by default. "
        "Until then its sessions wait with their announcements.",
        hold="5m",
    ),
    Alert(
        "BirdNodeIsolated",
        f"{ESTABLISHED} == 0 and {PEERS} > 0",
        "critical",
        f"{_DAEMON} has no BGP session left",
        "It has peers and not one of them is Established: pods of this node cannot reach those of other nodes. Peers "
        "that somebody has shut down do not count, nor what listens for a range of neighbors.",
        hold="2m",
    ),
)

CLUSTER = (
    Alert(
        "BirdMeshIncomplete",
        f"""
          ({_MESH} > 0)
        < on (cluster, job, bird_daemon) group_left ()
          max by (cluster, job, bird_daemon) ({_MESH})
        """,
        "warning",
        f"{_DAEMON} knows fewer mesh peers than other nodes do",
        "It has {{ $value }} mesh peers; in a full mesh every node has the same number. "
        "A peer that vanished from the configuration has no series of its own that could alert.",
        hold="15m",
    ),
)

PEERING = (
    Alert(
        "BirdPeerDown",
        f"""
          avg_over_time(bird_bgp_peer_up[5m]) < 0.5{indent(SWITCHED_OFF + LISTENER, " " * 8)}
        """,
        "warning",
        f"BGP session {_PEER} is down",
        "It was not Established for more than half of the last 5 minutes and nobody shut it down; "
        "a listener for a range of neighbors does not count. "
        "The average carries over short recoveries, so a session that comes and goes does not restart the wait.",
        hold="2m",
    ),
    Alert(
        "BirdPeersDown",
        f"""
          sum without (state) (bird_bgp_peers{{state!~"Established|Down"}}) > 0
        unless on ({DAEMON}, peer_type)
          bird_protocol_info{{proto="BGP"}}
        """,
        "warning",
        f"{_DAEMON}: {{{{ $value }}}} {{{{ $labels.peer_type }}}} sessions are down",
        "Seen by bgp_summary, which counts peers and names none; `calicometrics status` on the node does.",
        hold="5m",
    ),
    Alert(
        "BirdPeerFlapping",
        """
          changes(bird_protocol_last_change_timestamp_seconds[30m]) >= 4
        and
          max_over_time(bird_bgp_peer_up[30m]) == 1
        """,
        "warning",
        f"BGP session {_PEER} is flapping",
        "Its state has changed {{ $value }} times or more within 30 minutes. "
        "BIRD's own record of the last change shows flaps that are shorter than the scrape interval, too.",
    ),
    Alert(
        "BirdPeerRemoved",
        f"""
          (
            bird_bgp_peer_up{{bird_protocol_instance!~"Mesh_.+|dynbgp.+"}} offset 15m
          unless on ({PEER})
            bird_bgp_peer_up
          )
        and on ({DAEMON})
          bird_daemon_up == 1
        """,
        "info",
        f"BGP peer {_PEER} is no longer configured",
        "It was there a quarter of an hour ago. Expected after a BGPPeer was deleted or a node left; "
        "otherwise the configuration lost it.",
        hold="5m",
    ),
    Alert(
        "BirdHoldTimerNearlyOut",
        "min_over_time(bird_hold_timer_current[5m]) / (bird_hold_timer_initial > 0) < 0.25",
        "warning",
        f"BGP session {_PEER} nearly timed out",
        "Within the last 5 minutes its hold timer fell to {{ $value | humanizePercentage }} of its start. "
        "A healthy peer refreshes it at two thirds; the peer, its node or the link between stalls.",
    ),
    Alert(
        "BirdPeerNothingImported",
        """
          sum without (bird_channel, bird_route_type) (bird_routes{bird_route_type="imported"}) == 0
        and
          bird_bgp_peer_up == 1
        and
          (
            sum without (bird_channel, bird_direction, bird_action, bird_outcome) (
              bird_route_changes{
                bird_direction="import", bird_action="updates", bird_outcome=~"rejected|filtered"
              }
            ) > 0
          or
            sum without (bird_channel, bird_route_type) (
              max_over_time(
                bird_routes{bird_route_type="imported", bird_protocol_instance!~"Mesh_.+"}[1d]
              )
            ) > 0
          )
        """,
        "warning",
        f"BGP session {_PEER} is Established and brings no route",
        "For 15 minutes not one route has been imported: what the peer announces is refused here, or it is no node of "
        "the mesh and announces nothing any more.",
        hold="15m",
    ),
)


def _filled(types: str, direction: str) -> str:
    return f"""
        (
            sum without (bird_route_type) (bird_routes{{bird_route_type=~"{types}"}})
          / ignoring (direction, action) group_right ()
            (bird_channel_limit{{direction="{direction}"}} > 0)
          > 0.9
        )"""


LIMITS = (
    Alert(
        "BirdRouteLimitNear",
        "\n        or".join(
            (
                _filled("imported", "import"),
                _filled("imported|filtered", "receive"),
                _filled("exported", "export"),
            )
        ),
        "warning",
        f"BGP session {_PEER} is near its {{{{ $labels.direction }}}} limit",
        "The limit is {{ $value | humanizePercentage }} full; when it is hit, BIRD's action is "
        "{{ $labels.action }}.",
        hold="5m",
    ),
    Alert(
        "BirdRouteLimitHit",
        """
          bird_channel_limit_hit == 1
        or
          (
              bird_bgp_last_error{error_class="automatic_shutdown"} == 1
            and ignoring (error_class)
              bird_bgp_peer_up == 0
          )
        """,
        "critical",
        f"BGP session {_PEER} hit a route limit",
        "Routes are refused, or BIRD has shut the session down and will not start it again by itself "
        "(`Automatic shutdown: Route limit exceeded`).",
    ),
)

GROUPS = (
    Group("calicometrics.bird", DAEMONS),
    Group("calicometrics.bgp", (*PEERING, *LIMITS)),
)
