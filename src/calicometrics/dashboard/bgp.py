"""The rows about BIRD: the cluster's peers by type and state, and one node in full."""

from __future__ import annotations

from calicometrics.dashboard.grafana import SELECTED, Panel, Query, Row
from calicometrics.rules.records import (
    CLUSTER_PEERS_BY_STATE,
    ESTABLISHED,
    ESTABLISHED_RATIO,
    PEER,
    PEERS,
    PEERS_BY_STATE,
    ROUTES,
)

_NODE = f'{SELECTED}, instance=~"$instance", bird_daemon=~"$daemon"'
_PEERS = f"{PEERS}{{{SELECTED}}}"
_ESTABLISHED = f"{ESTABLISHED}{{{SELECTED}}}"
_LEGEND = "{{instance}} {{bird_protocol_instance}}"
_IS_BGP = f"and on ({PEER}) bird_bgp_peer_up"
_ALARM: dict[float, str] = {1: "red"}


def _number(title: str, expr: str, about: str, thresholds: dict[float, str]) -> Panel:
    return Panel(title, "stat", (Query(expr),), width=4, height=4, about=about, thresholds=thresholds)


CLUSTER = Row(
    "Cluster",
    (
        _number(
            "Nodes watched",
            f"count(group by (cluster, instance) (calicometrics_build_info{{{SELECTED}}}))",
            "Exporters that answer, by their instance label.",
            {},
        ),
        _number(
            "Daemons silent",
            f"count(bird_daemon_up{{{SELECTED}}} == 0) or vector(0)",
            "Control sockets that do not answer.",
            _ALARM,
        ),
        _number(
            "Nodes isolated",
            f"count({_ESTABLISHED} == 0 and {_PEERS} > 0) or vector(0)",
            "Daemons with peers, none of them Established; peers that somebody has shut down do not count.",
            _ALARM,
        ),
        _number(
            "Sessions not Established",
            f"sum({_PEERS}) - sum({_ESTABLISHED})",
            "Each side of a session counts, so one broken mesh session counts twice.",
            _ALARM,
        ),
        Panel(
            "Sessions Established",
            "stat",
            (Query(f"sum({_ESTABLISHED}) / sum({_PEERS})"),),
            width=4,
            height=4,
            unit="percentunit",
            base="red",
            thresholds={0.95: "orange", 1: "green"},
        ),
        _number(
            "Collectors failing",
            f"count(calicometrics_collector_success{{{SELECTED}}} == 0) or vector(0)",
            "What these collectors should have read is missing here.",
            _ALARM,
        ),
        Panel(
            "Peers by type and state",
            "timeseries",
            (
                Query(
                    f"sum by (peer_type, state) ({CLUSTER_PEERS_BY_STATE}{{{SELECTED}}}) > 0",
                    "{{peer_type}} {{state}}",
                ),
            ),
            width=12,
            stacked=True,
            about="From bird_protocols or bgp_summary, whichever runs.",
        ),
        Panel(
            "Daemons with the smallest share of Established sessions",
            "bargauge",
            (Query(f"bottomk(15, {ESTABLISHED_RATIO}{{{SELECTED}}})", "{{instance}} {{bird_daemon}}"),),
            width=6,
            unit="percentunit",
            base="red",
            thresholds={0.95: "orange", 1: "green"},
        ),
        Panel(
            "Routes in BGP sessions",
            "timeseries",
            (
                Query(
                    f"sum by (bird_daemon, bird_route_type) ({ROUTES}{{{SELECTED}}})",
                    "{{bird_daemon}} {{bird_route_type}}",
                ),
            ),
            width=6,
        ),
    ),
)

NODE = Row(
    "Node: $instance",
    (
        Panel(
            "Sessions",
            "state-timeline",
            (Query(f"bird_bgp_peer_up{{{_NODE}}}", _LEGEND),),
            width=12,
            height=10,
            words={0: ("down", "red"), 1: ("Established", "green")},
        ),
        Panel(
            "Peers",
            "table",
            (
                Query(
                    f"""
                      (bird_bgp_state{{{_NODE}}} == 1)
                    * on ({PEER}) group_left (peer_type, neighbor_address, neighbor_as, description)
                      bird_protocol_info{{proto="BGP"}}
                    """
                ),
            ),
            width=12,
            height=10,
            hidden=("Value", "__name__", "job"),
        ),
        Panel(
            "Sessions by type and state",
            "timeseries",
            (
                Query(
                    f"sum by (peer_type, state) ({PEERS_BY_STATE}{{{_NODE}}}) > 0",
                    "{{peer_type}} {{state}}",
                ),
            ),
            stacked=True,
            about="All that bgp_summary tells of a node; bird_protocols fills the other panels.",
        ),
        Panel(
            "Hold timer left",
            "timeseries",
            (
                Query(
                    f"bird_hold_timer_current{{{_NODE}}} / bird_hold_timer_initial{{{_NODE}}}",
                    _LEGEND,
                ),
            ),
            unit="percentunit",
            about="Healthy sessions stay above two thirds; at 0 the session is closed.",
        ),
        Panel(
            "Time since the last change of state",
            "timeseries",
            (
                Query(
                    f"time() - bird_protocol_last_change_timestamp_seconds{{{_NODE}}} {_IS_BGP}",
                    _LEGEND,
                ),
            ),
            unit="s",
            about="BIRD prints a clock time for 20 hours and a date afterwards.",
        ),
        Panel(
            "Last errors by class",
            "timeseries",
            (Query(f"count by (error_class) (bird_bgp_last_error{{{_NODE}}} == 1)", "{{error_class}}"),),
            stacked=True,
        ),
        Panel(
            "Routes imported",
            "timeseries",
            (
                Query(
                    f"""
                    sum without (bird_channel) (bird_routes{{{_NODE}, bird_route_type="imported"}})
                    {_IS_BGP}
                    """,
                    _LEGEND,
                ),
            ),
        ),
        Panel(
            "Routes exported",
            "timeseries",
            (
                Query(
                    f"""
                    sum without (bird_channel) (bird_routes{{{_NODE}, bird_route_type="exported"}})
                    {_IS_BGP}
                    """,
                    _LEGEND,
                ),
            ),
        ),
        Panel(
            "Route changes",
            "timeseries",
            (
                Query(
                    f"""
                    sum by (bird_direction, bird_action, bird_outcome) (
                      rate(bird_route_changes{{{_NODE}}}[$__rate_interval])
                    )
                    """,
                    "{{bird_direction}} {{bird_action}} {{bird_outcome}}",
                ),
            ),
            unit="ops",
        ),
        Panel(
            "Import limits",
            "timeseries",
            (
                Query(
                    f"""
                      sum without (bird_route_type) (bird_routes{{{_NODE}, bird_route_type="imported"}})
                    / ignoring (direction, action) group_right ()
                      (bird_channel_limit{{{_NODE}, direction="import"}} > 0)
                    """,
                    _LEGEND,
                ),
            ),
            unit="percentunit",
            about="Routes in a channel as a share of its import limit; empty where no limit is configured.",
        ),
        Panel(
            "Uptime of the daemons",
            "timeseries",
            (
                Query(
                    f"time() - bird_daemon_last_reboot_timestamp_seconds{{{_NODE}}}",
                    "{{instance}} {{bird_daemon}}",
                ),
            ),
            unit="s",
        ),
        Panel(
            "Daemons",
            "table",
            (Query(f"bird_daemon_info{{{_NODE}}}"),),
            hidden=("Value", "__name__", "job"),
        ),
    ),
)
