"""Foreign code that never returns: a round ends in its time all the same, and later ones go on without it."""

from __future__ import annotations

import contextlib
import pathlib
import socket
import threading
import time
from collections.abc import Iterator

import attrs
import pytest

from calicometrics.bird.client import BirdSocket
from calicometrics.bird.parser import BUILT_IN_KINDS
from calicometrics.conversation import Conversation
from calicometrics.errors import SourceError
from calicometrics.exporter import Exporter
from calicometrics.rounds import Round
from calicometrics.snapshot import Snapshot
from calicometrics.testing.bird import FakeBird
from calicometrics.workers import Worker

MIXED = pathlib.Path(__file__).parents[1] / "data/bird/1.6.8/calico-mixed"
DEVICE = (
    "2002-name     proto    table    state  since  info\n"
    "1002-device1  Device   master   up     2026-11-26  \n1006-\n0000 \n"
)
WITHOUT_PEERS = {"show status": (MIXED / "show_status.raw").read_bytes(), "show protocols all": DEVICE}
SHORT = 0.5  # seconds for a round that cannot end before its time is over


class Hanging:
    """A kind of BGP sessions that never returns before it is released."""

    def __init__(self) -> None:
        self.inside = threading.Event()
        self.release = threading.Event()
        (bgp,) = (kind for kind in BUILT_IN_KINDS if kind.proto == "BGP")

        def build(values):
            self.inside.set()
            self.release.wait(60)
            return bgp.build(values)

        others = (kind for kind in BUILT_IN_KINDS if kind.proto != "BGP")
        self.kinds = (*others, attrs.evolve(bgp, build=build))


@pytest.fixture
def hanging() -> Iterator[Hanging]:
    made = Hanging()
    yield made
    made.release.set()


def success(done: Round) -> dict[str, bool]:
    return {result.name: result.success for result in done.collectors}


def samples(done: Round, name: str) -> dict[str, float]:
    return {
        dict(sample.labels)["bird_daemon"]: sample.value
        for family in done.families
        for sample in family.samples()
        if sample.name == name
    }


def ours() -> set[threading.Thread]:
    return {each for each in threading.enumerate() if each.name.startswith(("read-", "collector-"))}


HALF = {"bird_status": True, "bird_protocols": False, "bgp_timers": False, "felix_summaries": True}


@pytest.mark.parametrize("several", [False, True], ids=["one daemon", "two daemons"])
def test_a_kind_that_hangs_costs_its_daemons_protocols_and_no_round(hanging: Hanging, several: bool) -> None:
    with contextlib.ExitStack() as stack:
        bird = stack.enter_context(FakeBird.from_directory(MIXED))
        birds = {"bird": bird.path}
        if several:
            birds["bird6"] = stack.enter_context(FakeBird(WITHOUT_PEERS)).path
        exporter = stack.enter_context(Exporter(birds, kinds=hanging.kinds))
        others = {"bird6": 1.0} if several else {}
        first = exporter.round(SHORT)
        threads = ours()
        assert success(first) == HALF
        for _ in range(3):
            later = exporter.round(5)
            assert success(later) == HALF
            assert samples(later, "bird_daemon_up") == {"bird": 1.0, **others}
            assert samples(later, "bird_up") == others
            assert all("busy with an earlier round" in error for error in later.collectors[1].errors)
        assert ours() == threads
        hanging.release.set()
        while not exporter.round(5).success:
            pass


def test_what_waits_behind_a_reply_that_hangs_is_read_all_the_same(hanging: Hanging) -> None:
    """Which collector comes first is chance: the status is not to be lost when it is not that of the status."""
    with FakeBird.from_directory(MIXED) as bird, FakeBird(WITHOUT_PEERS) as bird6:
        readers = {"bird": Worker("read-bird"), "bird6": Worker("read-bird6")}
        snapshot = Snapshot(
            {"bird": BirdSocket(bird.path), "bird6": BirdSocket(bird6.path)},
            kinds=hanging.kinds,
            deadline=time.monotonic() + SHORT,
            readers=readers,
        )
        protocols = snapshot.view()
        thread = threading.Thread(target=lambda: list(protocols.protocols()))
        thread.start()
        assert hanging.inside.wait(10)
        assert [name for name, _ in snapshot.status()] == ["bird", "bird6"]
        assert [name for name, _ in snapshot.protocols()] == ["bird6"]
        assert [str(error) for error in snapshot.failures] == [
            "bird: protocols: not read when the round's time was over"
        ]
        thread.join(10)
        snapshot.close()
        for reader in readers.values():
            reader.close()


def test_a_daemon_is_freed_while_its_reply_is_with_code_that_hangs(hanging: Hanging) -> None:
    with FakeBird.from_directory(MIXED) as bird:
        ends: list[socket.socket] = []
        source = BirdSocket(bird.path)

        class Watched(BirdSocket):
            def connect(self, deadline=None):
                connection = source.connect(deadline)
                ends.append(connection._socket)
                return connection

        with Exporter({"bird": Watched(bird.path)}, kinds=hanging.kinds) as exporter:
            exporter.round(SHORT)
            (end,) = ends
            with pytest.raises(BrokenPipeError):
                end.send(b"show status\n")
            hanging.release.set()
            while not exporter.round(5).success:
                pass
            assert {each.fileno() for each in ends} == {-1}


def test_a_conversation_is_closed_while_somebody_reads() -> None:
    """Who closes waits for nobody; who reads learns that the round is over, and leaves no descriptor."""
    with FakeBird.from_directory(MIXED) as bird:
        conversation = Conversation(BirdSocket(bird.path), None)
        with conversation.stream("show protocols all") as pieces:
            next(pieces)
            connection = conversation._connection
            thread = threading.Thread(target=conversation.close)
            thread.start()
            thread.join(10)
            assert not thread.is_alive()
        assert connection is not None
        assert connection._socket.fileno() == -1  # type: ignore[attr-defined]  # it is a BirdConnection
        with pytest.raises(SourceError, match="the round is over"):
            conversation.ask("show status")


def test_whoever_waits_for_a_reply_waits_no_longer_than_the_round() -> None:
    with FakeBird.from_directory(MIXED) as bird:
        conversation = Conversation(BirdSocket(bird.path), time.monotonic() + 0.3)
        with conversation.stream("show protocols all") as pieces:
            assert list(pieces)
            errors: list[str] = []

            def ask() -> None:
                try:
                    conversation.ask("show status")
                except SourceError as error:
                    errors.append(str(error))

            thread = threading.Thread(target=ask)
            thread.start()
            thread.join(10)
        assert errors == [f"BIRD at {bird.path}: an earlier reply is still being read"]
        conversation.close()


def test_a_collector_without_a_thread_costs_itself_for_this_round(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    with FakeBird.from_directory(MIXED) as bird, Exporter({"bird": bird.path}) as exporter:
        with monkeypatch.context() as patched:
            patched.setattr(threading.Thread, "start", fail)
            done = exporter.round(5)
        assert {result.errors for result in done.collectors} == {("can't start new thread",)}
        assert exporter.round().success
