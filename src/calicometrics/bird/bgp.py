"""BGP as a protocol kind: the lines that ``bgp_show_proto_info`` of ``proto/bgp/bgp.c`` prints."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from calicometrics.bird import grammar
from calicometrics.bird.kinds import ProtocolKind
from calicometrics.bird.model import BgpChannel, BgpSession, Capability

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pyparsing as pp


def _named(name: str, value: str | None) -> tuple[str, str]:
    return name.rstrip(), (value or "").strip()


def _capability(tokens: pp.ParseResults) -> Capability:
    (name, value), *parameters = tokens
    return Capability(name, value, tuple(parameters))


# --- Capabilities (2.x, 3.x): names, each with its indented parameters --------------------------------------------

_NAMED = r"([^\s:][^:\n]*)(?::([^\n]*))?"
CAPABILITY_NAME = grammar.Value("a capability", r"\n" + _NAMED, _named)  # Hostname: node-a
PARAMETER = grammar.Value("a parameter", r"\n +" + _NAMED, _named)  # AF announced: ipv4 ipv6
CAPABILITY = (CAPABILITY_NAME + PARAMETER[...]).add_parse_action(_capability)
CAPABILITIES = CAPABILITY[...].add_parse_action(lambda tokens: [tuple(tokens)]).leave_whitespace()

CAPABILITY_WORDS = grammar.Value(
    "capabilities", r".*", lambda text: tuple(map(Capability, text.split()))
)  # refresh enhanced-refresh restart-able AS4 add-path-rx
PENDING = grammar.Value(
    "pending attribute sets and prefixes",
    r"(\d+) attribute sets with total (\d+) prefixes to send",
    lambda sets, prefixes: (int(sets), int(prefixes)),
)  # 0 attribute sets with total 0 prefixes to send

SESSION: grammar.Fields = {
    "BGP state": ("state", grammar.BGP_STATE),  # Established
    "Neighbor address": ("neighbor_address", grammar.ADDRESS),  # fe80::9%eth0
    "Neighbor port": ("neighbor_port", grammar.NUMBER),  # 1179
    "Neighbor range": ("neighbor_range", grammar.ADDRESS),  # 10.10.0.0/24
    "Neighbor AS": ("neighbor_as", grammar.NUMBER),  # 4200000001
    "Local AS": ("local_as", grammar.NUMBER),  # 64512
    "Neighbor graceful restart active": ("graceful_restart_active", grammar.FLAG),
    "Error wait": ("error_wait", grammar.TIMER),  # 3.123/5
    "Connect delay": ("connect_delay", grammar.TIMER),  # 0.735/2
    "Start delay": ("connect_delay", grammar.TIMER),  # its name before 1.4
    "Restart timer": ("restart_timer", grammar.TIMER),  # 12/-
    "LL stale timer": ("stale_timer", grammar.TIMER),  # 5/-
    "Neighbor ID": ("neighbor_id", grammar.WORD),  # 10.9.0.2
    "Neighbor caps": ("neighbor_capabilities", CAPABILITY_WORDS),  # refresh restart-aware AS4
    "Local capabilities": ("local_capabilities", grammar.Block(CAPABILITIES)),
    "Neighbor capabilities": ("neighbor_capabilities", grammar.Block(CAPABILITIES)),
    "Session": ("session", grammar.WORDS),  # internal multihop AS4
    "Source address": ("source_address", grammar.WORD),  # 10.9.0.1
    "Route limit": ("route_limit", grammar.USED_OF),  # 3/100
    "Hold timer": ("hold_timer", grammar.TIMER),  # 190.736/240
    "Keepalive timer": ("keepalive_timer", grammar.TIMER),  # 40.073/80
    "Send hold timer": ("send_hold_timer", grammar.TIMER),  # 432.259/480
    "TX pending": ("tx_pending", grammar.BYTES),  # 0 bytes
    "Last error": ("last_error", grammar.TEXT),  # BGP Error: Bad peer AS
}

CHANNEL: grammar.Fields = {
    "Neighbor GR": ("neighbor_gr", grammar.TEXT),  # Active
    "LL stale timer": ("stale_timer", grammar.TIMER),  # 5.000/-
    "BGP Next hop": ("next_hop", grammar.ADDRESSES),  # fd00:9::1
    "IGP IPv4 table": ("igp_table_ipv4", grammar.WORD),  # master4
    "IGP IPv6 table": ("igp_table_ipv6", grammar.WORD),  # master6
    "Base table": ("base_table", grammar.WORD),  # master4
    "Pending": ("pending", PENDING),
}


def _channel(values: Mapping[str, Any]) -> BgpChannel:
    rest = dict(values)
    sets, prefixes = rest.pop("pending", (None, None))
    return BgpChannel(**rest, pending_attribute_sets=sets, pending_prefixes=prefixes)


BGP = ProtocolKind(
    proto="BGP",
    fields=SESSION,
    build=lambda values: BgpSession(**values),
    channel_fields=CHANNEL,
    build_channel=_channel,
)
