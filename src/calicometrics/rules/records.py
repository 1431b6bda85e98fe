"""Recording rules: one shape for both BGP collectors, and what dashboards would otherwise compute on every load.

Aggregations say ``without`` the labels of the series instead of ``by`` the ones to keep, so that whatever labels a
scrape configuration adds (node, cluster, rack) survive into alerts. ``bird_protocols`` exports a series for each
peer, ``bgp_summary`` a constant number for each daemon: the left side of an ``or`` wins where both are on.
"""

from __future__ import annotations

from calicometrics.rules.model import Group, Record

PEERS = "daemon:bird_bgp_peers:sum"
ESTABLISHED = "daemon:bird_bgp_peers_established:sum"
ESTABLISHED_RATIO = "daemon:bird_bgp_peers_established:ratio"
PEERS_BY_STATE = "daemon_type_state:bird_bgp_peers:sum"
CLUSTER_PEERS_BY_STATE = "cluster_type_state:bird_bgp_peers:sum"
ROUTES = "daemon_route_type:bird_routes:sum"
APPLY_MEAN = "instance:felix_int_dataplane_apply_time_seconds:mean10m"
APPLY_BUSY = "instance:felix_int_dataplane_apply_time_seconds:busy10m"

PEER = "job, instance, bird_daemon, bird_protocol_instance"
"""The labels that name one protocol of one daemon."""

GROUPS = (
    Group(
        "calicometrics.records",
        (
            Record(
                PEERS,
                """
                  count without (bird_protocol_instance) (bird_bgp_peer_up)
                or
                  sum without (peer_type, state) (bird_bgp_peers)
                """,
            ),
            Record(
                ESTABLISHED,
                """
                  sum without (bird_protocol_instance) (bird_bgp_peer_up)
                or
                  sum without (peer_type, state) (bird_bgp_peers{state="Established"})
                """,
            ),
            Record(ESTABLISHED_RATIO, f"{ESTABLISHED} / ({PEERS} > 0)"),
            Record(
                PEERS_BY_STATE,
                f"""
                  bird_bgp_peers
                or
                  count without (bird_protocol_instance, bird_bgp_state) (
                      label_replace(bird_bgp_state == 1, "state", "$1", "bird_bgp_state", "(.+)")
                    * on ({PEER}) group_left (peer_type)
                      bird_protocol_info{{proto="BGP"}}
                  )
                """,
            ),
            Record(
                CLUSTER_PEERS_BY_STATE,
                f"sum by (cluster, bird_daemon, peer_type, state) ({PEERS_BY_STATE})",
            ),
            Record(
                ROUTES,
                f"""
                  sum without (bird_protocol_instance, bird_channel) (
                    bird_routes and on ({PEER}) bird_bgp_peer_up
                  )
                or
                  sum without (peer_type) (bird_bgp_routes)
                """,
            ),
            Record(
                APPLY_MEAN,
                """
                  rate(felix_int_dataplane_apply_time_seconds_sum[10m])
                /
                  (rate(felix_int_dataplane_apply_time_seconds_count[10m]) > 0)
                """,
            ),
            Record(APPLY_BUSY, "rate(felix_int_dataplane_apply_time_seconds_sum[10m])"),
        ),
    ),
)
