"""How much of each source is taken in: what is at a bound is read, what is past it is refused and named."""

from __future__ import annotations

import pathlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calicometrics.bird.client import BirdSocket
from calicometrics.bounds import Intake, PageBounds, ReplyBounds, _has_longer_line
from calicometrics.collectors.bird_memory import BirdMemoryCollector
from calicometrics.collectors.bird_protocols import BirdProtocolsCollector
from calicometrics.collectors.endpoints import EndpointsCollector
from calicometrics.collectors.felix import FelixCollector
from calicometrics.errors import BoundError
from calicometrics.exporter import Exporter
from calicometrics.families import MetricFamily
from calicometrics.rounds import Round
from calicometrics.sources import FileSource, HttpSource
from calicometrics.testing import FakeBird, FakeEndpoint

DATA = pathlib.Path(__file__).parents[1] / "data"
RECORDING = DATA / "bird/1.6.8/errors"
# Without the banner, which is no part of the reply.
REPLY = (RECORDING / "show_protocols_all.raw").read_text(encoding="utf-8").partition("\n")[2]
LINES = REPLY.count("\n")
LONGEST = max(map(len, REPLY.split("\n")))
PROTOCOLS = sum(line.startswith("1002-") for line in REPLY.splitlines())
PAGE = """\
# HELP felix_a A.
# TYPE felix_a gauge
felix_a{x="1234567"} 12
# TYPE felix_b gauge
felix_b 2
felix_b{y="1"} 3
"""


def values(taken: Round, name: str) -> dict[tuple[str, ...], float | None]:
    found: list[MetricFamily] = [family for family in taken.families if family.name == name]
    return {labels: numbers[0] for family in found for labels, numbers in family.rows}


def errors(taken: Round) -> set[str]:
    return {error for result in taken.collectors for error in result.errors}


@pytest.mark.parametrize(
    ("bounds", "said"),
    [
        (ReplyBounds(lines=LINES), None),
        (ReplyBounds(lines=LINES - 1), f"more than {LINES - 1} lines, see bird.max-lines"),
        (ReplyBounds(protocols=PROTOCOLS), None),
        (
            ReplyBounds(protocols=PROTOCOLS - 1),
            f"more than {PROTOCOLS - 1} protocols, see bird.max-protocols",
        ),
        (ReplyBounds(line_length=LONGEST), None),
        (
            ReplyBounds(line_length=LONGEST - 1),
            f"a line has more than {LONGEST - 1} characters, see bird.max-line-length",
        ),
    ],
)
def test_a_reply_past_a_bound_costs_its_protocols_and_nothing_else(
    bounds: ReplyBounds, said: str | None
) -> None:
    with FakeBird.from_directory(RECORDING) as bird:
        with Exporter({"bird": bird.path}, reply_bounds=bounds) as exporter:
            taken = exporter.round()
            assert taken.success is (said is None)
            assert bool(values(taken, "bird_up")) is (said is None)
            assert values(taken, "bird_daemon_up") == {("bird",): 1}
            found = {error for error in errors(taken) if "max-" in error}
            assert found == ({f"BIRD at {bird.path}: show protocols all: {said}"} if said else set())
            # The connection was as good as before: each round makes one.
            exporter.round()
            assert bird.connections == 2


@pytest.mark.parametrize(
    ("bounds", "said"),
    [
        (PageBounds(lines=6), None),
        (PageBounds(lines=5), "felix: more than 5 lines, see felix.max-lines"),
        (PageBounds(line_length=23), None),
        (PageBounds(line_length=22), "felix: a line has more than 22 characters, see felix.max-line-length"),
        (PageBounds(families=2), None),
        (PageBounds(families=1), "felix: more than 1 families, see felix.max-families"),
        (PageBounds(samples=3), None),
        (PageBounds(samples=2), "felix: more than 2 samples, see felix.max-samples"),
    ],
)
def test_a_page_past_a_bound_costs_itself_and_nothing_else(
    tmp_path: pathlib.Path, bounds: PageBounds, said: str | None
) -> None:
    file = tmp_path / "felix.prom"
    file.write_text(PAGE)
    with FakeBird.from_directory(RECORDING) as bird:
        with Exporter({"bird": bird.path}, {"felix": FileSource(file)}, page_bounds=bounds) as exporter:
            taken = exporter.round()
    assert errors(taken) == ({said} if said else set())
    assert values(taken, "bird_up")


def test_what_has_been_used_of_each_bound_is_on_the_page() -> None:
    with FakeBird.from_directory(RECORDING) as bird, FakeEndpoint(PAGE) as felix:
        with Exporter(
            {"bird": bird.path},
            {"felix": HttpSource(felix.url, max_page=1000)},
            reply_bounds=ReplyBounds(lines=1000, protocols=100),
            page_bounds=PageBounds(lines=12, families=4, samples=30, line_length=60),
        ) as exporter:
            ratios = values(exporter.round(), "calicometrics_source_bound_ratio")
    assert ratios.pop(("bird", "bytes")) == pytest.approx(len(REPLY) / 128 / 1024**2)
    assert ratios == {
        ("bird", "lines"): LINES / 1000,
        ("bird", "line-length"): 1 / 8,
        ("bird", "protocols"): PROTOCOLS / 100,
        ("felix", "bytes"): len(PAGE) / 1000,
        ("felix", "lines"): 0.5,
        ("felix", "line-length"): 4 / 8,  # 23 characters: more than 3 / 8 of 60, which are 22
        ("felix", "families"): 0.5,
        ("felix", "samples"): 0.1,
    }


def test_a_bound_that_is_passed_shows_as_more_than_all_of_it() -> None:
    with FakeBird.from_directory(RECORDING) as bird:
        with Exporter({"bird": bird.path}, reply_bounds=ReplyBounds(lines=10)) as exporter:
            ratios = values(exporter.round(), "calicometrics_source_bound_ratio")
    assert (ratios["bird", "lines"] or 0) > 1
    assert ("bird", "protocols") not in ratios


def test_bytes_past_their_bound_are_named_with_their_option_and_shown(tmp_path: pathlib.Path) -> None:
    file = tmp_path / "typha.prom"
    file.write_text(PAGE)
    with FakeBird.from_directory(RECORDING) as bird, FakeEndpoint(PAGE) as felix:
        largest = len(REPLY) - 1
        with Exporter(
            {"bird": BirdSocket(bird.path, max_reply=largest)},
            {"felix": HttpSource(felix.url, max_page=50), "typha": FileSource(file, max_page=60)},
            collectors=[
                BirdProtocolsCollector(),
                BirdMemoryCollector(),
                FelixCollector(),
                EndpointsCollector(),
            ],
        ) as exporter:
            taken = exporter.round()
    assert errors(taken) == {
        f"BIRD at {bird.path}: show protocols all: the reply is larger than {largest} bytes, see bird.max-reply",
        f"{felix.url}: body: the page is larger than 50 bytes, see felix.max-page",
        f"{file}: read: the page is larger than 60 bytes, see felix.max-page",
    }
    ratios = values(taken, "calicometrics_source_bound_ratio")
    for source in ("bird", "felix", "typha"):
        assert 1 < (ratios[source, "bytes"] or 0) < 1.1


def test_the_longest_line_is_measured_in_eighths() -> None:
    intake = Intake("felix", PageBounds(line_length=80))
    for length, used in ((10, 1), (11, 2), (5, 2), (80, 8), (1, 8)):
        assert list(intake.pieces("felix", ["x" * length + "\n"]))
        assert intake.ratios()["line-length"] == used / 8
    with pytest.raises(BoundError, match="felix: a line has more than 80 characters"):
        list(intake.pieces("felix", ["x" * 81]))
    assert intake.ratios()["line-length"] > 1


def test_lines_are_counted_while_the_reply_comes() -> None:
    taken: list[str] = []
    intake = Intake("bird", ReplyBounds(lines=3))
    with pytest.raises(BoundError, match="BIRD: more than 3 lines"):
        taken.extend(intake.pieces("BIRD", iter(["a\nb\n", "c\n", "d\n", "never asked for"])))
    assert taken == ["a\nb\n", "c\n"]


@given(st.text("ab\n", max_size=60), st.integers(1, 12))
def test_a_line_is_longer_when_it_is(text: str, most: int) -> None:
    assert _has_longer_line(text, most) is any(len(line) > most for line in text.split("\n"))
