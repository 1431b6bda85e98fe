"""The demo's BIRD replies: their layout is that of recordings of BIRD 1.6.8."""

from __future__ import annotations

import re

import pytest

from calicometrics.bird.daemon import parse_status
from calicometrics.bird.parser import parse_protocols
from calicometrics.demo import bird
from calicometrics.demo.node import Node

STARTED = 1_700_000_000.0  # 2023-11-14 22:13:20 UTC
RECORDED = ("calico-mixed", "calico-ipv6")

_ROW = re.compile(r"(?:1002-| )(\S+ +)(\S+ +)master {3}(\w+ +)(\d\d:\d\d:\d\d {4}|\d{4}-\d\d-\d\d {2})(.*)")
_STATISTICS = re.compile(r" {5}(?:Import|Export) (?:updates|withdraws): ")
_MEMORY = re.compile(r"( \w[\w ]+: *)([ \d]{4} )[ kMG]B")


def shape(line: str) -> str:
    """Return a line with everything folded that may differ between daemons, but nothing that makes its layout.

    Names and words keep the width of their column; numbers keep it where they are set to the right.
    """
    if row := _ROW.fullmatch(line):
        name, proto, state, _, info = row.groups()
        columns = f"{len(name) - max(len(name.rstrip()), 8)} {proto!r} {state!r}"
        return f"row {columns} {re.sub(r'Socket: .*', 'Socket: REASON', info)!r}"
    if _STATISTICS.match(line):
        return re.sub(r" +(\d+|---)", lambda cell: f"<{len(cell[0])}{cell[1][:1].strip('0123456789')}>", line)
    if memory := _MEMORY.fullmatch(line):
        return f"{memory[1]}<{len(memory[2])}>"
    line = re.sub(r"(filter: +)\S+", r"\1NAME", line)
    line = re.sub(r"(BIRD )v?[\d.]\S*", r"\1VERSION", line)
    line = re.sub(r"(Session: +)(?:internal|external)", r"\1KIND", line)
    line = re.sub(r"Socket: .*", "Socket: REASON", line)
    return re.sub(r"\d+", "9", line)


@pytest.mark.parametrize("command", [*bird.COMMANDS])
def test_every_line_has_a_shape_that_was_recorded(data, command):
    file = f"{command.replace(' ', '_')}.raw"
    recordings = [data / "bird" / "1.6.8" / scenario / file for scenario in RECORDED]
    if command == "show protocols all":
        recordings.append(data / "founding" / "birdc_show_protocols_all.raw")
    shapes = {shape(line) for path in recordings for line in path.read_text().split("\n")[1:]}
    node = Node(STARTED)
    for daemon in ("bird", "bird6"):
        for age in range(0, 400, 9):
            reply = bird.COMMANDS[command](node.daemon(daemon, STARTED + age))
            assert reply.endswith("\n")
            for line in reply.split("\n"):
                assert shape(line) in shapes, line


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (" device1  Device   master   up     04:44:33    ", " device1  Device   master   up     04:44:33  "),
        ("     Import updates:             12 ", "     Import updates:            12 "),
        ("     Import updates:             12 ", "     Import updates:            --- "),
        (" Total:             237 kB", " Total:            237 kB"),
        ("   Preference:     100", "   Preference:    100"),
    ],
)
def test_the_comparison_of_shapes_sees_a_single_column(one, other):
    assert shape(one) != shape(other)


def test_codes_frame_the_rows_of_show_protocols():
    reply = bird.show_protocols(Node(STARTED).daemon("bird", STARTED))
    codes = [line[:5] for line in reply.splitlines()]
    assert codes[:2] == ["2002-", "1002-"]
    assert codes[-1] == "0000 "
    assert all(code.startswith(" ") for code in codes[2:-1])


def test_since_is_a_clock_time_for_twenty_hours_and_a_date_from_then_on():
    node = Node(STARTED)

    def since(age: int) -> str:
        reply = bird.show_protocols(node.daemon("bird", STARTED + age))
        return re.search(r"Mesh_192_168_10_13 BGP      master   up     (.{12})Established", reply)[1]

    assert since(119) == "02:15:20    ", "19 h 58 min before the start, 20 h 119 s ago"
    assert since(120) == "2023-11-14  "


@pytest.mark.parametrize("family", ["bird", "bird6"])
@pytest.mark.parametrize("age", [0, 30, 60, 90])
def test_the_parser_understands_every_line(family, age):
    daemon = Node(STARTED).daemon(family, STARTED + age)
    problems = []
    protocols = parse_protocols(bird.show_protocols_all(daemon), problems=problems)
    assert problems == []
    assert [protocol.name for protocol in protocols] == [protocol.name for protocol in daemon.protocols]
    for read, shown in zip(protocols, daemon.protocols, strict=True):
        (channel,) = read.channels
        assert not read.extra
        assert not channel.extra
        assert (read.state, read.info) == (shown.state, shown.info.strip())
        assert (channel.routes is None) == (shown.routes is None)
        if shown.routes is not None:
            assert (
                channel.routes.imported,
                channel.routes.exported,
                channel.routes.preferred,
            ) == shown.routes
            assert channel.changes.export_updates.accepted == shown.changes.export_updates[4]
            assert channel.changes.export_updates.ignored is None


def test_status_names_calicos_fork_and_its_times():
    daemon = Node(STARTED).daemon("bird", STARTED + 75)
    status = parse_status(bird.show_status(daemon))
    assert status.version == "v0.3.3+birdv1.6.8"
    assert status.router_id == "192.168.10.11"
    assert status.server_time == "2023-11-14 22:14:35"
    assert status.last_reboot == "2023-11-11 18:13:20"


def test_sizes_are_printed_with_at_most_four_digits():
    assert [bird._size(size) for size in (0, 192, 9999, 10_000, 5_000_000, 20_000_000)] == [
        "   0  B",
        " 192  B",
        "9999  B",
        "  10 kB",
        "4883 kB",
        "  19 MB",
    ]


def test_there_is_no_bfd():
    assert (
        bird.show_bfd_sessions(Node(STARTED).daemon("bird", STARTED))
        == "9001 There is no BFD protocol running\n"
    )
