"""Recording rules: one shape for both BGP collectors, and what dashboards would otherwise compute on every load.

Aggregations say ``without`` the labels of the series instead of ``by`` the ones to keep, so that whatever labels a
scrape configuration adds (node, cluster, rack) survive into alerts. ``bird_protocols`` exports a series for each
peer, ``bgp_summary`` a constant number for each daemon: the left side of an ``or`` wins where both are on, and that is
``bgp_summary``, since ``bird_protocols`` may leave peers out.
"""

from __future__ import annotations

from textwrap import dedent, indent

from calicometrics.rules.model import Group, Record

PEERS = "daemon:bird_bgp_peers:sum"
ESTABLISHED = "daemon:bird_bgp_peers_established:sum"
ESTABLISHED_RATIO = "daemon:bird_bgp_peers_established:ratio"
PEERS_BY_STATE = "daemon_type_state:bird_bgp_peers:sum"
CLUSTER_PEERS_BY_STATE = "cluster_type_state:bird_bgp_peers:sum"
ROUTES = "daemon_route_type:bird_routes:sum"
APPLY_MEAN = "instance:felix_int_dataplane_apply_time_seconds:mean10m"
APPLY_BUSY = "instance:felix_int_dataplane_apply_time_seconds:busy10m"

EXPORTER = "cluster, job, instance"
"""The labels that name one exporter; there may be no ``cluster``."""
DAEMON = f"{EXPORTER}, bird_daemon"
"""The labels that name one daemon."""
PEER = f"{DAEMON}, bird_protocol_instance"
"""The labels that name one protocol of one daemon."""

LISTENER = f"""
unless on ({PEER})
  bird_protocol_info{{neighbor_address=~".+/.+"}}"""
"""Leaves out what listens for a range of neighbors: it is never Established itself."""
SWITCHED_OFF = f"""
unless on ({PEER})
  bird_bgp_last_error{{error_class="administrative"}} == 1"""
"""Leaves out what somebody has shut down."""


def of_felix(expr: str) -> str:
    """Return PromQL that has each of Felix' series once.

    A node's Felix may be scraped, and its summaries come by the exporter of the node as well: the same series with
    other labels of their targets.
    """
    lines = dedent(expr).strip("\n")
    inner = f"\n{indent(lines, '  ')}\n" if "\n" in lines else lines
    return f"max without (job, namespace, service, pod, container, endpoint) ({inner})"


GROUPS = (
    Group(
        "calicometrics.records",
        (
            Record(
                PEERS,
                f"""
                  sum without (peer_type, state) (bird_bgp_peers{{state!="Down"}})
                or
                  count without (bird_protocol_instance) (
                    bird_bgp_peer_up{indent(SWITCHED_OFF + LISTENER, " " * 20)}
                  )
                """,
            ),
            Record(
                ESTABLISHED,
                """
                  sum without (peer_type, state) (bird_bgp_peers{state="Established"})
                or
                  sum without (bird_protocol_instance) (bird_bgp_peer_up)
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
                      bird_protocol_info{{proto="BGP", neighbor_address!~".+/.+"}}
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
                  sum without (peer_type) (bird_bgp_routes)
                or
                  sum without (bird_protocol_instance, bird_channel) (
                    bird_routes and on ({PEER}) bird_bgp_peer_up
                  )
                """,
            ),
            Record(
                APPLY_MEAN,
                of_felix(
                    """
                      rate(felix_int_dataplane_apply_time_seconds_sum[10m])
                    /
                      (rate(felix_int_dataplane_apply_time_seconds_count[10m]) > 0)
                    """
                ),
            ),
            Record(APPLY_BUSY, of_felix("rate(felix_int_dataplane_apply_time_seconds_sum[10m])")),
        ),
    ),
)
