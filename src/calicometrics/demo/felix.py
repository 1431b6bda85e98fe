"""The page of a current Felix on a node with the iptables dataplane: its families and what they do over time.

Names, types and labels are Felix' own, odd ones included. As in Felix, families with labels that nothing has used yet
are absent, while counters without labels print 0 whatever the dataplane.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from calicometrics.demo import runtime
from calicometrics.demo.page import Buckets, Constant, Family, Observed, Steps, Wave, render

if TYPE_CHECKING:
    from calicometrics.demo.page import Value

_ZERO = Constant(0)
_NEVER = math.inf
_MILLISECONDS = {"0.001": 0.41, "0.005": 0.86, "0.01": 0.95, "0.1": 0.996, "1": 1.0}
_POD_ROUTES: dict[str, Value] = {f'table="IPv{version}:254"': Wave(14, 17, 420) for version in "46"}
_BURST = 1500.0  # seconds between changes of interfaces, long enough for summaries to forget the one before


def _gauges(**families: tuple[str, Value | dict[str, Value]]) -> list[Family]:
    return [Family(f"felix_{name}", "gauge", *rest) for name, rest in families.items()]


def _counters(**families: tuple[str, Value | dict[str, Value]]) -> list[Family]:
    return [Family(f"felix_{name}", "counter", *rest) for name, rest in families.items()]


def _summaries(**families: tuple[str, Observed]) -> list[Family]:
    return [Family(f"felix_{name}", "summary", *rest) for name, rest in families.items()]


def _histograms(**families: tuple[str, Buckets]) -> list[Family]:
    return [Family(f"felix_{name}", "histogram", *rest) for name, rest in families.items()]


def _by(label: str, **values: Value) -> dict[str, Value]:
    return {f'{label}="{value}"': numbers for value, numbers in values.items()}


def _by_table(filter_: Value, mangle: Value, nat: Value, raw: Value) -> dict[str, Value]:
    """Return a value for each table of iptables, the same for both address families."""
    tables = {"filter": filter_, "mangle": mangle, "nat": nat, "raw": raw}
    return {
        f'ip_version="{version}",table="{table}"': numbers
        for version in "46"
        for table, numbers in tables.items()
    }


_FAMILIES = [
    *_gauges(
        active_local_endpoints=("Endpoints on this node.", Wave(14, 17, 420)),
        active_local_policies=("Policies that apply on this node.", Constant(11)),
        active_local_selectors=("Selectors in use on this node.", Constant(26)),
        bpf_conntrack_cleaned=("Conntrack entries removed by the latest sweep.", _ZERO),
        bpf_conntrack_cleaned_total=("Conntrack entries removed by all sweeps.", _ZERO),
        bpf_conntrack_expired=("Conntrack entries expired in the latest sweep.", _ZERO),
        bpf_conntrack_stale_nat=("Stale NAT entries found by the latest sweep.", _ZERO),
        bpf_conntrack_sweep_duration=("Duration of the latest sweep in nanoseconds.", _ZERO),
        bpf_conntrack_used=("Conntrack entries in use.", _ZERO),
        bpf_dataplane_endpoints=("Endpoints in the BPF dataplane.", _ZERO),
        bpf_dirty_dataplane_endpoints=("Endpoints still to be programmed.", _ZERO),
        bpf_happy_dataplane_endpoints=("Endpoints that are programmed.", _ZERO),
        bpf_num_ip_sets=("IP sets in the BPF dataplane.", _ZERO),
        cluster_num_host_endpoints=("Host endpoints in the cluster.", _ZERO),
        cluster_num_hosts=("Nodes in the cluster.", Constant(7)),
        cluster_num_policies=("Policies in the cluster.", Constant(34)),
        cluster_num_profiles=("Profiles in the cluster.", Constant(21)),
        cluster_num_tiers=("Policy tiers in the cluster.", Constant(3)),
        cluster_num_workload_endpoints=("Workload endpoints in the cluster.", Wave(104, 117, 600)),
        collector_dataplanestats_update_processing_errors_per_minute=("Failed updates a minute.", _ZERO),
        collector_epstats=("Endpoint statistics held.", Wave(120, 170)),
        collector_lookupcache_endpoints=("Endpoints in the lookup cache.", Wave(104, 117, 600)),
        collector_lookupcache_networksets=("Network sets in the lookup cache.", Constant(2)),
        collector_lookupcache_services=("Services in the lookup cache.", Constant(29)),
        collector_lookups_cache_policies=("Policies in the lookup cache.", Constant(34)),
        int_dataplane_initial_resync_time_seconds=(
            "Time of the first complete update.",
            Constant(1.284690173),
        ),
        ipsets_total=("IP sets in use, of Calico and of others.", Constant(38)),
        host=("The node's name as a label.", _by("host", **{"demo-node": Constant(1)})),
        ipsets_calico=("Calico's IP sets.", _by("ip_version", inet=Constant(20), inet6=Constant(18))),
        iptables_chains=(
            "Calico's chains.",
            _by_table(Wave(96, 108, 420), Constant(8), Constant(9), Constant(7)),
        ),
        iptables_rules=(
            "Calico's rules.",
            _by_table(Wave(402, 451, 420), Constant(14), Constant(13), Constant(19)),
        ),
        label_index_num_active_selectors=(
            "Selectors in the label index.",
            _by("optimized", false=Constant(3), true=Constant(31)),
        ),
        label_index_num_endpoints=("Endpoints in the label index.", Wave(104, 117, 600)),
        route_table_num_ifaces=("Interfaces with routes.", _POD_ROUTES),
        route_table_num_routes=("Routes of this node's pods.", _POD_ROUTES),
        resync_state=("State of the datastore: 1 waiting, 2 resyncing, 3 in sync.", Constant(3)),
    ),
    *_counters(
        bpf_conntrack_inforeader_blocks=("Times that the reader had to wait.", _ZERO),
        bpf_conntrack_stale_nat_total=("Stale NAT entries found by all sweeps.", _ZERO),
        bpf_conntrack_sweeps=("Sweeps of the conntrack table.", _ZERO),
        bpf_events_collector_blocks=("Times that the event reader had to wait.", _ZERO),
        calc_graph_updates_processed=(
            "Datastore updates by kind.",
            _by(
                "type",
                BlockAffinityKey=Steps(900, first=14),
                GlobalConfigKey=Constant(12),
                HostConfigKey=Constant(31),
                HostIPKey=Constant(7),
                IPPoolKey=Constant(2),
                PolicyKey=Steps(20_000, first=34),
                ProfileLabelsKey=Constant(21),
                ProfileRulesKey=Constant(21),
                ReadyFlagKey=Constant(1),
                WorkloadEndpointKey=Steps(6, first=109),
            ),
        ),
        calc_graph_output_events=("Events from the calculation graph.", Steps(7, first=861)),
        int_dataplane_failures=(
            "Updates of the dataplane that failed and were tried again.",
            Steps(50_000, first=1),
        ),
        int_dataplane_messages=(
            "Messages to the dataplane by kind.",
            _by(
                "type",
                ActivePolicyUpdate=Steps(20_000, first=11),
                ConfigUpdate=Constant(1),
                HostMetadataUpdate=Constant(7),
                IPAMPoolUpdate=Constant(2),
                IPSetDeltaUpdate=Steps(31, first=96),
                InSync=Constant(1),
                RouteUpdate=Steps(50, first=208),
                WorkloadEndpointUpdate=Steps(140, first=15),
            ),
        ),
        ipset_calls=("Runs of ipset.", Steps(300, first=4)),
        ipset_errors=("Runs of ipset that failed.", _ZERO),
        ipset_lines_executed=("Operations on IP sets.", Steps(31, 2, 164)),
        iptables_lines_executed=(
            "Changes of rules.",
            _by_table(Steps(45, 6, 611), Constant(22), Steps(900, 2, 31), Constant(24)),
        ),
        iptables_restore_calls=("Runs of iptables-restore.", Steps(45, first=9)),
        iptables_restore_errors=("Runs of iptables-restore that failed.", Steps(90_000)),
        iptables_save_calls=("Runs of iptables-save.", Steps(90, 8, 16)),
        iptables_save_errors=("Runs of iptables-save that failed.", _ZERO),
        label_index_selector_evals=(
            "Evaluations of selectors.",
            _by("result", false=Steps(4, 3, 512), true=Steps(4, 2, 402)),
        ),
        label_index_strategy_evals=(
            "Evaluations of selectors by strategy.",
            _by("strategy", **{"endpoint-full-scan": Steps(7, first=88), "parent-single-value": Steps(60)}),
        ),
        log_errors=("Log lines that could not be written.", _ZERO),
        logs_dropped=("Log lines dropped because the output was blocked.", _ZERO),
        nft_calls=("Runs of nft.", _ZERO),
        nft_errors=("Runs of nft that failed.", _ZERO),
        nft_list_calls=("Listings by nft.", _ZERO),
        nft_list_errors=("Listings by nft that failed.", _ZERO),
        nft_set_calls=("Runs of nft for sets.", _ZERO),
        nft_set_errors=("Runs of nft for sets that failed.", _ZERO),
        resyncs_started=("Times that the datastore was read from the beginning.", Constant(1)),
    ),
    *_summaries(
        bpf_conntrack_cleaner_seconds=("Time of the conntrack cleaner.", Observed(0.002, _NEVER)),
        calc_graph_update_time_seconds=("Time of one datastore update.", Observed(0.00012, 3, 1, 740)),
        exec_time_micros=(
            "Time to start another program, in microseconds.",
            Observed(2900, 20, 2, 61, decimals=3),
        ),
        int_dataplane_addr_msg_batch_size=(
            "Address messages in a batch.",
            Observed(1, _BURST, 4, 23, decimals=0),
        ),
        int_dataplane_apply_time_seconds=("Time of one update of the dataplane.", Observed(0.0041, 9, 1, 31)),
        int_dataplane_iface_msg_batch_size=(
            "Interface messages in a batch.",
            Observed(1, _BURST, 6, 41, decimals=0),
        ),
        int_dataplane_msg_batch_size=("Messages in a batch.", Observed(1.6, 15, 1, 12, decimals=0)),
        route_table_conntrack_wait_seconds=("Time spent waiting for conntrack.", Observed(0.00002, _NEVER)),
        route_table_partial_resync_seconds=(
            "Time of a resync of one interface.",
            Observed(0.0003, _BURST, 1, 17),
        ),
        route_table_resync_seconds=("Time of a resync of a whole table.", Observed(0.0007, 90, 2, 2)),
    ),
    *_histograms(
        collector_conntrack_processing_latency_seconds=(
            "Time of a conntrack dump.",
            Buckets(5, 0.0024, _MILLISECONDS),
        ),
        collector_dataplanestats_update_processing_latency_seconds=(
            "Time of an update of statistics.",
            Buckets(_NEVER, 0.001, _MILLISECONDS),
        ),
        collector_dumpstats_latency_seconds=(
            "Time of a dump of statistics.",
            Buckets(10, 0.0011, _MILLISECONDS),
        ),
    ),
]


def page(booted: float, now: float, seed: int = 0) -> str:
    """Return Felix' page.

    Args:
        booted: When Felix started, in seconds since the epoch.
        now: The time of the page, in seconds since the epoch.
        seed: Decides on everything that looks like chance.
    """
    families = sorted((*_FAMILIES, *runtime.families(booted)), key=lambda family: family.name)
    return render(families, str(seed), now - booted)
