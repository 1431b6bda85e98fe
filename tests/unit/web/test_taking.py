"""Which clients are slow, by a clock of the test's own."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from calicometrics.web.limits import Limits
from calicometrics.web.taking import Taking, Takings

KIB = 1024
Client = Callable[..., tuple[Taking, "Wire"]]


class Wire(asyncio.Transport):
    """A connection whose other end takes what the test lets it take."""

    def __init__(self) -> None:
        super().__init__()
        self.waiting = 0
        self.aborted = False

    def get_write_buffer_size(self) -> int:
        return self.waiting

    def abort(self) -> None:
        self.aborted, self.waiting = True, 0


@pytest.fixture
def clock() -> list[float]:
    return [100.0]


@pytest.fixture
def client(clock: list[float]) -> Client:
    """Make clients; `give` writes to one."""

    def make(takings: Takings | None = None) -> tuple[Taking, Wire]:
        wire = Wire()
        return Taking(takings or Takings(Limits()), wire, wire, lambda: clock[0]), wire

    return make


def give(taking: Taking, wire: Wire, size: int, taken: int = 0) -> None:
    wire.waiting += size - taken
    taking.gave(size)


def test_who_takes_what_it_gets_never_lags(client: Client, clock: list[float]) -> None:
    taking, wire = client()
    for _ in range(5):
        give(taking, wire, 500 * KIB)
        clock[0] += 0.2
        assert not taking.lags
        wire.waiting = 0
        clock[0] += 60  # the server is slow, not the client
        assert not taking.lags


def test_who_takes_nothing_lags_soon(client: Client, clock: list[float]) -> None:
    taking, wire = client()
    give(taking, wire, 500 * KIB)
    clock[0] += 0.4
    assert not taking.lags
    clock[0] += 0.2
    assert taking.lags


@pytest.mark.parametrize(("rate", "lags"), [(200 * KIB, True), (300 * KIB, False)])
def test_who_takes_too_little_lags(client: Client, clock: list[float], rate: int, lags: bool) -> None:
    taking, wire = client()
    give(taking, wire, 2000 * KIB)
    for _ in range(5):
        clock[0] += 1
        wire.waiting -= rate
        assert taking.lags is lags


def test_what_waits_below_tls_counts(clock: list[float]) -> None:
    upper, lower = Wire(), Wire()
    taking = Taking(Takings(Limits()), upper, lower, lambda: clock[0])
    lower.waiting = 100 * KIB
    taking.gave(100 * KIB)
    clock[0] += 1
    assert (taking.waiting, taking.lags) == (100 * KIB, True)
    taking.abort()
    assert (upper.aborted, lower.aborted) == (True, False)


def test_one_byte_now_and_then_is_no_standstill(client: Client, clock: list[float]) -> None:
    taking, wire = client()
    clock[0] += 1000  # the connection has been idle
    give(taking, wire, 500 * KIB)
    taking.begin()
    for _ in range(5):
        clock[0] += 9
        assert taking.stalled == 9
        wire.waiting -= 1
        assert taking.stalled == 0
    clock[0] += 11
    assert taking.stalled == 11


def test_too_much_that_waits_costs_those_who_lag(client: Client, clock: list[float]) -> None:
    takings = Takings(Limits(waiting_size=1000 * KIB))
    clients = [client(takings) for _ in range(4)]
    for taking, wire in clients[:3]:
        give(taking, wire, 400 * KIB)
    assert not any(wire.aborted for _, wire in clients)  # nobody has had the time to take anything
    clock[0] += 1
    clients[1][1].waiting = 0
    give(*clients[1], 400 * KIB)
    assert [wire.aborted for _, wire in clients] == [True, False, False, False]
    takings.remove(clients[2][0])
    give(*clients[3], 400 * KIB)
    assert [wire.aborted for _, wire in clients] == [True, False, False, False]
