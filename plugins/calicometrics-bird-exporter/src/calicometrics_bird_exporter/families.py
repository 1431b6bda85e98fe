"""The families of bird_exporter 1.4: names, labels, types and help texts as it prints them (all of them gauges)."""

from __future__ import annotations

from itertools import product

from calicometrics import FamilySpec

SHARED = ("export_filter", "import_filter", "ip_version", "name", "proto")
_SESSION = ("interface", "ip", "name")
_AREA = ("area", "name")

UP = FamilySpec("bird_protocol_up", "gauge", "Protocol is up", (*SHARED, "state"))
UPTIME = FamilySpec("bird_protocol_uptime", "gauge", "Uptime of the protocol in seconds", SHARED)
IMPORTED = FamilySpec("bird_protocol_prefix_import_count", "gauge", "Number of imported routes", SHARED)
EXPORTED = FamilySpec("bird_protocol_prefix_export_count", "gauge", "Number of exported routes", SHARED)
FILTERED = FamilySpec("bird_protocol_prefix_filter_count", "gauge", "Number of filtered routes", SHARED)
PREFERRED = FamilySpec("bird_protocol_prefix_preferred_count", "gauge", "Number of preferred routes", SHARED)

# The words of the names → the words of the models.
ACTIONS = {"update": "updates", "withdraw": "withdraws"}
OUTCOMES = {
    "receive": "received",
    "reject": "rejected",
    "filter": "filtered",
    "ignore": "ignored",
    "accept": "accepted",
}
_RECEIVED = {
    ("import", "update"): "received updates",
    ("import", "withdraw"): "received withdraws",
    ("export", "update"): "sent updates",
    ("export", "withdraw"): "outgoing withdraws",
}


def _help(action: str, direction: str, outcome: str) -> str:
    if outcome == "receive":
        return f"Number of {_RECEIVED[direction, action]}"
    way = "incoming" if direction == "import" else "outgoing"
    return f"Number of {way} {ACTIONS[action]} being {OUTCOMES[outcome]}"


CHANGES = {
    (action, direction, outcome): FamilySpec(
        f"bird_protocol_changes_{action}_{direction}_{outcome}_count",
        "gauge",
        _help(action, direction, outcome),
        SHARED,
    )
    for action, direction, outcome in product(ACTIONS, ("import", "export"), OUTCOMES)
}

BFD_UP = FamilySpec("bird_bfd_session_up", "gauge", "Session is up", _SESSION)
BFD_UPTIME = FamilySpec("bird_bfd_session_uptime_seconds", "gauge", "Session uptime in seconds", _SESSION)
BFD_INTERVAL = FamilySpec("bird_bfd_session_interval_seconds", "gauge", "Session uptime in seconds", _SESSION)
BFD_TIMEOUT = FamilySpec("bird_bfd_session_timeout_seconds", "gauge", "Session timeout in seconds", _SESSION)

_RUNNING = "State of OSPF: 0 = Alone, 1 = Running (Neighbor-Adjacencies established)"
OSPF = {
    version: (
        FamilySpec(f"bird_{version}_running", "gauge", _RUNNING, ("name",)),
        FamilySpec(f"bird_{version}_interface_count", "gauge", "Number of interfaces in the area", _AREA),
        FamilySpec(f"bird_{version}_neighbor_count", "gauge", "Number of neighbors in the area", _AREA),
        FamilySpec(
            f"bird_{version}_neighbor_adjacent_count",
            "gauge",
            "Number of adjacent neighbors in the area",
            _AREA,
        ),
    )
    for version in ("ospf", "ospfv3")
}

ALL = (
    UP,
    UPTIME,
    IMPORTED,
    EXPORTED,
    FILTERED,
    PREFERRED,
    *CHANGES.values(),
    BFD_UP,
    BFD_UPTIME,
    BFD_INTERVAL,
    BFD_TIMEOUT,
    *(spec for specs in OSPF.values() for spec in specs),
)
