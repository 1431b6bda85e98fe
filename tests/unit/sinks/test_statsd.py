"""What goes to a statsd agent, over real sockets."""

from __future__ import annotations

import itertools
import os
import pathlib
import socket
import time
from collections.abc import Iterator

import pytest

from calicometrics.errors import SourceError
from calicometrics.families import Column, MetricFamily
from calicometrics.rounds import CollectorResult, Round
from calicometrics.sinks import statsd_wire as wire
from calicometrics.sinks.statsd import StatsdOptions, StatsdSink
from calicometrics.snapshot import Snapshot


class Agent:
    """A socket where statsd would be."""

    def __init__(self, address: str) -> None:
        self.address = address
        if address.startswith("unixgram:"):
            self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
            self.socket.bind(address.removeprefix("unixgram:"))
        else:
            self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            port = int(address.rpartition(":")[2])
            self.socket.bind(("127.0.0.1", port))
            self.address = f"udp://127.0.0.1:{self.socket.getsockname()[1]}"
        self.socket.settimeout(0.2)

    def datagrams(self) -> list[bytes]:
        got = []
        try:
            while True:
                got.append(self.socket.recv(65536))
        except TimeoutError:
            return got

    def lines(self) -> list[str]:
        return [line for datagram in self.datagrams() for line in datagram.decode().split("\n")]

    def close(self) -> None:
        self.socket.close()
        if self.address.startswith("unixgram:"):
            os.unlink(self.address.removeprefix("unixgram:"))


@pytest.fixture(params=["udp", "unix"])
def agent(request: pytest.FixtureRequest, tmp_path: pathlib.Path) -> Iterator[Agent]:
    made = Agent("udp://127.0.0.1:0" if request.param == "udp" else f"unixgram:{tmp_path}/s")
    yield made
    made.socket.close()


def sink_for(address: str, **options: str) -> StatsdSink:
    return StatsdSink(StatsdOptions(address=address, **options))


def counter(*values: float, name: str = "c") -> Round:
    family = MetricFamily(name, "counter", "A counter.", ("n",))
    for index, value in enumerate(values):
        family.add((str(index),), value)
    return made(family)


def made(*families: MetricFamily) -> Round:
    return Round(families, (), Snapshot(), time.time())


def dropped(sink: StatsdSink) -> dict[str, float]:
    return {
        dict(sample.labels)["reason"]: sample.value
        for family in sink.families()
        for sample in family.samples()
        if sample.name == "calicometrics_sink_dropped_lines_total" and sample.value
    }


# --- counters -----------------------------------------------------------------------------------------------------


def test_counters_are_differences_from_what_was_accepted_last(agent: Agent) -> None:
    sink = sink_for(agent.address)
    sink.write(counter(100))
    assert agent.lines() == []  # first sight is a baseline
    sink.write(counter(107))
    assert agent.lines() == ["c.n.0:7|c"]
    sink.write(counter(107))
    assert agent.lines() == []  # nothing has happened
    sink.write(counter(3))
    assert agent.lines() == ["c.n.0:3|c"]  # a reset
    sink.write(counter(5))
    assert agent.lines() == ["c.n.0:2|c"]
    sink.close()


def test_a_series_that_vanished_is_forgotten(agent: Agent) -> None:
    sink = sink_for(agent.address)
    sink.write(counter(1, 10))
    sink.write(counter(1))
    sink.write(counter(1, 50))
    assert agent.lines() == []
    sink.write(counter(1, 51))
    assert agent.lines() == ["c.n.1:1|c"]
    sink.close()


def test_an_outage_of_a_unix_agent_loses_nothing_of_a_counter(tmp_path: pathlib.Path) -> None:
    agent = Agent(f"unixgram:{tmp_path}/s")
    sink = sink_for(agent.address)
    sink.write(counter(100))
    sink.write(counter(101))
    assert agent.lines() == ["c.n.0:1|c"]
    agent.close()
    for value in (105, 110):
        with pytest.raises(
            SourceError, match=f"statsd at unixgram:{tmp_path}/s: send: no such file or directory"
        ):
            sink.write(counter(value))
    agent = Agent(f"unixgram:{tmp_path}/s")
    sink.write(counter(112))
    assert agent.lines() == ["c.n.0:11|c"]
    assert dropped(sink) == {"not_accepted": 2}
    agent.close()
    sink.close()


def test_an_agent_that_restarted_at_its_old_path_gets_the_round(tmp_path: pathlib.Path) -> None:
    agent = Agent(f"unixgram:{tmp_path}/s")
    sink = sink_for(agent.address)
    sink.write(counter(1))
    sink.write(counter(2))
    agent.close()
    agent = Agent(f"unixgram:{tmp_path}/s")
    sink.write(counter(4))
    assert agent.lines() == ["c.n.0:2|c"]
    agent.close()
    sink.close()


def test_an_outage_of_a_udp_agent_loses_nothing_that_the_kernel_tells_of() -> None:
    """The first datagram to a closed port is taken; that nobody listened is known with the next call."""
    agent = Agent("udp://127.0.0.1:0")
    sink = sink_for(agent.address)
    sink.write(counter(100))
    sink.write(counter(101))
    assert agent.lines() == ["c.n.0:1|c"]
    agent.close()
    with pytest.raises(SourceError, match=f"statsd at {agent.address}: send: connection refused"):
        sink.write(counter(105))  # taken by the kernel, refused by the port
    agent = Agent(agent.address)
    sink.write(counter(106))
    assert agent.lines() == ["c.n.0:5|c"]
    agent.close()
    sink.close()


def test_a_udp_outage_in_the_middle_of_a_round_takes_the_round_back() -> None:
    agent = Agent("udp://127.0.0.1:0")
    sink = sink_for(agent.address)
    many = 200  # several datagrams
    sink.write(counter(*[0.0] * many))
    agent.close()
    with pytest.raises(SourceError, match="connection refused"):
        sink.write(counter(*[1.0] * many))
    agent = Agent(agent.address)
    sink.write(counter(*[1.0] * many))
    assert sorted(agent.lines()) == sorted(f"c.n.{n}:1|c" for n in range(many))
    agent.close()
    sink.close()


def test_a_reset_during_an_outage_is_not_lost(tmp_path: pathlib.Path) -> None:
    agent = Agent(f"unixgram:{tmp_path}/s")
    sink = sink_for(agent.address)
    sink.write(counter(100))
    agent.close()
    with pytest.raises(SourceError):
        sink.write(counter(3))
    agent = Agent(f"unixgram:{tmp_path}/s")
    sink.write(counter(150))
    assert agent.lines() == ["c.n.0:150|c"]
    agent.close()
    sink.close()


# --- other types -----------------------------------------------------------------------------------------------


def test_gauges_are_sent_as_they_are_and_negative_ones_right_for_each_dialect(agent: Agent) -> None:
    family = MetricFamily("g", "gauge", "A gauge.")
    family.add((), -4.5)
    for dialect, expected in (("plain", ["g:0|g", "g:-4.5|g"]), ("dogstatsd", ["g:-4.5|g"])):
        sink = sink_for(agent.address, dialect=dialect)
        sink.write(made(family))
        assert agent.lines() == expected
        sink.close()


def test_the_zero_before_a_negative_gauge_is_in_the_same_packet(agent: Agent) -> None:
    family = MetricFamily("g", "gauge", "A gauge.", ("n",))
    for n in range(500):
        family.add((str(n),), -1)
    sink = sink_for(agent.address)
    sink.write(made(family))
    for datagram in agent.datagrams():
        lines = datagram.decode().split("\n")
        assert lines[::2] == [line.replace(":-1|", ":0|") for line in lines[1::2]]
    sink.close()


def test_summaries_are_gauges_for_quantiles_and_counters_for_the_rest(agent: Agent) -> None:
    def summary(total: float, count: float) -> Round:
        columns = (Column("", (("quantile", "0.5"),)), Column("_sum"), Column("_count"))
        family = MetricFamily("s", "summary", "A summary.", (), columns)
        family.add((), 0.25, total, count)
        return made(family)

    sink = sink_for(agent.address, dialect="dogstatsd")
    sink.write(summary(10, 4))
    assert agent.lines() == ["s:0.25|g|#quantile:0.5"]
    sink.write(summary(12.5, 6))
    assert agent.lines() == ["s:0.25|g|#quantile:0.5", "s_sum:2.5|c", "s_count:2|c"]
    sink.close()


def test_what_is_not_finite_is_skipped_and_counted(agent: Agent) -> None:
    family = MetricFamily("g", "gauge", "A gauge.", ("n",))
    for n, value in enumerate([float("nan"), float("inf"), 1.0]):
        family.add((str(n),), value)
    sink = sink_for(agent.address)
    sink.write(made(family))
    assert agent.lines() == ["g.n.2:1|g"]
    assert dropped(sink) == {"not_finite": 2}
    sink.close()


# --- the wire -----------------------------------------------------------------------------------------------------


def test_datagrams_hold_whole_lines_up_to_the_limit(agent: Agent) -> None:
    family = MetricFamily("gauge_with_a_name_of_some_length", "gauge", "A gauge.", ("n",))
    for n in range(500):
        family.add((str(n),), n)
    sink = sink_for(agent.address)
    sink.write(made(family))
    datagrams = agent.datagrams()
    limit = 1432 if agent.address.startswith("udp") else 8192
    assert max(map(len, datagrams)) <= limit
    assert all(len(datagram) > limit * 0.9 for datagram in datagrams[:-1])
    assert [line for d in datagrams for line in d.decode().split("\n")] == [
        f"gauge_with_a_name_of_some_length.n.{n}:{n}|g" for n in range(500)
    ]
    sink.close()


def test_a_line_that_fits_no_datagram_is_dropped_and_counted(agent: Agent) -> None:
    family = MetricFamily("g", "gauge", "A gauge.", ("text",))
    family.add(("x" * 9000,), 1)
    family.add(("y",), 2)
    sink = sink_for(agent.address)
    sink.write(made(family))
    assert agent.lines() == ["g.text.y:2|g"]
    assert dropped(sink) == {"too_long": 1}
    sink.close()


def test_names_and_values_are_made_safe() -> None:
    labels = (("peer", "a.b:c|d@e,f#g\nh"), ("text", "Ünï côde"))
    assert wire.plain_line("pre.", "n", labels, "1", "c") == b"pre.n.peer.a_b_c_d_e_f_g_h.text._n__c_de:1|c"
    assert wire.dogstatsd_line("pre.", "n", labels, "1", "c") == (
        "pre.n:1|c|#peer:a.b:c_d_e_f_g_h,text:Ünï_côde".encode()
    )


@pytest.mark.parametrize(
    ("value", "text"),
    [(5.0, "5"), (0.1, "0.1"), (-2.5, "-2.5"), (1e22, "1" + "0" * 22), (1e-7, "0.0000001"), (1.5e300, None)],
)
def test_numbers_have_no_exponent(value: float, text: str | None) -> None:
    shown = wire.number(value)
    assert "e" not in shown
    assert float(shown) == value
    assert text is None or shown == text


def test_the_dogstatsd_dialect_is_what_the_datadog_client_sends() -> None:
    """Byte for byte, for the same metrics, names, tags and values."""
    from datadog.dogstatsd.base import DogStatsd

    client = DogStatsd(disable_telemetry=True, disable_buffering=True, origin_detection_enabled=False)
    cases = [
        ("bird_up", (("bird_daemon", "bird"), ("instance", "Mesh_10_0_0_1")), "1", "g"),
        ("bird_route_changes", (("peer", "fd00::1"), ("d", "a, b|c")), "17", "c"),
        ("plain", (), "-0.5", "g"),
        ("unicode", (("site", "Zürich — 1"),), "3", "c"),
    ]
    for name, labels, value, kind in cases:
        tags = [f"{key}:{text}" for key, text in labels]
        expected = client._serialize_metric(name, kind, value, tags)
        assert wire.dogstatsd_line("", name, labels, value, kind).decode() == expected


def test_a_round_is_on_the_wire_what_the_datadog_client_makes_of_it() -> None:
    from datadog.dogstatsd.base import DogStatsd

    def round_of(moved: int) -> Round:
        up = MetricFamily("bird_bgp_peer_up", "gauge", "Up.", ("bird_daemon", "bird_protocol_instance"))
        up.add(("bird", "Mesh_10_0_0_1"), 1)
        up.add(("bird6", "Node fd00::1, rack #4"), -0.25)
        changes = MetricFamily("bird_route_changes", "counter", "Changes.", ("bird_direction",))
        changes.add(("import",), 100 + moved)
        return made(up, changes)

    ours, theirs = Agent("udp://127.0.0.1:0"), Agent("udp://127.0.0.1:0")
    sink = sink_for(ours.address, dialect="dogstatsd", prefix="calico.")
    sink.write(round_of(0))
    ours.datagrams()
    sink.write(round_of(7))
    host, _, port = theirs.address.removeprefix("udp://").partition(":")
    client = DogStatsd(
        host=host,
        port=int(port),
        namespace="calico",
        disable_telemetry=True,
        disable_buffering=True,
        origin_detection_enabled=False,
    )
    client.gauge("bird_bgp_peer_up", 1, ["bird_daemon:bird", "bird_protocol_instance:Mesh_10_0_0_1"])
    client.gauge(
        "bird_bgp_peer_up", -0.25, ["bird_daemon:bird6", "bird_protocol_instance:Node fd00::1, rack #4"]
    )
    client.increment("bird_route_changes", 7, ["bird_direction:import"])
    # The client sends a packet for each line and ends it with a line feed; here lines share a packet.
    sent = ours.datagrams()
    assert sent == [b"".join(theirs.datagrams()).removesuffix(b"\n")]
    assert sent[0].endswith(b"calico.bird_route_changes:7|c|#bird_direction:import")
    client.close_socket()
    client.stop()
    sink.close()
    ours.close()
    theirs.close()


@pytest.mark.parametrize(
    "address",
    ["localhost:8125", "udp://h", "udp://h:x", "udp://h:0", "udp://h:65536", "tcp://h:1", "unixgram:", ""],
)
def test_an_address_that_is_none_is_refused(address: str) -> None:
    with pytest.raises(ValueError, match="'address' has to be udp://HOST:PORT or unixgram:PATH"):
        StatsdOptions(address=address)


def test_a_prefix_that_would_break_lines_is_refused() -> None:
    with pytest.raises(ValueError, match="'prefix' may have"):
        StatsdOptions(address="udp://h:1", prefix="a:b")


def test_a_host_that_does_not_exist_is_an_error_of_the_sink() -> None:
    sink = sink_for("udp://nothing.invalid:8125")
    family = MetricFamily("g", "gauge", "A gauge.")
    family.add((), 1)
    with pytest.raises(SourceError, match="statsd at udp://nothing.invalid:8125: send: "):
        sink.write(made(family))


# --- agents that come and go --------------------------------------------------------------------------------------


def test_a_udp_agent_that_is_away_is_told_though_each_round_is_one_datagram() -> None:
    """Each send succeeds; only the socket's pending error tells that nobody listens."""
    agent = Agent("udp://127.0.0.1:0")
    agent.close()
    sink = sink_for(agent.address)
    sink.write(counter(1))  # a baseline: nothing is sent
    for value in (2, 3, 4):
        with pytest.raises(SourceError, match="connection refused"):
            sink.write(counter(value))
    agent = Agent(agent.address)
    sink.write(counter(4))
    assert agent.lines() == ["c.n.0:3|c"]
    agent.close()
    sink.close()


def test_an_agent_that_does_not_read_is_not_waited_for_and_loses_nothing(tmp_path: pathlib.Path) -> None:
    """A Unix socket's queue is short; what does not fit is owed."""
    agent = Agent(f"unixgram:{tmp_path}/s")
    sink = sink_for(agent.address)
    values = itertools.count()

    def fill() -> None:
        while True:
            sink.write(counter(next(values)))

    with pytest.raises(SourceError, match="timed out"):
        fill()
    first = agent.lines()
    last = next(values)
    sink.write(counter(last))
    assert sum(int(line.split(":")[1].removesuffix("|c")) for line in [*first, *agent.lines()]) == last
    agent.close()
    sink.close()


def test_a_round_in_which_something_failed_forgets_no_counter(agent: Agent) -> None:
    sink = sink_for(agent.address)
    sink.write(counter(10))
    failed = CollectorResult("bird_protocols", success=False, duration=0.0, errors=("no luck",))
    sink.write(Round((), (failed,), Snapshot(), time.time()))
    sink.write(counter(12))
    assert agent.lines() == ["c.n.0:2|c"]
    sink.close()


def test_after_a_refusal_the_next_address_of_the_name_has_its_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    """As with localhost, which is ::1 first, and an agent that listens on 127.0.0.1."""
    agent, nobody = Agent("udp://127.0.0.1:0"), Agent("udp://127.0.0.1:0")
    nobody.close()
    places = [("127.0.0.1", int(made.address.rpartition(":")[2])) for made in (nobody, agent)]
    answer = [(socket.AF_INET, socket.SOCK_DGRAM, 17, "", place) for place in places]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: answer)
    sink = sink_for("udp://agent.test:8125")
    sink.write(counter(1))
    with pytest.raises(SourceError, match="connection refused"):
        sink.write(counter(2))
    sink.write(counter(3))
    assert agent.lines() == ["c.n.0:2|c"]
    agent.close()
    sink.close()


def test_an_agent_whose_name_gets_another_address_is_followed(monkeypatch: pytest.MonkeyPatch) -> None:
    agents = [Agent("udp://127.0.0.1:0"), Agent("udp://127.0.0.1:0")]
    places = [("127.0.0.1", int(made.address.rpartition(":")[2])) for made in agents]
    answer = [(socket.AF_INET, socket.SOCK_DGRAM, 17, "", places[0])]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: list(answer))
    sink = sink_for("udp://agent.test:8125")
    sink.write(counter(1))
    sink.write(counter(2))
    answer[:] = [(socket.AF_INET, socket.SOCK_DGRAM, 17, "", places[1])]
    sink.write(counter(5))
    assert [made.lines() for made in agents] == [["c.n.0:1|c"], ["c.n.0:3|c"]]
    for made in agents:
        made.close()
    sink.close()


def test_an_agent_whose_name_is_not_found_for_a_while_keeps_its_address(
    agent: Agent, monkeypatch: pytest.MonkeyPatch
) -> None:
    sink = sink_for(agent.address)
    sink.write(counter(1))
    sink.write(counter(2))

    def fail(*_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")

    monkeypatch.setattr(socket, "getaddrinfo", fail)
    sink.write(counter(5))
    assert agent.lines() == ["c.n.0:1|c", "c.n.0:3|c"]
    sink.close()


def test_empty_labels_are_left_out() -> None:
    labels = (("a", ""), ("b", "1"))
    assert wire.plain_line("", "n", labels, "1", "g") == b"n.b.1:1|g"
    assert wire.dogstatsd_line("", "n", labels, "1", "g") == b"n:1|g|#b:1"
    assert wire.dogstatsd_line("", "n", (("a", ""),), "1", "g") == b"n:1|g"


def test_a_name_with_colons_does_not_end_early() -> None:
    assert wire.plain_line("", "job:up:sum", (), "1", "g") == b"job_up_sum:1|g"
    assert wire.dogstatsd_line("", "job:up:sum", (), "1", "g") == b"job_up_sum:1|g"


def test_what_can_be_dropped_is_shown_before_it_happens() -> None:
    sink = sink_for("udp://127.0.0.1:8125")
    (shown,) = [f for f in sink.families() if f.name == "calicometrics_sink_dropped_lines_total"]
    assert shown.rows == [
        (("statsd", "not_finite"), (0,)),
        (("statsd", "too_long"), (0,)),
        (("statsd", "not_accepted"), (0,)),
    ]


def test_no_socket_is_left_open(agent: Agent) -> None:
    before = len(os.listdir("/proc/self/fd"))
    sink = sink_for(agent.address)
    for value in range(3):
        sink.write(counter(value))
    assert len(os.listdir("/proc/self/fd")) == before + 1
    sink.close()
    sink.close()
    assert len(os.listdir("/proc/self/fd")) == before
