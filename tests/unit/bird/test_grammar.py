"""The rules themselves, apart from the objects made of them."""

from __future__ import annotations

import pathlib
import re
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import pyparsing as pp
import pytest

from calicometrics.bird import bgp, grammar
from calicometrics.bird.model import ChangeRow, Timer

DATA = pathlib.Path(__file__).parents[2] / "data"

TABLES: dict[str, grammar.Fields] = {
    "protocol": grammar.PROTOCOL_FIELDS,
    "channel": grammar.CHANNEL_FIELDS,
    "limits": grammar.LIMITS,
    "limit action": grammar.LIMIT_ACTION,
    "changes header": grammar.CHANGES_HEADER,
    "changes": grammar.CHANGES,
    "bgp": bgp.SESSION,
    "bgp channel": bgp.CHANNEL,
}


def recorded_values() -> set[tuple[str, str]]:
    """Every label and what stands behind it in the recordings."""
    values = set()
    for path in DATA.glob("bird/*/*/show_protocols_all.raw"):
        for line in path.read_text(encoding="utf-8").split("\n"):
            label, _, rest = re.sub(r"^\d{4}[- ]", "", line).strip().partition(":")
            values.add((label.rstrip(), rest.strip()))
    return values


VALUES = recorded_values()
RULES = [
    pytest.param(label, rule, id=f"{table}: {label}")
    for table, fields in TABLES.items()
    for label, (_, rule) in fields.items()
    if isinstance(rule, grammar.Value)
]


@pytest.mark.parametrize(("label", "rule"), RULES)
def test_reading_a_rule_directly_is_the_same_as_parse_string(label: str, rule: grammar.Value) -> None:
    """The walker's short way and pyparsing's own agree on every recorded value, and on damaged ones."""
    texts = {text for name, text in VALUES if name == label} | {"12/-", "---", "7", "x y", "1/2"}
    texts |= {text[:-1].strip() for text in texts} | {text + "x" for text in texts}
    for text in texts - {""}:
        try:
            expected = rule.parse_string(text, parse_all=True)[0]
        except pp.ParseException:
            with pytest.raises(ValueError, match=f"expected {re.escape(rule.name)}"):
                rule.read(text)
        else:
            assert rule.read(text) == expected


@pytest.mark.parametrize("table", TABLES)
def test_the_names_in_a_table_are_the_models_fields(table: str) -> None:
    from calicometrics.bird import model

    fields = {
        "protocol": model.Protocol,
        "channel": model.Channel,
        "changes": model.RouteChanges,
        "bgp": model.BgpSession,
    }
    if table in fields:
        known = {field.name for field in fields[table].__attrs_attrs__}
        assert {name for name, _ in TABLES[table].values()} <= known


@pytest.mark.parametrize(
    ("text", "timer"),
    [
        ("177/240", Timer(177, 240)),
        ("64.202/90", Timer(64.202, 90)),
        ("12/-", Timer(12, None)),
        ("5.000/-", Timer(5, None)),
        ("---", None),
    ],
)
def test_a_timer_has_seconds_and_may_have_no_end(text: str, timer: Timer | None) -> None:
    assert grammar.TIMER.read(text) == timer


@pytest.mark.parametrize("text", ["", "/", "1", "1/", "1/2/3", "-1/2", "1/2 ", "soon"])
def test_what_is_no_timer_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="expected a timer"):
        grammar.TIMER.read(text)


def test_dashes_in_a_change_row_are_absent_never_zero() -> None:
    row = grammar.change_row(5, grammar.CHANGE_VALUES.read("0        ---        ---        ---         21"))
    assert row == ChangeRow(received=0, accepted=21)
    assert (row.rejected, row.filtered, row.ignored) == (None, None, None)


@pytest.mark.parametrize(("columns", "count"), [(5, 6), (5, 7), (7, 5), (0, 5)])
def test_a_change_row_that_fits_no_header_is_refused(columns: int, count: int) -> None:
    with pytest.raises(ValueError, match=f"expected {columns} values"):
        grammar.change_row(columns, ("1",) * count)


@pytest.mark.parametrize(
    ("line", "since", "info"),
    [
        ("kernel1  Kernel   master   up     2018-08-03  ", "2018-08-03", None),
        ("kernel1  Kernel   master   up     2018-08-03", "2018-08-03", None),
        ("p  Pipe     master   up     04:44:33    => t2", "04:44:33", "=> t2"),
        ("n BGP  ---  up  04:28:32.341  Established   ", "04:28:32.341", "Established"),
        ("n BGP  ---  up  2026-11-23 04:30:54  Established   ", "2026-11-23 04:30:54", "Established"),
        (
            "n BGP  ---  up  Nov 3 04:30  Active        Socket: No route",
            "Nov 3 04:30",
            "Active        Socket: No route",
        ),
        ("n BGP  ---  down  1763872000  Error: Invalid next hop", "1763872000", "Error: Invalid next hop"),
    ],
)
def test_since_ends_at_two_blanks_whatever_the_time_format(line: str, since: str, info: str | None) -> None:
    row = grammar.PROTOCOL_ROW.read(line)
    assert row[4:] == (since, info)


def test_a_rule_that_is_not_regular_is_read_by_pyparsing() -> None:
    rule = (
        pp.Suppress("(") + pp.Word(pp.nums).set_parse_action(lambda tokens: int(tokens[0])) + pp.Suppress(")")
    )
    assert grammar.read(rule, "( 7 )") == 7
    with pytest.raises(ValueError, match="at column 1"):
        grammar.read(rule, "7")


def test_a_rule_is_used_by_several_threads_from_its_first_use_on() -> None:
    """pyparsing finds out at the first call with how many arguments an action is called, a step at a time."""
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        with ThreadPoolExecutor(4) as pool:
            for _ in range(200):
                word = pp.Word(pp.alphas).add_parse_action(lambda tokens: [tokens[0].upper()])
                rule = grammar.Block(word).rule
                begin = threading.Barrier(4)

                def read(rule: pp.ParserElement = rule, begin: threading.Barrier = begin) -> object:
                    begin.wait()
                    return grammar.read(rule, "bird")

                assert {future.result() for future in [pool.submit(read) for _ in range(4)]} == {"BIRD"}
    finally:
        sys.setswitchinterval(interval)
