"""From recorded replies of real daemons to models."""

from __future__ import annotations

import collections
import gzip
import json
import pathlib
import re

import pytest

from calicometrics.bird.daemon import parse_memory, parse_route_counts, parse_status
from calicometrics.bird.model import (
    BgpChannel,
    BgpSession,
    BgpState,
    Capability,
    ChangeRow,
    ChannelState,
    GracefulRestart,
    Limit,
    MemoryArea,
    ProtocolState,
    RouteCounts,
    TableRoutes,
    Timer,
)
from calicometrics.bird.parser import parse_protocols
from calicometrics.errors import ParseError
from calicometrics.jsonmodel import dumps, to_json

DATA = pathlib.Path(__file__).parents[2] / "data"
RECORDED = sorted(DATA.glob("bird/*/*/show_protocols_all.raw"))
LARGE = sorted(DATA.glob("large/*.raw.gz"))
GOLDEN = sorted(DATA.glob("bird/*/*/show_protocols_all.json"))

# What BIRD's core package does not read, and why.
LEFT_UNREAD = {
    "RPKI": {
        # The lines of an RPKI session are read by the plugin for RPKI.
        "Cache server",
        "Status",
        "Transport",
        "Protocol version",
        "Session ID",
        "Serial number",
        "Last update",
        "Refresh timer",
        "Retry timer",
        "Expire timer",
        "No aspa channel",
    }
}


def text_of(path: pathlib.Path) -> str:
    if path.suffix == ".gz":
        return gzip.decompress(path.read_bytes()).decode()
    return path.read_text(encoding="utf-8")


def name_of(path: pathlib.Path) -> str:
    return "-".join(path.parts[-3:-1]) if path.suffix != ".gz" else path.name


def pruned(value: object) -> object:
    """Leave out what is absent, so that a golden file holds what the text holds."""
    if isinstance(value, dict):
        kept = {key: pruned(item) for key, item in value.items()}
        return {
            key: item for key, item in kept.items() if item is not None and item is not False and item != []
        }
    if isinstance(value, list):
        return [pruned(item) for item in value]
    return value


def recording(data: pathlib.Path, scenario: str) -> dict:
    return {p.name: p for p in parse_protocols(text_of(data / "bird" / scenario / "show_protocols_all.raw"))}


@pytest.mark.parametrize("path", GOLDEN, ids=name_of)
def test_a_recorded_reply_becomes_the_model_that_was_checked_by_eye(path: pathlib.Path) -> None:
    protocols = parse_protocols(text_of(path.with_suffix(".raw")))
    assert pruned(to_json(protocols)) == json.loads(path.read_text(encoding="utf-8"))


def test_there_is_a_checked_model_for_each_version_and_each_time_format() -> None:
    assert len(GOLDEN) >= 8
    assert {path.parts[-3] for path in GOLDEN} == {"1.6.8", "2.0.12", "2.19.2", "3.3.2"}
    assert {path.parts[-2] for path in GOLDEN} == {
        "calico-mixed",
        "calico-ipv6",
        "iso-long",
        "iso-long-ms",
        "epoch",
        "custom",
    }


@pytest.mark.parametrize("path", RECORDED + LARGE, ids=name_of)
def test_no_line_of_a_recorded_reply_is_left_unread_but_the_listed_ones(path: pathlib.Path) -> None:
    for protocol in parse_protocols(text_of(path)):
        labels = {line.partition(":")[0].rstrip() for line in protocol.extra}
        assert labels <= LEFT_UNREAD.get(protocol.proto, set())
        assert [channel.extra for channel in protocol.channels if channel.extra] == []


@pytest.mark.parametrize("path", RECORDED, ids=name_of)
def test_every_number_and_word_behind_a_label_is_somewhere_in_the_model(path: pathlib.Path) -> None:
    """Nothing of the text is lost: each block's values, counted, are values of that block's model."""
    text = text_of(path)
    blocks = re.split(r"\n1002-", text[: text.rindex("\n0000")])[1:]
    protocols = parse_protocols(text)
    assert len(blocks) == len(protocols)
    for block, protocol in zip(blocks, protocols, strict=True):
        printed: collections.Counter[str] = collections.Counter()
        for line in block.split("\n")[1:]:
            label, colon, rest = line.partition(":")
            if "stats" not in label and colon:
                printed.update(re.findall(r"[\w.:%/-]*\w[\w.:%/-]*", re.sub(r"(?<=[\d.])/", " ", rest)))
        for word in ("imported", "filtered", "exported", "preferred", "bytes", "HIT"):
            printed.pop(word, None)
        kept = dumps(to_json(protocol))
        for token, count in printed.items():
            number = re.fullmatch(r"\d+\.\d+|\d+,", token)
            shown = str(float(token)) if number else token.rstrip(",")
            assert len(re.findall(rf"(?<![\w.]){re.escape(shown)}(?![\w])", kept)) >= min(count, 1), (
                protocol.name,
                token,
            )


def to_plain(socket_bytes: str) -> str:
    """What birdc prints for these socket bytes: codes and margins removed."""
    lines = []
    for line in socket_bytes.split("\n"):
        if line.startswith("0001 "):
            lines.append(line[5:])
        elif re.match(r"\d{4} ", line):
            break
        else:
            lines.append(line[5:] if re.match(r"\d{4}-", line) else line[1:])
    return "\n".join(lines) + "\n"


def to_verbose(socket_bytes: str) -> str:
    """What birdc -v prints for these socket bytes: a repeated code becomes five blanks, the end is dropped."""
    lines = []
    for line in socket_bytes.split("\n"):
        if re.match(r"0000 ", line):
            break
        lines.append("    " + line if line.startswith(" ") else line)
    return "\n".join(lines) + "\n"


@pytest.mark.parametrize("reframe", [to_plain, to_verbose])
@pytest.mark.parametrize("path", RECORDED, ids=name_of)
def test_the_three_framings_of_one_reply_become_one_model(path: pathlib.Path, reframe) -> None:
    text = text_of(path)
    assert parse_protocols(reframe(text)) == parse_protocols(text)


@pytest.mark.parametrize(
    "path", sorted(DATA.glob("bird/*/framings/show_protocols*.txt")), ids=lambda p: p.name
)
def test_what_the_client_program_printed_is_read(path: pathlib.Path) -> None:
    protocols = parse_protocols(text_of(path))
    rows = [
        line for line in text_of(path).split("\n") if re.search(r" (?:up|start|down) +\d\d:\d\d:\d\d", line)
    ]
    assert [protocol.name for protocol in protocols] == [
        re.sub(r"^\d{4}-", "", row).split()[0] for row in rows
    ]


def test_windows_line_ends_of_a_paste_do_not_matter(data: pathlib.Path) -> None:
    text = text_of(data / "bird/2.0.12/calico-mixed/show_protocols_all.raw")
    assert parse_protocols(text.replace("\n", "\r\n")) == parse_protocols(text)


# --- what each version prints ----------------------------------------------------------------------------------


def test_a_session_of_bird_3_is_read_in_full(data: pathlib.Path) -> None:
    protocol = recording(data, "3.3.2/calico-mixed")["RR_10_9_0_8"]
    assert (protocol.proto, protocol.table, protocol.state) == ("BGP", None, ProtocolState.UP)
    assert (protocol.since, protocol.info, protocol.created) == (
        "04:29:02.552",
        "Established",
        "04:28:58.066",
    )
    session = protocol.detail
    assert isinstance(session, BgpSession)
    assert session.state is BgpState.ESTABLISHED
    assert (session.neighbor_address, session.neighbor_as, session.local_as) == ("10.9.0.8", 64512, 64512)
    assert session.session == ("internal", "multihop", "route-reflector", "AS4")
    assert session.hold_timer == Timer(172.676, 240)
    assert session.send_hold_timer == Timer(427.727, 480)
    assert session.tx_pending == 0
    assert session.local_capabilities is not None
    assert Capability("ADD-PATH", parameters=(("RX", "ipv4"), ("TX", "ipv4"))) in session.local_capabilities
    assert [c.name for c in session.neighbor_capabilities or ()] == [
        "Multiprotocol",
        "Route refresh",
        "Graceful restart",
        "4-octet AS numbers",
        "Enhanced refresh",
        "Long-lived graceful restart",
    ]
    (channel,) = protocol.channels
    assert (channel.state, channel.import_state, channel.export_state) == (ChannelState.UP, "UP", "READY")
    assert channel.routes == RouteCounts(imported=4, filtered=1, exported=2, preferred=0)
    assert channel.limits == (
        Limit("receive", 200, "restart"),
        Limit("import", 100, "block"),
        Limit("export", 50, "warn"),
    )
    assert channel.changes is not None
    assert channel.changes.export_updates == ChangeRow(13, 0, 8, 0, None, 0, 2)
    assert channel.detail == BgpChannel(
        next_hop="10.9.0.1", igp_table_ipv4="master4", pending_attribute_sets=0, pending_prefixes=0
    )


def test_a_limit_that_was_hit_is_told_from_one_that_was_not(data: pathlib.Path) -> None:
    (channel,) = recording(data, "3.3.2/calico-mixed")["Global_10_9_0_4"].channels
    assert channel.limits == (Limit("import", 1, "disable", hit=True),)


def test_a_second_channel_keeps_its_own_state_filters_and_counts(data: pathlib.Path) -> None:
    ipv4, ipv6 = recording(data, "2.19.2/calico-mixed")["Node_10_9_0_2"].channels
    assert (ipv4.name, ipv4.table, ipv4.output_filter) == ("ipv4", "master4", "calico_export_to_bgp_peers")
    assert (ipv6.name, ipv6.table, ipv6.output_filter) == ("ipv6", "master6", "REJECT")
    assert ipv4.routes == RouteCounts(imported=5, exported=2, preferred=0)
    assert ipv6.routes == RouteCounts(imported=2, exported=0, preferred=0)


def test_each_of_many_channels_is_told_apart(data: pathlib.Path) -> None:
    channels = recording(data, "3.3.2/calico-mixed")["quoted-name.v4:1"].channels
    assert [channel.name for channel in channels] == ["ipv4", "ipv4-mpls", "flow4", "vpn4-mpls", "ipv4-mc"]
    assert [channel.table for channel in channels] == ["master4", "master4", "f4", "v4t", "t2"]


def test_bird_1_has_one_channel_named_after_the_family_and_without_a_state(data: pathlib.Path) -> None:
    mesh = recording(data, "1.6.8/calico-mixed")["Mesh_10_9_0_3"]
    (channel,) = mesh.channels
    assert (channel.name, channel.state, channel.table, channel.preference) == ("ipv4", None, "master", 100)
    assert channel.changes is not None
    assert channel.changes.import_withdraws == ChangeRow(0, 0, None, 0, accepted=0)
    protocols = parse_protocols(text_of(data / "bird/1.6.8/calico-ipv6/show_protocols_all.raw"))
    assert {channel.name for protocol in protocols for channel in protocol.channels} == {"ipv6"}


def test_the_family_of_a_bird_1_without_peers_can_be_given() -> None:
    text = "name proto table state since info\nk Kernel master up 10:00:00  \n  Preference:     10\n"
    assert parse_protocols(text)[0].channels[0].name == "ipv4"
    assert parse_protocols(text, family="ipv6")[0].channels[0].name == "ipv6"


def test_a_down_peer_with_an_empty_info_column_is_there(data: pathlib.Path) -> None:
    for version in ("1.6.8", "2.0.12", "2.19.2", "3.3.2"):
        protocol = recording(data, f"{version}/calico-mixed")["Node_10_9_0_6"]
        assert (protocol.state, protocol.info) == (ProtocolState.DOWN, "")
        assert isinstance(protocol.detail, BgpSession)
        assert protocol.detail.state is BgpState.DOWN
        assert all(channel.routes is None and channel.changes is None for channel in protocol.channels)


def test_a_pipe_has_its_routes_on_its_channel(data: pathlib.Path) -> None:
    (channel,) = recording(data, "3.3.2/calico-mixed")["pipe1"].channels
    assert (channel.name, channel.table, channel.peer_table) == ("main", "master4", "t2")
    assert (channel.input_filter, channel.output_filter) == ("REJECT", "(unnamed)")
    assert channel.routes == RouteCounts(imported=0, exported=2)
    assert channel.changes is not None
    assert channel.changes.export_updates == ChangeRow(86, 0, 41, 2, accepted=2)


def test_a_since_of_two_words_does_not_shift_the_info(data: pathlib.Path) -> None:
    protocol = recording(data, "2.19.2/custom")["Node_10_9_0_2"]
    assert re.fullmatch(r"\d\d\.\d\d\.\d{4} \d\d:\d\d:\d\d", protocol.since)
    assert protocol.info == "Established"


def test_a_link_local_neighbor_and_a_neighbor_range_are_read(data: pathlib.Path) -> None:
    protocols = recording(data, "2.0.12/calico-mixed")
    unnumbered, dynamic = protocols["unnumbered"].detail, protocols["dyn1"].detail
    assert isinstance(unnumbered, BgpSession)
    assert unnumbered.neighbor_address == "fe80::9%va"
    assert isinstance(dynamic, BgpSession)
    assert (dynamic.neighbor_address, dynamic.neighbor_range) == (None, "10.10.0.0/24")


def test_a_description_is_free_text_even_when_it_looks_like_another_line() -> None:
    text = (
        "Name       Proto      Table      State  Since         Info\n"
        "a          BGP        ---        up     10:00:00.000  Established   \n"
        "  Description:    Routes: 7 imported, Channel ipv4: State: DOWN — Ünï\n"
        "  Channel ipv4\n"
        "    State:          UP\n"
    )
    (protocol,) = parse_protocols(text)
    assert protocol.description == "Routes: 7 imported, Channel ipv4: State: DOWN — Ünï"
    assert protocol.channels[0].state is ChannelState.UP
    assert protocol.channels[0].routes is None


ROW = "1002-a          BGP        ---        up     10:00:00.000  Established   \n"
HEADER = "2002-Name       Proto      Table      State  Since         Info\n"


def bgp_block(*lines: str) -> str:
    return HEADER + ROW + "1006-  BGP state:          Established\n" + "".join(f" {line}\n" for line in lines)


def test_the_change_rows_of_bird_3_0_announce_seven_columns_and_print_six() -> None:
    """The row formats of 3.0.0 to 3.0.5: one value fewer, and a ten-digit number that touches the dashes."""
    (protocol,) = parse_protocols(
        bgp_block(
            "  Channel ipv4",
            "    Route change stats:     received   rejected   filtered    ignored   RX limit   IN limit   accepted",
            "      Import updates:              7          1          2          3          4          5          6",
            "      Import withdraws:            7          1        ---          3        ---          6",
            "      Export updates:             13          0          8        ---          9          2",
            "      Export withdraws:           11        ---        ---        ---         ---1234567890",
        )
        + "0000 \n"
    )
    changes = protocol.channels[0].changes
    assert changes is not None
    assert changes.import_updates == ChangeRow(7, 1, 2, 3, 4, 5, 6)
    assert changes.import_withdraws == ChangeRow(7, 1, None, 3, None, None, 6)
    assert changes.export_updates == ChangeRow(13, 0, 8, None, None, 9, 2)
    assert changes.export_withdraws == ChangeRow(11, None, None, None, None, None, 1234567890)


def test_graceful_restart_and_timers_without_an_end_are_read() -> None:
    (protocol,) = parse_protocols(
        bgp_block(
            "    Neighbor address: 2001:db8::1%eth0 onlink",
            "    Neighbor port:    1179",
            "    Neighbor graceful restart active",
            "    Restart timer:    12.500/-",
            "    Error wait:       3/5",
            "    Route limit:      3/100",
            "  Channel ipv6",
            "    State:          START",
            "    GR recovery:    pending waiting",
            "    Neighbor GR:    Active",
            "    LL stale timer: 5.000/-",
            "    Base table:     m6",
            "    BGP Next hop:   2001:db8::2 fe80::2",
        )
        + "0000 \n"
    )
    session = protocol.detail
    assert isinstance(session, BgpSession)
    assert session.graceful_restart_active
    assert (session.neighbor_address, session.neighbor_port) == ("2001:db8::1%eth0", 1179)
    assert (session.restart_timer, session.error_wait) == (Timer(12.5, None), Timer(3, 5))
    assert session.route_limit == (3, 100)
    (channel,) = protocol.channels
    assert channel.gr_recovery == "pending waiting"
    assert channel.detail == BgpChannel(
        next_hop="2001:db8::2 fe80::2", base_table="m6", neighbor_gr="Active", stale_timer=Timer(5.0, None)
    )


def test_capabilities_with_a_value_or_a_bare_parameter_are_read() -> None:
    (protocol,) = parse_protocols(
        bgp_block(
            "    Local capabilities",
            "      Graceful restart",
            "        Restart time: 120",
            "        Restart recovery",
            "        AF preserved:",
            "      Hostname: node-a",
            "      Role: provider",
            "    Session:          external AS4",
        )
        + "0000 \n"
    )
    session = protocol.detail
    assert isinstance(session, BgpSession)
    assert session.local_capabilities == (
        Capability(
            "Graceful restart",
            parameters=(("Restart time", "120"), ("Restart recovery", ""), ("AF preserved", "")),
        ),
        Capability("Hostname", "node-a"),
        Capability("Role", "provider"),
    )
    assert session.session == ("external", "AS4")


# --- what nobody knows ---------------------------------------------------------------------------------------


def test_unknown_kinds_lines_and_words_survive_as_text() -> None:
    (protocol,) = parse_protocols(
        "Name       Proto      Table      State  Since         Info\n"
        "x          BMP        ---        melt   10:00:00.000  \n"
        "  Description:    Collector\n"
        "  Station address: 10.0.0.1\n"
        "  Channel evpn\n"
        "    State:          ODD\n"
        "    Colour:         blue\n"
    )
    assert protocol.extra == ("Station address: 10.0.0.1",)
    assert protocol.detail is None
    assert (str(protocol.state), protocol.state.known) == ("melt", False)
    (channel,) = protocol.channels
    assert (channel.name, str(channel.state), channel.extra) == ("evpn", "ODD", ("Colour:         blue",))


def test_a_line_that_does_not_match_its_rule_is_an_error_that_names_protocol_label_and_text() -> None:
    text = bgp_block("    Hold timer:       soon", "    Neighbor AS:      64512") + "0000 \n"
    with pytest.raises(ParseError) as caught:
        parse_protocols(text)
    assert str(caught.value) == (
        "line 4: show protocols all: a: Hold timer: expected a timer, remaining/configured, not 'soon'"
    )
    assert caught.value.line == 4


def test_a_line_that_does_not_match_costs_only_itself_when_problems_are_collected() -> None:
    problems: list[ParseError] = []
    text = bgp_block("    Hold timer:       soon", "    Neighbor AS:      64512") + "1002-broken\n0000 \n"
    (protocol,) = parse_protocols(text, problems=problems)
    assert isinstance(protocol.detail, BgpSession)
    assert (protocol.detail.hold_timer, protocol.detail.neighbor_as) == (None, 64512)
    assert protocol.extra == ("Hold timer:       soon",)
    assert [problem.line for problem in problems] == [4, 6]
    assert problems[1].reason == "show protocols all: expected a row of the protocol table, not 'broken'"


@pytest.mark.parametrize(
    ("lines", "reason"),
    [
        (("      Action:       warn",), "an action without a limit above it"),
        (("      Import updates:   1 2 3 4 5",), "expected 0 values"),
    ],
)
def test_lines_without_their_header_are_errors(lines: tuple[str, ...], reason: str) -> None:
    with pytest.raises(ParseError, match=reason):
        parse_protocols(bgp_block("  Channel ipv4", *lines) + "0000 \n")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "the reply is empty"),
        ("\n \n", "the reply is empty"),
        ("<html>\n", "line 1: expected the header of the protocol table, not '<html>'"),
        (
            "0001 BIRD 2.0.12 ready.\n8003 No protocols match\n",
            "line 2: BIRD answered 8003 No protocols match",
        ),
        (HEADER + "9001 syntax error\n", "line 2: BIRD answered 9001 syntax error"),
    ],
)
def test_what_is_no_reply_is_an_error(text: str, message: str) -> None:
    with pytest.raises(ParseError) as caught:
        parse_protocols(text)
    assert str(caught.value) == message


def test_a_daemon_without_protocols_has_none() -> None:
    assert parse_protocols(HEADER + "0000 \n") == []


def test_what_follows_the_end_of_a_reply_is_no_part_of_it() -> None:
    text = HEADER + ROW + "0000 \n1002-never      BGP        ---        up     10:00:00.000  \n"
    assert [protocol.name for protocol in parse_protocols(text)] == ["a"]


def test_rows_without_a_header_are_read() -> None:
    assert [p.name for p in parse_protocols("kernel1  Kernel   master   up     2018-08-03  \n")] == [
        "kernel1"
    ]


# --- show status, show memory, show route count ---------------------------------------------------------------


@pytest.mark.parametrize("version", ["1.6.8", "2.0.12", "2.19.2", "3.3.2"])
def test_status_is_read_in_all_framings(data: pathlib.Path, version: str) -> None:
    path = data / "bird" / version / "calico-mixed/show_status.raw"
    status = parse_status(text_of(path))
    assert (status.version, status.router_id, status.state) == (
        version,
        "10.9.0.1",
        "Daemon is up and running",
    )
    assert status.hostname == (None if version == "1.6.8" else "node-a")
    assert status.graceful_restart is None
    assert status.extra == ()
    for framing in sorted((data / "bird" / version / "framings").glob("show_status*")):
        other = parse_status(text_of(framing))
        assert (other.version, other.router_id, other.state) == (version, "10.9.0.1", status.state)
        assert other.extra == ()


def test_the_times_of_status_are_as_printed(data: pathlib.Path) -> None:
    status = parse_status(text_of(data / "bird/3.3.2/calico-mixed/show_status.raw"))
    assert status.server_time == "2026-11-23 04:29:28.069"
    assert status.last_reboot == status.last_reconfiguration == "2026-11-23 04:28:58.066"


def test_a_recovery_in_the_middle_of_status_is_no_end() -> None:
    status = parse_status(
        "0001 BIRD v0.3.3+birdv1.6.8 ready.\n"
        "1000-BIRD v0.3.3+birdv1.6.8\n"
        "1011-Router ID is 172.18.0.4\n"
        " Current server time is 2026-11-23 04:45:13\n"
        "0024-Graceful restart recovery in progress\n"
        "   Waiting for 1 protocols to recover\n"
        "   Wait timer is 215/240\n"
        " Something new\n"
        "0013 Reconfiguration in progress\n"
    )
    assert status.version == "v0.3.3+birdv1.6.8"
    assert status.graceful_restart == GracefulRestart(1, Timer(215, 240))
    assert status.state == "Reconfiguration in progress"
    assert status.extra == ("Something new",)


def test_status_without_a_version_is_an_error() -> None:
    with pytest.raises(ParseError, match="no reply to show status"):
        parse_status("Router ID is 10.0.0.1\n")


def test_memory_of_one_column_is_in_bytes(data: pathlib.Path) -> None:
    memory = parse_memory(text_of(data / "bird/1.6.8/calico-mixed/show_memory.raw"))
    assert memory.areas["Routing tables"] == MemoryArea(48 * 1024)
    assert memory.areas["Route attributes"] == MemoryArea(9772)
    assert memory.areas["Total"] == MemoryArea(237 * 1024)
    assert memory.extra == ()


def test_memory_of_two_columns_pages_and_counters_is_read(data: pathlib.Path) -> None:
    memory = parse_memory(text_of(data / "bird/3.3.2/calico-mixed/show_memory.raw"))
    assert memory.areas["Standby memory"] == MemoryArea(0, 2160 * 1024)
    assert memory.areas["Current config"] == MemoryArea(round(33.9 * 1024), 696)
    assert memory.areas["Kept free pages"] == MemoryArea(2160 * 1024)
    assert memory.counters == {"Hot page cache depleted while in RCU": 0}
    assert memory.extra == ()


def test_memory_keeps_lines_it_does_not_know_and_refuses_what_has_none_it_knows() -> None:
    memory = parse_memory("BIRD memory usage\nTotal:             237 kB\nnew stuff\n")
    assert memory.extra == ("new stuff",)
    with pytest.raises(ParseError, match="no reply to show memory"):
        parse_memory("hello\n")


def test_route_counts_are_read_per_table(data: pathlib.Path) -> None:
    counts = parse_route_counts(text_of(data / "bird/3.3.2/calico-mixed/show_route_count.raw"))
    assert counts[:2] == [TableRoutes("master4", 39, 7), TableRoutes("master6", 7, 2)]
    assert len(counts) == 6
    one = parse_route_counts(text_of(data / "bird/1.6.8/calico-mixed/show_route_count.raw"))
    assert one == [TableRoutes("master", 21, 7)]


def test_a_route_count_that_is_none_is_an_error() -> None:
    with pytest.raises(ParseError, match="line 1: show route count: expected a row of show route count"):
        parse_route_counts("plenty\n")
