"""The exporter of the present settings, exchanged while rounds of it are under way."""

from __future__ import annotations

import contextlib
import pathlib
import threading

import pytest

from calicometrics.bird.recorded import RecordedBird
from calicometrics.cli.current import CurrentExporter
from calicometrics.errors import SourceError
from calicometrics.exporter import Exporter
from calicometrics.families import MetricFamily
from calicometrics.rounds import Round

MIXED = pathlib.Path(__file__).parents[1] / "data/bird/1.6.8/calico-mixed"


class Slow:
    """A collector whose rounds last until they are released."""

    name = "slow"
    families = ()

    def __init__(self) -> None:
        self.inside, self.release = threading.Event(), threading.Event()

    def collect(self, snapshot):
        self.inside.set()
        self.release.wait(30)
        assert [name for name, _ in snapshot.status()] == list(snapshot.daemons)
        return [MetricFamily("slow", "gauge", "Slow.")]


def held(collectors, closed: list[str], name: str) -> tuple[Exporter, contextlib.ExitStack]:
    stack = contextlib.ExitStack()
    stack.callback(closed.append, name)
    return stack.enter_context(Exporter({}, collectors=collectors)), stack


def threads() -> list[threading.Thread]:
    return [each for each in threading.enumerate() if each.name.startswith(("collector-slow", "read-"))]


def test_an_exporter_is_closed_by_the_last_round_that_uses_it() -> None:
    closed: list[str] = []
    slow, current = Slow(), CurrentExporter()
    current.exchange(*held([slow], closed, "first"))
    rounds: list[Round] = []
    thread = threading.Thread(target=lambda: rounds.append(current.round()))
    thread.start()
    assert slow.inside.wait(10)
    current.exchange(*held([], closed, "second"))
    assert closed == []
    assert current.round().success, "the new one is in effect"
    slow.release.set()
    thread.join(10)
    assert [done.success for done in rounds] == [True]
    assert closed == ["first"]
    for each in threads():
        each.join(10)
    assert threads() == []
    current.close()
    assert closed == ["first", "second"]


def test_one_that_nobody_uses_is_closed_at_once() -> None:
    closed: list[str] = []
    current = CurrentExporter()
    assert not current.present
    with pytest.raises(SourceError, match="there is no exporter yet"):
        current.round()
    current.exchange(*held([], closed, "first"))
    current.exchange(*held([], closed, "second"))
    assert closed == ["first"]
    current.close()


def test_at_the_end_nobody_is_waited_for() -> None:
    closed: list[str] = []
    slow, current = Slow(), CurrentExporter()
    current.exchange(*held([slow], closed, "first"))
    thread = threading.Thread(target=current.round)
    thread.start()
    assert slow.inside.wait(10)
    current.exchange(*held([], closed, "second"))
    current.close()
    assert sorted(closed) == ["first", "second"]
    slow.release.set()
    thread.join(10)
    assert sorted(closed) == ["first", "second"]


def test_an_exporter_that_is_closed_during_a_round_ends_its_threads_after_it() -> None:
    slow = Slow()
    replies = {"show status": (MIXED / "show_status.raw").read_text()}
    birds = {"bird": RecordedBird(replies), "bird6": RecordedBird(replies)}
    exporter = Exporter(birds, collectors=[slow])
    rounds: list[Round] = []
    thread = threading.Thread(target=lambda: rounds.append(exporter.round()))
    thread.start()
    assert slow.inside.wait(10)
    exporter.close()
    slow.release.set()
    thread.join(10)
    assert [done.collectors[0].errors for done in rounds] == [()]
    exporter.round()  # whoever had it before it was closed may still ask
    for each in threads():
        each.join(10)
    assert threads() == []
