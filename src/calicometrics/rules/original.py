"""The founding document's eight rules, with its errata applied: what they ask is unchanged.

The names are spelled as the metrics are (the document's tables break some with blanks, and its metric table writes
``data_plane``). The first six came with the Prometheus chart of OpenStack-Helm, where all of them page.
"""

from __future__ import annotations

from calicometrics.rules.model import Alert, Group


def _errors(name: str, metric: str, what: str) -> Alert:
    return Alert(
        name,
        f"absent({metric}) OR increase({metric}[1h]) > 5",
        "page",
        f"A high number of {what} within Felix are happening",
        f"Felix instance {{{{ $labels.instance }}}} has seen {{{{ $value }}}} {what} within the last hour",
        runbook=f"original.md#{name}",
    )


def _batches(name: str, metric: str, what: str) -> Alert:
    return Alert(
        name,
        f"absent({metric}_sum) OR absent({metric}_count) OR ({metric}_sum / {metric}_count) > 5",
        "page",
        f"Felix {what} message batch size is higher",
        f"Felix instance {{{{ $labels.instance }}}} has seen a high value of {{{{ $value }}}} "
        f"for {what} message batch size",
        hold="5m",
        runbook=f"original.md#{name}",
    )


GROUPS = (
    Group(
        "calico.rules",
        (
            _errors(
                "calico_dataplane_failures_high_1h", "felix_int_dataplane_failures", "dataplane failures"
            ),
            _batches(
                "calico_dataplane_address_msg_batch_size_high_5m",
                "felix_int_dataplane_addr_msg_batch_size",
                "address",
            ),
            _batches(
                "calico_dataplane_iface_msg_batch_size_high_5m",
                "felix_int_dataplane_iface_msg_batch_size",
                "interface",
            ),
            _errors("calico_ipset_errors_high_1h", "felix_ipset_errors", "ipset errors"),
            _errors(
                "calico_iptable_save_errors_high_1h", "felix_iptables_save_errors", "iptable save errors"
            ),
            _errors(
                "calico_iptable_restore_errors_high_1h",
                "felix_iptables_restore_errors",
                "iptable restore errors",
            ),
            Alert(
                "calico_node_down_5m",
                'up{job="calico-node"} == 0',
                "critical",
                "Felix is down",
                "Felix on {{ $labels.instance }} has seen down for more than 5 minutes",
                hold="5m",
                runbook="original.md#calico_node_down_5m",
            ),
        ),
    ),
    Group(
        "bird.rules",
        (
            Alert(
                "bird_bgp_state_inactive_3m",
                'bird_bgp_state{bird_bgp_state!="Established"} == 1',
                "warn",
                "BGP connection fails",
                "{{ $labels.instance }} has inactive BGP connection to "
                "{{ $labels.bird_protocol_instance }} for more than 3 minutes",
                hold="3m",
                runbook="original.md#bird_bgp_state_inactive_3m",
            ),
        ),
    ),
)
