"""The Grafana dashboard, made from code so that it can be reviewed, tested and changed in one place."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from calicometrics.dashboard import bgp, felix, itself
from calicometrics.dashboard.grafana import SELECTED, Dashboard, Variable

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["DASHBOARD", "expressions", "render"]

DASHBOARD = Dashboard(
    uid="calicometrics",
    title="Calico: BGP and Felix",
    about="BIRD's sessions and Felix' dataplane; needs the recording rules of calicometrics.",
    tags=("bgp", "bird", "calico", "felix"),
    variables=(
        Variable("cluster", "Cluster", "calicometrics_build_info", "cluster"),
        # One by default: a mesh of n nodes has n² sessions.
        Variable("instance", "Exporter", f"calicometrics_build_info{{{SELECTED}}}", "instance", all=False),
        Variable("daemon", "Daemon", f"bird_daemon_up{{{SELECTED}}}", "bird_daemon"),
        Variable("felix", "Felix", f"felix_resync_state{{{SELECTED}}}", "instance"),
    ),
    rows=(bgp.CLUSTER, bgp.NODE, felix.HEALTH, felix.NFTABLES, felix.EBPF, felix.IPTABLES, itself.EXPORTER),
)


def render() -> str:
    """Return the dashboard as the JSON that Grafana imports or provisions."""
    return json.dumps(DASHBOARD.json(), indent=2, ensure_ascii=False) + "\n"


def expressions() -> Iterator[str]:
    """Yield the PromQL of every panel, with Grafana's variables replaced by all values and a minute."""
    for row in DASHBOARD.rows:
        for panel in row.panels:
            for query in panel.queries:
                text = query.expr.replace("$__rate_interval", "1m")
                for variable in DASHBOARD.variables:
                    text = text.replace(f"${variable.name}", ".*")
                yield text
