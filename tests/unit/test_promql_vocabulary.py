"""Rules and dashboard ask only for series that exist: names and labels of every expression against the exporters'."""

import re
from pathlib import Path

import pytest

from calicometrics import dashboard, rules
from calicometrics.builtin import register_collectors
from calicometrics.own_families import OWN_FAMILIES

FELIX_FAMILIES = Path(__file__).parents[1] / "rules" / "felix-families.txt"
# The names that alerts and dashboards may count on, whichever collector exports them.
BIRD = {
    "bird_daemon_up": {"bird_daemon"},
    "bird_daemon_info": {"bird_daemon", "version", "router_id", "hostname"},
    "bird_daemon_last_reboot_timestamp_seconds": {"bird_daemon"},
    "bird_daemon_graceful_restart_in_progress": {"bird_daemon"},
    "bird_bgp_peers": {"bird_daemon", "peer_type", "state"},
    "bird_bgp_routes": {"bird_daemon", "peer_type", "bird_route_type"},
    "bird_bgp_peer_up": {"bird_daemon", "bird_protocol_instance"},
    "bird_bgp_state": {"bird_daemon", "bird_protocol_instance", "bird_bgp_state"},
    "bird_bgp_last_error": {"bird_daemon", "bird_protocol_instance", "error_class"},
    "bird_protocol_info": {
        "bird_daemon",
        "bird_protocol_instance",
        "proto",
        "table",
        "peer_type",
        "neighbor_address",
        "neighbor_as",
        "local_as",
        "description",
    },
    "bird_protocol_last_change_timestamp_seconds": {"bird_daemon", "bird_protocol_instance"},
    "bird_hold_timer_current": {"bird_daemon", "bird_protocol_instance"},
    "bird_hold_timer_initial": {"bird_daemon", "bird_protocol_instance"},
    "bird_routes": {"bird_daemon", "bird_protocol_instance", "bird_channel", "bird_route_type"},
    "bird_route_changes": {
        "bird_daemon",
        "bird_protocol_instance",
        "bird_channel",
        "bird_direction",
        "bird_action",
        "bird_outcome",
    },
    "bird_channel_limit": {"bird_daemon", "bird_protocol_instance", "bird_channel", "direction", "action"},
    "bird_channel_limit_hit": {
        "bird_daemon",
        "bird_protocol_instance",
        "bird_channel",
        "direction",
        "action",
    },
}
PROMETHEUS = {"up", "scrape_samples_scraped"}
# What Prometheus' discovery and its operator give to targets, and what people tell their clusters by.
TARGET_LABELS = {"job", "instance", "cluster", "namespace", "service", "pod", "container", "endpoint"}
MADE_LABELS = {"batch", "command", "operation", "quantile"}
"""Labels that expressions make themselves, and the one of every summary."""
KEYWORDS = {"and", "or", "unless", "offset"}


def felix():
    families = {}
    for line in FELIX_FAMILIES.read_text().splitlines():
        if not line.startswith("#"):
            name, kind, *labels = line.split()
            families[name] = set(labels)
            if kind == "summary":
                families |= {f"{name}_sum": set(labels), f"{name}_count": set(labels)}
    return families


def vocabulary():
    own = {spec.name: set(spec.all_label_names) for spec in OWN_FAMILIES}
    records = {
        rule.name: set() for group in rules.groups() for rule in group.rules if isinstance(rule, rules.Record)
    }
    return BIRD | own | felix() | records | {name: set() for name in PROMETHEUS}


EXPRESSIONS = {
    **{
        rule.name: rule.expr
        for original in (False, True)
        for group in rules.groups(original=original)
        for rule in group.rules
    },
    **{f"panel {number}": text for number, text in enumerate(dashboard.expressions())},
}


def names_and_labels(expression):
    text = re.sub(r'"(?:[^"\\]|\\.)*"', '""', expression)
    labels = set(re.findall(r"(\w+)\s*(?:=~|!~|!=|=)\s*\"\"", text))
    text = re.sub(r"\{[^}]*\}|\[[^]]*\]", " ", text)
    for listed in re.findall(r"\b(?:by|without|on|ignoring|group_left|group_right)\s*\(([^)]*)\)", text):
        labels |= set(re.findall(r"\w+", listed))
    text = re.sub(r"\b(?:by|without|on|ignoring|group_left|group_right)\s*\([^)]*\)", " ", text)
    words = re.findall(r"(?<![\w.])([a-zA-Z_:][\w:]*+)(?!\s*\()", text)
    functions = set(re.findall(r"([a-zA-Z_]\w*)\s*\(", text))
    return {word for word in words if word.lower() not in KEYWORDS} - functions, labels


@pytest.mark.parametrize("name", EXPRESSIONS)
def test_an_expression_asks_for_known_series_by_known_labels(name):
    known = vocabulary()
    series, labels = names_and_labels(EXPRESSIONS[name])
    assert series, EXPRESSIONS[name]
    assert series <= set(known)
    through_records = {"bird_daemon", "bird_route_type", "peer_type", "state"}
    allowed = set().union(TARGET_LABELS, MADE_LABELS, through_records, *(known[one] for one in series))
    assert labels <= allowed


def test_the_vocabulary_check_sees_wrong_names_and_labels():
    series, labels = names_and_labels(
        'sum by (nod) (rate(felix_bogus{typ="x"}[5m])) > 1 and on (peer) up offset 5m'
    )
    assert series == {"felix_bogus", "up"}
    assert labels == {"nod", "typ", "peer"}


def test_the_built_in_collectors_declare_these_names_with_these_labels():
    declared = {
        spec.name: set(spec.all_label_names)
        for collector in register_collectors()
        for spec in collector.families
    }
    assert {name: declared[name] for name in BIRD if name in declared} == {
        name: labels for name, labels in BIRD.items() if name in declared
    }
    assert "bird_routes" in declared
