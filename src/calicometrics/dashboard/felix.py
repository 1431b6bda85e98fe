"""The rows about Felix: its health, and the three dataplanes, two of which Calico's own dashboard leaves out."""

from __future__ import annotations

from calicometrics.dashboard.grafana import SELECTED, Panel, Query, Row
from calicometrics.rules.records import APPLY_BUSY, APPLY_MEAN, of_felix

_F = f'{SELECTED}, instance=~"$felix"'
_LEGEND = "{{instance}}"


def _rates(title: str, *counters: str, width: int = 8, about: str = "") -> Panel:
    """Return a panel of counters per second, the instances added up."""
    return Panel(
        title,
        "timeseries",
        tuple(
            Query(
                f"sum({of_felix(f'rate({counter}{{{_F}}}[$__rate_interval])')})",
                counter.removeprefix("felix_"),
            )
            for counter in counters
        ),
        width=width,
        unit="ops",
        about=about,
    )


def _gauges(
    title: str, *queries: tuple[str, str], width: int = 8, unit: str = "short", about: str = ""
) -> Panel:
    return Panel(
        title,
        "timeseries",
        tuple(Query(expr, legend) for expr, legend in queries),
        width=width,
        unit=unit,
        about=about,
    )


def _sum(name: str, *labels: str) -> tuple[str, str]:
    by = f" by ({', '.join(labels)})" if labels else ""
    legend = " ".join((name.removeprefix("felix_"), *(f"{{{{{label}}}}}" for label in labels)))
    return f"sum{by} ({of_felix(f'{name}{{{_F}}}')})", legend


def _rates_by_type(counter: str) -> tuple[str, str]:
    return f"sum by (type) ({of_felix(f'rate({counter}{{{_F}}}[$__rate_interval])')})", "{{type}}"


HEALTH = Row(
    "Felix",
    (
        Panel(
            "Datastore",
            "state-timeline",
            (Query(of_felix(f"felix_resync_state{{{_F}}}"), _LEGEND),),
            words={
                0: ("never reported", "purple"),
                1: ("waits", "red"),
                2: ("resync", "orange"),
                3: ("in sync", "green"),
            },
        ),
        _gauges(
            "Dataplane update, mean of 10 minutes",
            (f"{APPLY_MEAN}{{{_F}}}", _LEGEND),
            unit="s",
            about="An idle Felix has none.",
        ),
        _gauges(
            "Dataplane update, slowest hundredth",
            (of_felix(f'felix_int_dataplane_apply_time_seconds{{{_F}, quantile="0.99"}}'), _LEGEND),
            unit="s",
            about="Over Felix' own window of ten minutes.",
        ),
        _gauges("Busy applying updates", (f"{APPLY_BUSY}{{{_F}}}", _LEGEND), unit="percentunit"),
        _rates(
            "Failures",
            "felix_int_dataplane_failures",
            "felix_ipset_errors",
            "felix_iptables_save_errors",
            "felix_iptables_restore_errors",
            "felix_log_errors",
        ),
        _gauges(
            "Calculation graph, slowest hundredth",
            (of_felix(f'felix_calc_graph_update_time_seconds{{{_F}, quantile="0.99"}}'), _LEGEND),
            unit="s",
        ),
        _gauges(
            "Dataplane messages",
            _rates_by_type("felix_int_dataplane_messages"),
            unit="ops",
        ),
        _gauges(
            "Active on the nodes",
            _sum("felix_active_local_endpoints"),
            _sum("felix_active_local_policies"),
            _sum("felix_active_local_selectors"),
        ),
        _gauges(
            "Cluster",
            (f"max(felix_cluster_num_hosts{{{SELECTED}}})", "hosts"),
            (f"max(felix_cluster_num_workload_endpoints{{{SELECTED}}})", "workload endpoints"),
            (f"max(felix_cluster_num_host_endpoints{{{SELECTED}}})", "host endpoints"),
            (f"max(felix_cluster_num_policies{{{SELECTED}}})", "policies"),
        ),
        _gauges(
            "Routes programmed",
            _sum("felix_route_table_num_routes", "table"),
            about="From Calico 3.29 on.",
        ),
    ),
)

IPTABLES = Row(
    "Dataplane: iptables",
    (
        _gauges("Rules", _sum("felix_iptables_rules", "ip_version", "table")),
        _gauges("IP sets", _sum("felix_ipsets_calico", "ip_version"), _sum("felix_ipsets_total")),
        _rates("Calls", "felix_iptables_save_calls", "felix_iptables_restore_calls", "felix_ipset_calls"),
    ),
    folded=True,
)

NFTABLES = Row(
    "Dataplane: nftables",
    (
        _gauges(
            "Rules and chains",
            _sum("felix_nft_rules", "ip_version"),
            _sum("felix_nft_chains", "ip_version"),
        ),
        _gauges("Sets and maps", _sum("felix_nft_sets", "ip_version"), _sum("felix_nft_maps", "ip_version")),
        _rates("Calls", "felix_nft_calls", "felix_nft_set_calls", "felix_nft_list_calls"),
        _rates("Errors", "felix_nft_errors", "felix_nft_set_errors", "felix_nft_list_errors"),
    ),
    folded=True,
)

EBPF = Row(
    "Dataplane: eBPF",
    (
        _gauges(
            "Endpoints",
            _sum("felix_bpf_dataplane_endpoints"),
            _sum("felix_bpf_happy_dataplane_endpoints"),
            _sum("felix_bpf_dirty_dataplane_endpoints"),
            about="Interfaces with programs, hosts' own among them; workloads that are programmed; what waits for it.",
        ),
        _gauges(
            "Events",
            _rates_by_type("felix_bpf_events"),
            unit="ops",
            about="`lost` were overwritten before Felix read them.",
        ),
        _gauges("Conntrack entries", _sum("felix_bpf_conntrack_used"), _sum("felix_bpf_conntrack_cleaned")),
        _gauges(
            "Conntrack sweep",
            (f"max(felix_bpf_conntrack_sweep_duration{{{_F}}})", "slowest node"),
            unit="ns",
        ),
        _gauges("IP sets", _sum("felix_bpf_num_ip_sets")),
    ),
    folded=True,
)
