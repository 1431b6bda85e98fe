"""Sink ``statsd``: pushes to a statsd or DogStatsD agent over UDP or a Unix datagram socket."""

from __future__ import annotations

import errno
import re
import socket
from collections import Counter
from typing import TYPE_CHECKING, Any, ClassVar, Literal, NamedTuple

import attrs

from calicometrics.errors import SourceError
from calicometrics.sinks import statsd_wire as wire
from calicometrics.sinks.push import PushOptions, PushSink
from calicometrics.spec import FamilySpec

if TYPE_CHECKING:
    from collections.abc import Iterator

    from calicometrics.exporter import Round
    from calicometrics.families import LabelPairs, MetricFamily

_ADDRESS = re.compile(
    r"udp://(?:\[(?P<six>[^\]]+)\]|(?P<host>[^:/\[\]]+)):(?P<port>\d{1,5})|unixgram:(?P<path>.+)"
)
_SEND_TIMEOUT = 1.0  # a full socket buffer is emptied by a living agent in less
_GONE = {errno.ECONNREFUSED, errno.ENOENT, errno.ENOTCONN, errno.ECONNRESET}

DROPPED = FamilySpec(
    "calicometrics_sink_dropped_lines_total",
    "counter",
    "Lines that were not sent: not_finite (NaN or infinite), too_long for a datagram, or not_accepted by the kernel.",
    ("sink", "reason"),
    unit="lines",
)

Series = tuple[str, "LabelPairs"]


class _Line(NamedTuple):
    """A line that waits to be sent; for a counter, what its baseline is once it was accepted."""

    series: Series | None
    value: float


def _address(_: object, attribute: attrs.Attribute[str], value: str) -> None:
    if not _ADDRESS.fullmatch(value):
        raise ValueError(f"'{attribute.name}' has to be udp://HOST:PORT or unixgram:PATH, not {value!r}")


def _prefix(_: object, attribute: attrs.Attribute[str], value: str) -> None:
    if not re.fullmatch(r"[A-Za-z0-9_.-]*", value):
        raise ValueError(f"'{attribute.name}' may have letters, digits, '_', '.' and '-' only, not {value!r}")


@attrs.frozen(kw_only=True)
class StatsdOptions(PushOptions):
    """Where the agent is and how it is spoken to."""

    address: str = attrs.field(
        validator=_address,
        metadata={"help": "where the agent listens", "metavar": "udp://HOST:PORT|unixgram:PATH"},
    )
    dialect: Literal["plain", "dogstatsd"] = attrs.field(
        default="plain", metadata={"help": "labels folded into the name, or as tags"}
    )
    prefix: str = attrs.field(
        default="",
        validator=_prefix,
        metadata={"help": "what stands in front of every name, its last dot included"},
    )


class StatsdSink(PushSink):
    """Sends counters as differences and everything else as gauges.

    A counter's baseline is the last value whose datagram the kernel took: the first value seen is a baseline only, a
    lower one is a reset and sent as it is, a series that vanished is forgotten. So an agent that is away loses nothing
    of a counter. Over UDP the news that nobody listens comes with a later datagram: then all that this round, or the
    last one, has sent counts as not sent.
    """

    name: ClassVar[str] = "statsd"
    help: ClassVar[str] = "push to a statsd or DogStatsD agent"
    Options: ClassVar[type] = StatsdOptions

    def __init__(self, options: Any) -> None:
        super().__init__(options)
        self._socket: socket.socket | None = None
        self._baselines: dict[Series, float] = {}
        self._unsure: dict[Series, float | None] = {}
        self._dropped: Counter[str] = Counter()

    def close(self) -> None:
        """Hand over a last round and close the socket; harmless when that is done."""
        super().close()
        self._disconnect()

    def families(self) -> list[MetricFamily]:
        """Return how the sink does, and what it could not send."""
        dropped = DROPPED.family()
        for reason, count in sorted(self._dropped.items()):
            dropped.add((self.name, reason), count)
        return [*super().families(), dropped]

    def write(self, done: Round) -> None:
        """Send one round.

        Raises:
            SourceError: The agent is not there; counters keep their baselines.
        """
        limit = wire.UNIX_PAYLOAD if self.options.address.startswith("unixgram:") else wire.UDP_PAYLOAD
        self._check_last_round()
        lines = list(self._lines(done, limit))
        waiting = len(lines)
        try:
            for datagram, sent in wire.pack(lines, limit):
                self._send(datagram)
                waiting -= len(sent)
                self._accept(sent)
        except OSError as error:
            self._dropped["not_accepted"] += waiting
            self._disconnect()
            if error.errno == errno.ECONNREFUSED:
                self._take_back()
            reason = (error.strerror or str(error)).lower()
            raise SourceError(f"statsd at {self.options.address}: send: {reason}") from None

    def _lines(self, done: Round, limit: int) -> Iterator[tuple[bytes, _Line]]:
        """Yield the lines of a round, and move the baselines that need no line."""
        line_of = wire.DIALECTS[self.options.dialect]
        present = set()
        for family in done.families:
            for sample in family.samples():
                if not wire.is_finite(sample.value):
                    self._dropped["not_finite"] += 1
                    continue
                series, kind, value = None, "g", float(sample.value)
                if wire.is_counter(family, sample):
                    series, kind = (sample.name, sample.labels), "c"
                    present.add(series)
                    value -= self._baseline(series, value)
                    if value == 0:
                        continue
                line = line_of(self.options.prefix, sample.name, sample.labels, wire.number(value), kind)
                if len(line) > limit:
                    self._dropped["too_long"] += 1
                else:
                    yield line, _Line(series, float(sample.value))
        for series in self._baselines.keys() - present:
            del self._baselines[series]

    def _baseline(self, series: Series, value: float) -> float:
        """Return what has been sent of a counter; one that is new has been, one that was reset has not."""
        if value < self._baselines.setdefault(series, value):
            self._baselines[series] = 0.0
        return self._baselines[series]

    def _accept(self, sent: list[Any]) -> None:
        """Move the baselines of the counters whose datagram the kernel took."""
        for series, value in sent:
            if series is not None:
                self._unsure.setdefault(series, self._baselines.get(series))
                self._baselines[series] = value

    def _check_last_round(self) -> None:
        """Take back what the last round has sent when it has turned out that nobody listened."""
        if self._socket is not None and self._socket.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR):
            self._take_back()
        self._unsure.clear()

    def _take_back(self) -> None:
        for series, value in self._unsure.items():
            if value is not None and series in self._baselines:
                self._baselines[series] = value
        self._unsure.clear()

    def _send(self, datagram: bytes) -> None:
        if self._socket is None:
            self._socket = self._connect()
        try:
            self._socket.send(datagram)
        except OSError as error:
            if error.errno not in _GONE or self._socket.family != socket.AF_UNIX:
                raise
            self._disconnect()  # an agent that has restarted has a new socket at the old path
            self._socket = self._connect()
            self._socket.send(datagram)

    def _connect(self) -> socket.socket:
        match = _ADDRESS.fullmatch(self.options.address)
        assert match is not None  # noqa: S101 - validated with the options
        if match["path"]:
            made = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
            target: Any = match["path"]
        else:
            family, _, _, _, target = socket.getaddrinfo(
                match["six"] or match["host"], int(match["port"]), type=socket.SOCK_DGRAM
            )[0]
            made = socket.socket(family, socket.SOCK_DGRAM)
        try:
            made.settimeout(_SEND_TIMEOUT)
            made.connect(target)
        except OSError:
            made.close()
            raise
        return made

    def _disconnect(self) -> None:
        if self._socket is not None:
            self._socket.close()
            self._socket = None
