"""Alerts about Felix: whether it answers, is in sync, and programs the dataplane, whichever dataplane that is."""

from __future__ import annotations

from calicometrics.rules.model import Alert, Group
from calicometrics.rules.records import APPLY_BUSY, of_felix

JOBS = "calico-node|calico-felix-metrics|felix-metrics-svc"
"""The jobs that scrape Felix: the founding document's, and the Services of deploy/ and of Calico's own docs."""

_NODE = "Felix on {{ $labels.instance }}"


def repeated(series: str) -> str:
    """Return PromQL for a counter that counted more than 5 errors within the hour, and still counts.

    The threshold is the founding document's; the second half lets the alert end a quarter of an hour after the last
    error instead of an hour.
    """
    return of_felix(f"increase({series}[1h]) > 5 and increase({series}[15m]) > 0")


def _each(label: str, counters: dict[str, str]) -> str:
    """Return PromQL for several such counters, told apart by a label."""
    return "\nor\n".join(
        f'label_replace({repeated(counter)}, "{label}", "{value}", "", "")'
        for value, counter in counters.items()
    )


def _batch_mean(what: str) -> str:
    name = f"felix_int_dataplane_{what}_msg_batch_size"
    mean = of_felix(f"rate({name}_sum[10m]) / rate({name}_count[10m]) > 50")
    return f'label_replace({mean}, "batch", "{what}", "", "")'


HEALTH = (
    Alert(
        "FelixDown",
        f'up{{job=~"{JOBS}"}} == 0',
        "critical",
        f"{_NODE} cannot be scraped",
        "For 5 minutes its metrics page has not answered: Felix is dead or hung, the node is gone, "
        "or its metrics are switched off.",
        hold="5m",
    ),
    Alert(
        "FelixNotInSync",
        of_felix("felix_resync_state != 3"),
        "critical",
        f"{_NODE} is not in sync with the datastore",
        "Its state has been {{ $value }} for 5 minutes (0 never reported, 1 waits for the datastore, 2 resync in "
        "progress, 3 in sync). Policy and routes of the node are as old as that.",
        hold="5m",
    ),
)

DATAPLANE = (
    Alert(
        "FelixDataplaneFailures",
        repeated("felix_int_dataplane_failures"),
        "critical",
        f"{_NODE} fails to program the dataplane",
        "{{ $value | humanize }} updates failed within the last hour and it still happens; Felix retries, so policy on "
        "this node lags behind or is stuck.",
    ),
    Alert(
        "FelixDataplaneSlow",
        of_felix('felix_int_dataplane_apply_time_seconds{quantile="0.99"} > 5'),
        "warning",
        f"{_NODE} takes long to apply dataplane updates",
        "The slowest hundredth of the updates takes {{ $value | humanizeDuration }}: new pods wait for their network.",
        hold="15m",
    ),
    Alert(
        "FelixDataplaneSaturated",
        f"{APPLY_BUSY} > 0.7",
        "warning",
        f"{_NODE} is busy programming the dataplane",
        "It spends {{ $value | humanizePercentage }} of its time applying updates; beyond that it falls behind.",
        hold="10m",
    ),
    Alert(
        "FelixMessageBatchesLarge",
        f"{_batch_mean('addr')}\nor\n{_batch_mean('iface')}",
        "info",
        f"{_NODE} receives {{{{ $labels.batch }}}} updates in large batches",
        "The mean over the last 10 minutes is {{ $value | humanize }} messages a batch: interfaces or addresses "
        "change faster than Felix takes them.",
        hold="10m",
    ),
    Alert(
        "FelixIpsetErrors",
        repeated("felix_ipset_errors"),
        "warning",
        f"{_NODE} sees ipset fail",
        "{{ $value | humanize }} ipset commands failed within the last hour and it still happens.",
    ),
    Alert(
        "FelixIptablesErrors",
        _each("command", {"save": "felix_iptables_save_errors", "restore": "felix_iptables_restore_errors"}),
        "warning",
        f"{_NODE} sees iptables-{{{{ $labels.command }}}} fail",
        "{{ $value | humanize }} calls failed within the last hour and it still happens.",
    ),
    Alert(
        "FelixNftablesErrors",
        _each(
            "operation",
            {
                "transaction": "felix_nft_errors",
                "set": "felix_nft_set_errors",
                "list": "felix_nft_list_errors",
            },
        ),
        "warning",
        f"{_NODE} sees nftables {{{{ $labels.operation }}}} operations fail",
        "{{ $value | humanize }} operations failed within the last hour and it still happens. "
        "The iptables counters stay at 0 in this mode.",
    ),
    Alert(
        "FelixEbpfEndpointsDirty",
        of_felix("felix_bpf_dirty_dataplane_endpoints > 0"),
        "warning",
        f"{_NODE} has eBPF endpoints that are not programmed",
        "For 10 minutes there have been endpoints without up-to-date programs, now {{ $value }}; "
        "policy is not enforced on them as configured.",
        hold="10m",
    ),
    Alert(
        "FelixEbpfEventsLost",
        of_felix('rate(felix_bpf_events{type="lost"}[5m]) > 0'),
        "warning",
        f"{_NODE} loses eBPF events",
        "{{ $value | humanize }} events a second are overwritten before Felix reads them: flow logs and policy "
        "statistics have gaps.",
        hold="10m",
    ),
)

CLUSTER = (
    Alert(
        "FelixMissing",
        """
          max by (cluster) (felix_cluster_num_hosts)
        >
          count by (cluster) (group by (cluster, instance) (felix_cluster_num_hosts))
        """,
        "warning",
        "Felix knows {{ $value }} hosts, and not all of them are scraped",
        "Nodes without a scrape have no series that could alert. A node that was removed from Kubernetes and is still "
        "in Calico's datastore counts as well.",
        hold="15m",
    ),
)

GROUPS = (Group("calicometrics.felix", (*HEALTH, *DATAPLANE)),)
