"""Alerts about the exporter: when it is blind, silence of the others means nothing."""

from __future__ import annotations

from calicometrics.rules.model import Alert, Group

JOBS = "bird-exporter|calicometrics|.+/calicometrics"
"""The jobs that scrape us: the founding document's, that of deploy/, and what a PodMonitor makes (namespace/name)."""

CLUSTER = (
    Alert(
        "CalicometricsAbsent",
        "absent(calicometrics_build_info)",
        "critical",
        "No calicometrics is scraped at all",
        "Not one exporter answers: it is not deployed, not discovered, or kept out by a network policy.",
        hold="10m",
    ),
    Alert(
        "CalicometricsNodesMissing",
        """
          max by (cluster) (felix_cluster_num_hosts)
        >
          count by (cluster) (group by (cluster, instance) (calicometrics_build_info))
        """,
        "warning",
        "Felix knows {{ $value }} hosts, and not all of them have a calicometrics",
        "Nodes without an exporter have no BGP series that could alert: look for missing tolerations, "
        "unready pods, and nodes that Calico still remembers.",
        hold="15m",
    ),
)

GROUPS = (
    Group(
        "calicometrics.itself",
        (
            Alert(
                "CalicometricsDown",
                f'up{{job=~"{JOBS}"}} == 0',
                "warning",
                "calicometrics on {{ $labels.instance }} cannot be scraped",
                "For 5 minutes nothing has been known of this node's BIRD. When its BGP sessions are down and the "
                "exporter sits in the pod network, this is how an isolated node looks.",
                hold="5m",
            ),
            Alert(
                "CalicometricsCollectorFailing",
                "calicometrics_collector_success == 0",
                "warning",
                "Collector {{ $labels.collector }} fails on {{ $labels.instance }}",
                "It has not read everything it wanted for 5 minutes; the exporter's log and status page say why.",
                hold="5m",
            ),
        ),
    ),
)
