"""The grammar of BIRD's replies: named rules, and tables of label → rule.

This is the only description of the format. Each rule is a pyparsing expression that matches the text behind a
label (or a whole line) and has one example of it beside it. Most rules are regular: they are :class:`Value`, a
``pyparsing.Regex`` whose compiled expression the line walker in :mod:`calicometrics.bird.parser` calls directly,
with the same conversion that ``parse_string`` applies. A kind that needs more may use any pyparsing expression.

Sources: BIRD 1.6.8 and 2.0.12 to 3.3.2, ``nest/proto.c``, ``nest/cmds.c``, ``proto/bgp/bgp.c``, ``proto/pipe/pipe.c``.
"""

from __future__ import annotations

import textwrap
import threading
from collections.abc import Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any, TypeAlias

import pyparsing as pp

from calicometrics.bird.model import (
    BgpState,
    ChangeRow,
    ChannelState,
    MemoryArea,
    ProtocolState,
    RouteCounts,
    TableRoutes,
    Timer,
)

if TYPE_CHECKING:
    import re
    from collections.abc import Callable

Rule: TypeAlias = "pp.ParserElement | Block"
Fields: TypeAlias = Mapping[str, tuple[str, Rule]]
"""Label → (name of the value, rule of the text behind the label).

A line without a colon is found by its whole text, or else by its first word; the rule then reads what is left. A rule
that is a :class:`Block` reads the deeper lines below its label.
"""

NOT_APPLICABLE = "---"


class Value(pp.Regex):
    """A regular rule with the conversion of its match.

    Args:
        name: What error messages say was expected.
        pattern: The regular expression of the whole text behind the label; its groups have no names.
        convert: Makes the value out of the pattern's groups, or of the whole text when it has none; by default the
            text is the value.
    """

    def __init__(self, name: str, pattern: str, convert: Callable[..., Any] | None = None) -> None:
        super().__init__(pattern, as_match=True)
        self.set_name(name)
        self.convert = convert
        self.add_parse_action(lambda tokens: [self._value(tokens[0])])

    def _value(self, match: re.Match[str]) -> Any:
        if self.convert is None:
            return match[0]
        return self.convert(*(match.groups() or (match[0],)))

    def read(self, text: str) -> Any:
        """Return the value of ``text``, exactly as ``parse_string(text, parse_all=True)`` would.

        Raises:
            ValueError: The text does not match.
        """
        match = self.re.fullmatch(text)
        if match is None:
            raise ValueError(f"expected {self.name}")
        return self._value(match)


# pyparsing finds out with how many arguments an action is called when it is called first, a step at a time, and two
# threads that do so take steps for each other: one of them fails, or calls it wrongly.
_ONE_AT_A_TIME = threading.RLock()


class Block:
    """A rule of the lines below a label that are indented deeper than it.

    It reads them as one text without their common indent, with a line feed in front of each. Peers of one configuration
    print the same capabilities word for word, so the values of the latest texts are kept.

    Args:
        rule: What the text has to match; its one value must be immutable.
    """

    def __init__(self, rule: pp.ParserElement) -> None:
        self.rule = rule.streamline()  # pyparsing warms up lazily, which is not safe in two threads at once
        self.read = lru_cache(maxsize=1024)(self._read)

    def _read(self, text: str) -> Any:
        return read(self.rule, textwrap.dedent(text))


def read(rule: Rule, text: str) -> Any:
    """Return the value that any rule makes of ``text``.

    Raises:
        ValueError: The text does not match; the message says what was expected.
    """
    if isinstance(rule, Value | Block):
        return rule.read(text)
    try:
        with _ONE_AT_A_TIME:
            return rule.parse_string(text, parse_all=True)[0]
    except pp.ParseBaseException as error:
        raise ValueError(f"{error.msg} at column {error.column}") from None


def _number(text: str | None) -> int | None:
    return None if text is None or text == NOT_APPLICABLE else int(text)


def _optional(text: str) -> str | None:
    return None if text == NOT_APPLICABLE else text


def _timer(remaining: str | None, configured: str) -> Timer | None:
    if remaining is None:
        return None
    return Timer(float(remaining), None if configured == "-" else float(configured))


def _routes(imported: str, filtered: str | None, exported: str, preferred: str | None) -> RouteCounts:
    return RouteCounts(int(imported), int(exported), _number(filtered), _number(preferred))


_UNIT = {" ": 1, "k": 1024, "M": 1024**2, "G": 1024**3, "T": 1024**4}  # lib/resource.c divides by 1024


def _size(number: str, unit: str) -> int:
    return round(float(number) * _UNIT[unit])


def _memory(
    area: str, effective: str, unit: str, overhead: str | None, overhead_unit: str
) -> tuple[str, MemoryArea]:
    more = None if overhead is None else _size(overhead, overhead_unit)
    return area, MemoryArea(_size(effective, unit), more)


# --- Values -----------------------------------------------------------------------------------------------------

TEXT = Value("text", r".*")  # Connection to BGP peer
WORD = Value("a word", r"\S+")  # calico_export_to_bgp_peers
NAME = Value("a name or ---", r"\S+", _optional)  # master4
WORDS = Value("words", r".*", lambda text: tuple(text.split()))  # internal multihop AS4
NUMBER = Value("a number", r"\d+", int)  # 64512
ADDRESS = Value("an address", r"(\S+)(?: onlink)?", str)  # fe80::9%va
ADDRESSES = Value("one or two addresses", r"\S+(?: \S+)?")  # fd00:9::1 fe80::1
BYTES = Value("a number of bytes", r"(\d+) bytes", int)  # 0 bytes
FLAG = Value("nothing", r"(?!.)", lambda _: True)  # Neighbor graceful restart active
USED_OF = Value("used/maximum", r"(\d+)/(\d+)", lambda used, maximum: (int(used), int(maximum)))  # 3/100
TIMER = Value(
    "a timer, remaining/configured",
    r"(\d+(?:\.\d+)?)/(\d+(?:\.\d+)?|-)|---",
    _timer,
)  # 64.202/90, 12/-
PROTOCOL_STATE = Value("a protocol state", r"\S+", ProtocolState.of)  # start
CHANNEL_STATE = Value("a channel state", r"\S+", ChannelState.of)  # UP
BGP_STATE = Value("a BGP state", r"\S+", BgpState.of)  # Established
ROUTES = Value(
    "route counts", r"(\d+) imported, (?:(\d+) filtered, )?(\d+) exported(?:, (\d+) preferred)?", _routes
)  # 4 imported, 1 filtered, 2 exported, 0 preferred
LIMIT = Value("a limit", r"(\d+)( \[HIT\])?", lambda maximum, hit: (int(maximum), hit is not None))  # 1 [HIT]

# --- Route change stats: the header names the columns, each row fills some of them ----------------------------

CHANGE_COLUMNS = Value(
    "the columns of route change stats",
    r"received +rejected +filtered +ignored( +RX limit +(?:IN )?limit)? +accepted",
    lambda limits: 7 if limits else 5,
)  # received   rejected   filtered    ignored   accepted

_COUNT = r"(\d+|---)"
# A ten-digit number touches the dashes in front of it in 3.0.0 to 3.0.5, so the last one needs no blank before it.
CHANGE_VALUES = Value(
    "five to seven numbers or ---",
    rf"{_COUNT} +{_COUNT} +{_COUNT} +{_COUNT} +{_COUNT}(?: +{_COUNT})?(?:(?: +|(?<=-)){_COUNT})?",
    lambda *texts: texts,
)  # 13          0          8          0        ---          2


@lru_cache(maxsize=1024)  # rows of zeros and dashes are most of what a large reply prints
def change_row(columns: int, texts: tuple[str | None, ...]) -> ChangeRow:
    """Return the row of change counts that stands under a header of so many columns.

    BIRD 3.0.0 to 3.0.5 announces seven columns and prints six values in three of its rows; it is the RX limit that
    they leave out (``nest/proto.c``, ``channel_show_stats``).

    Raises:
        ValueError: The number of values fits no BIRD version.
    """
    values = [_number(text) for text in texts if text is not None]
    if columns == 5 and len(values) == 5:  # noqa: PLR2004 - what the header says
        values[4:4] = [None, None]
    elif columns == 7 and len(values) == 6:  # noqa: PLR2004 - as above
        values.insert(4, None)
    elif columns != len(values):
        raise ValueError(f"expected {columns} values")
    return ChangeRow(*values)


# --- Lines ------------------------------------------------------------------------------------------------------

HEADER = Value(
    "the header of the protocol table", r"(?i:name +proto +table +state +since +info) *"
)  # Name       Proto      Table      State  Since         Info
# Two blanks or more stand behind Since, whatever the time format; a single blank may be part of it.
PROTOCOL_ROW = Value(
    "a row of the protocol table",
    r"(\S+) +(\S+) +(\S+) +(\S+) +(\S+(?: \S+)*)(?: {2,}(\S.*?))? *",
    lambda *columns: columns,
)  # kernel1  Kernel   master   up     2018-08-03  =>  t2

PROTOCOL_FIELDS: Fields = {
    "Description": ("description", TEXT),  # Connection to BGP peer
    "Message": ("message", TEXT),  # Maintenance
    "Router ID": ("router_id", WORD),  # 10.0.0.1
    "VRF": ("vrf", WORD),  # red
    "Created": ("created", TEXT),  # 04:28:58.066
    "Last autorestart": ("last_autorestart", TEXT),  # 04:28:58.066
}

CHANNEL_FIELDS: Fields = {
    "State": ("state", CHANNEL_STATE),  # UP
    "Import state": ("import_state", WORD),  # UP
    "Export state": ("export_state", WORD),  # READY
    "Table": ("table", NAME),  # master4
    "Peer table": ("peer_table", NAME),  # t2
    "Preference": ("preference", NUMBER),  # 100
    "Input filter": ("input_filter", TEXT),  # ACCEPT
    "Output filter": ("output_filter", TEXT),  # (unnamed)
    "Import filter": ("input_filter", TEXT),  # Pipe's word for it
    "Export filter": ("output_filter", TEXT),  # Pipe's word for it
    "GR recovery": ("gr_recovery", TEXT),  # pending waiting
    "Routes": ("routes", ROUTES),  # 4 imported, 18 exported, 3 preferred
}

LIMITS: Fields = {
    "Receive limit": ("receive", LIMIT),  # 200
    "Import limit": ("import", LIMIT),  # 1 [HIT]
    "Export limit": ("export", LIMIT),  # 50
}
LIMIT_ACTION: Fields = {"Action": ("action", WORD)}  # disable

CHANGES_HEADER: Fields = {"Route change stats": ("columns", CHANGE_COLUMNS)}
CHANGES: Fields = {
    "Import updates": ("import_updates", CHANGE_VALUES),  # 5 0 0 0 5
    "Import withdraws": ("import_withdraws", CHANGE_VALUES),  # 0 0 --- 0 0
    "Export updates": ("export_updates", CHANGE_VALUES),  # 10 0 8 --- 2
    "Export withdraws": ("export_withdraws", CHANGE_VALUES),  # 0 --- --- --- 0
}

# --- show status, show memory, show route count ----------------------------------------------------------------

STATUS: Mapping[str, Value] = {
    "version": Value("version", r"BIRD (?:version )?(\S+)", str),  # BIRD 2.0.12
    "router_id": Value("router ID", r"Router ID is (\S+)", str),  # Router ID is 10.9.0.1
    "hostname": Value("hostname", r"Hostname is (\S+)", str),  # Hostname is node-a
    "server_time": Value("server time", r"Current server time is (\S.*)", str),
    "last_reboot": Value("last reboot", r"Last reboot on (\S.*)", str),
    "last_reconfiguration": Value("last reconfiguration", r"Last reconfiguration on (\S.*)", str),
    "recovery": Value("graceful restart", r"Graceful restart recovery in progress"),
    "waiting_for": Value(
        "recovering protocols", r"Waiting for (\d+) (?:protocols|channels) to recover", int
    ),  # Waiting for 3 channels to recover
    "timer": Value(
        "wait timer", r"Wait timer is (\d+(?:\.\d+)?)/(\d+(?:\.\d+)?)", _timer
    ),  # Wait timer is 215/240
    "state": Value(
        "daemon state", r"Daemon is up and running|Reconfiguration in progress|Shutdown in progress"
    ),
}

MEMORY_TITLE = Value("a title of show memory", r"BIRD memory usage *| *Effective +Overhead *")
MEMORY_ROW = Value(
    "a row of show memory",
    r"(\S[^:]*): +(\d+(?:\.\d+)?) ([ kMGT])B(?: +(\d+(?:\.\d+)?) ([ kMGT])B)?",
    _memory,
)  # Routing tables:    698.2 kB     48.0 kB

MEMORY_COUNTER = Value(
    "a counter of show memory", r"(\S[^:]*): +(\d+)", lambda name, count: (name, int(count))
)  # Hot page cache depleted while in RCU: 0

ROUTE_COUNT = Value(
    "a row of show route count",
    r"\d+ of (\d+) routes for (\d+) networks(?: in table (\S+))?",
    lambda routes, networks, table: TableRoutes(table or "master", int(routes), int(networks)),
)  # 39 of 39 routes for 7 networks in table master4
ROUTE_COUNT_TOTAL = Value("the total", r"Total: \d+ of \d+ routes for \d+ networks in \d+ tables")
