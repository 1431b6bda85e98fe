"""Sink ``statsd``: pushes to a statsd or DogStatsD agent over UDP or a Unix datagram socket."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import attrs

from calicometrics.errors import SourceError
from calicometrics.sinks import statsd_wire as wire
from calicometrics.sinks.push import PushOptions, PushSink
from calicometrics.sinks.statsd_counters import Counters, Delta
from calicometrics.sinks.statsd_socket import ADDRESS, AgentSocket
from calicometrics.spec import FamilySpec

if TYPE_CHECKING:
    from collections.abc import Iterator

    from calicometrics.families import MetricFamily
    from calicometrics.rounds import Round

NOT_FINITE, TOO_LONG, NOT_ACCEPTED = REASONS = ("not_finite", "too_long", "not_accepted")
DROPPED = FamilySpec(
    "calicometrics_sink_dropped_lines_total",
    "counter",
    "Lines that were not sent: not_finite (NaN or infinite), too_long for a datagram, or not_accepted by the kernel; "
    "what a counter's line would have told is told by a later one.",
    ("sink", "reason"),
    unit="lines",
)


_HIGHEST_PORT = 65535


def _address(_: object, attribute: attrs.Attribute[str], value: str) -> None:
    match = ADDRESS.fullmatch(value)
    if match is None or not 0 < int(match["port"] or 1) <= _HIGHEST_PORT:
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

    What a counter has grown by stays owed until the kernel took its datagram, so an agent that is away loses nothing
    of it. Over UDP the kernel takes what nobody listens to; when it learns of that (from ICMP, at once on the same
    machine), it cannot say which of the datagrams was lost. Then all of that round count as lost and are owed again:
    rather a count twice, for an agent that went away in the middle of a round, than a count that is missing.
    """

    name: ClassVar[str] = "statsd"
    help: ClassVar[str] = "push to a statsd or DogStatsD agent"
    Options: ClassVar[type] = StatsdOptions
    declared: ClassVar[tuple[FamilySpec, ...]] = (*PushSink.declared, DROPPED)

    def __init__(self, options: Any) -> None:
        super().__init__(options)
        self._socket = AgentSocket(options.address)
        self._counters = Counters()
        self._dropped = dict.fromkeys(REASONS, 0)

    def close(self) -> None:
        """Hand over a last round and close the socket; harmless when that is done."""
        super().close()
        self._socket.close()

    def families(self) -> list[MetricFamily]:
        """Return how the sink does, and what it could not send."""
        dropped = DROPPED.family()
        for reason, count in self._dropped.items():
            dropped.add((self.name, reason), count)
        return [*super().families(), dropped]

    def write(self, done: Round) -> None:
        """Send one round.

        Raises:
            SourceError: The agent is not there, now or when the round before was sent; nothing of a counter is lost.
        """
        refused = self._was_refused()  # news of the round before
        self._counters.confirm()
        self._socket.follow()
        lines = list(self._lines(done))
        waiting = len(lines)
        try:
            for datagram, deltas in wire.pack(lines, self._socket.payload):
                self._socket.send(datagram)
                waiting -= len(deltas)
                self._counters.accept(delta for delta in deltas if delta is not None)
            refused = self._was_refused() or refused
        except OSError as error:
            self._dropped[NOT_ACCEPTED] += waiting
            self._was_refused()
            self._socket.close()
            raise self._error(error.strerror or str(error)) from None
        if refused:
            raise self._error("connection refused")

    def _was_refused(self) -> bool:
        refused = self._socket.refused()
        if refused:
            self._counters.take_back()
        return refused

    def _error(self, reason: str) -> SourceError:
        return SourceError(f"statsd at {self.options.address}: send: {reason.lower()}")

    def _lines(self, done: Round) -> Iterator[tuple[bytes, Delta | None]]:
        """Yield the lines of a round: those of counters with what is owed."""
        for family in done.families:
            for sample in family.samples():
                if not wire.is_finite(sample.value):
                    self._dropped[NOT_FINITE] += 1
                elif wire.is_counter(family, sample):
                    self._counters.see((sample.name, sample.labels), float(sample.value))
                else:
                    yield from self._line((sample.name, sample.labels), sample.value, "g", None)
        for delta in self._counters.owed(all_seen=done.success):
            yield from self._line(delta.series, delta.amount, "c", delta)

    def _line(
        self, series: wire.Series, value: float, kind: str, delta: Delta | None
    ) -> Iterator[tuple[bytes, Delta | None]]:
        line = wire.DIALECTS[self.options.dialect](self.options.prefix, *series, wire.number(value), kind)
        if len(line) <= self._socket.payload:
            yield line, delta
        else:
            self._dropped[TOO_LONG] += 1
