"""Rows that are used again: the same as if they were made anew."""

from __future__ import annotations

import gzip
import pathlib
import random
import re

import pytest

from calicometrics.bird.parser import ProtocolParser
from calicometrics.bird.recorded import RecordedBird
from calicometrics.collectors.bgp_timers import BgpTimersCollector
from calicometrics.collectors.bird_protocols import BirdProtocolsCollector
from calicometrics.snapshot import Snapshot

DATA = pathlib.Path(__file__).parents[2] / "data"
LARGE = gzip.decompress((DATA / "large/bird-3.3.2-rr-show_protocols_all.raw.gz").read_bytes()).decode()
STATUS = (DATA / "bird/3.3.2/calico-mixed/show_status.raw").read_text()
COLLECTORS = (BirdProtocolsCollector, BgpTimersCollector)


def snapshot(reply: str, parser: ProtocolParser | None = None) -> Snapshot:
    bird = RecordedBird({"show protocols all": reply, "show status": STATUS})
    return Snapshot({"bird": bird}, parsers={"bird": parser or ProtocolParser()})


def changed(reply: str, chance: random.Random) -> str:
    """Let a tenth of the protocols change, some go, some come, and two change places."""
    head, *blocks = re.split(r"(?m)^(?=1002-)", reply[: reply.rindex("0000 ")])
    for index, block in enumerate(blocks):
        if chance.random() < 0.1:
            new = re.sub(r"(Hold timer: +)\d+", rf"\g<1>{chance.randrange(100)}", block)
            blocks[index] = new.replace("Established   ", "Active        ") if chance.random() < 0.1 else new
    del blocks[chance.randrange(len(blocks))]
    blocks.append(blocks[0].replace("1002-", f"1002-n{chance.randrange(1000)}_", 1))
    a, b = chance.sample(range(len(blocks)), 2)
    blocks[a], blocks[b] = blocks[b], blocks[a]
    return "".join([head, *blocks, "0000 \n"])


@pytest.mark.parametrize("kind", COLLECTORS)
def test_a_collector_that_has_seen_rounds_makes_the_families_of_a_new_one(kind: type) -> None:
    chance = random.Random(20180822)
    parser, collector, reply = ProtocolParser(), kind(), LARGE
    for _ in range(12):
        families = list(collector.collect(snapshot(reply, parser)))
        assert families == list(kind().collect(snapshot(reply)))
        reply = chance.choice([reply, changed(reply, chance)])


@pytest.mark.parametrize("kind", COLLECTORS)
def test_a_family_in_which_nothing_changed_has_the_same_rows_and_others_have_new_lists(kind: type) -> None:
    parser, collector = ProtocolParser(), kind()
    before = list(collector.collect(snapshot(LARGE, parser)))
    kept = [list(family.rows) for family in before]
    again = list(collector.collect(snapshot(LARGE, parser)))
    assert all(new.rows is old.rows for new, old in zip(again, before, strict=True))
    other = LARGE.replace("Keepalive timer:  ", "Keepalive timer:  1")
    after = list(collector.collect(snapshot(other, parser)))
    different = {new.name for new, old in zip(after, before, strict=True) if new.rows is not old.rows}
    assert different == ({"bird_keepalive_timer_current"} if kind is BgpTimersCollector else set())
    assert [list(family.rows) for family in before] == kept


def test_a_daemon_that_goes_takes_its_rows_along() -> None:
    bird = RecordedBird({"show protocols all": LARGE, "show status": STATUS})
    collector = BirdProtocolsCollector()
    both = collector.collect(Snapshot({"bird": bird, "bird6": bird}))
    one = collector.collect(Snapshot({"bird": bird}))
    assert {labels[0] for family in both for labels, _ in family.rows} == {"bird", "bird6"}
    assert {labels[0] for family in one for labels, _ in family.rows} == {"bird"}
