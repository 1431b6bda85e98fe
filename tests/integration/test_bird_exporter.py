"""The page of calicometrics-bird-exporter against that of the real bird_exporter, of the same replies."""

from __future__ import annotations

import contextlib
import pathlib
import re
import subprocess
import urllib.error
import urllib.request
from collections.abc import Callable

import attrs
import pytest

from calicometrics import Exporter
from calicometrics.bird.recorded import RecordedBird
from calicometrics.exposition.parser import parse_exposition
from calicometrics.families import MetricFamily
from calicometrics.testing import FakeBird
from calicometrics_bird_exporter.collector import BirdExporterCollector
from calicometrics_bird_exporter.families import ALL

from .lab import wait_for
from .needs import unpacked
from .serving import free_port

pytestmark = pytest.mark.integration

ROOT = pathlib.Path(__file__).parents[2]
README = (ROOT / "plugins/calicometrics-bird-exporter/README.md").read_text(encoding="utf-8")
RECORDINGS = sorted(
    str(path.parent.relative_to(ROOT / "tests/data/bird"))
    for path in (ROOT / "tests/data/bird").glob("*/*/show_protocols_all.raw")
)

Series = tuple[str, frozenset[tuple[str, str]]]
Page = dict[Series, float]


@attrs.frozen
class Difference:
    """A series that is not the same on both pages; a value that is not there is None."""

    recording: str
    name: str
    labels: dict[str, str]
    ours: float | None
    theirs: float | None


def two_words(found: Difference) -> bool:
    """The recordings whose time format has a blank: the original takes the second word for the next column."""
    if not found.recording.endswith(("-ms", "custom")):
        return False
    if found.name == "bird_protocol_up":
        shifted = re.match(r"\d\d:\d\d:\d\d", found.labels["state"]) is not None
        return shifted if found.ours is None else not shifted
    return (found.name.endswith("_running") and found.theirs == 0) or found.theirs is None


# What the README says of a difference → whether one that was found is of its kind.
RULES: dict[str, Callable[[Difference], bool]] = {
    "Uptimes": lambda found: (
        found.name in {"bird_protocol_uptime", "bird_bfd_session_uptime_seconds"} and found.ours is not None
    ),
    "Times of two words": two_words,
    "The state of the second channel": lambda found: (
        found.name == "bird_protocol_up" and (found.labels["state"] == "") == (found.ours is None)
    ),
    "Other channels": lambda found: (
        found.ours is None
        and found.labels.get("name") == "quoted-name.v4:1"
        and found.labels["export_filter"] == "REJECT"
    ),
    "The columns of BIRD 3": lambda found: (
        found.recording.startswith("3.") and found.theirs == 0 and found.name.endswith("_accept_count")
    ),
    "Two daemons": lambda _: False,
}
UNSEEN = {"Two daemons"}  # one socket has one daemon: the plugin's own tests have two


def page(families: list[MetricFamily]) -> Page:
    return {
        (sample.name, frozenset(sample.labels)): sample.value
        for family in families
        for sample in family.samples()
        if sample.name.startswith(("bird_protocol_", "bird_ospf", "bird_bfd_"))
    }


def replies(recording: str) -> dict[str, str]:
    directory = ROOT / "tests/data/bird" / recording
    texts = {
        path.stem.replace("_", " "): path.read_text(encoding="utf-8") for path in directory.glob("*.raw")
    }
    # bird_exporter asks for each protocol by its name, and waits for ever where the daemon answers with an error.
    for instance in texts.get("show ospf", "").removesuffix("0000 \n").split("\n \n"):
        match = re.search(r"(?m)^(?:1014-| )(ospf\d):\n", instance)
        if match is not None:
            texts[f"show ospf {match[1]}"] = f"1014-{instance[match.start(1) :].rstrip()}\n0000 \n"
    texts["show bfd sessions bfd1"] = texts.get("show bfd sessions", "0000 \n")
    return texts


def ours(recording: str) -> Page:
    # Not over the socket: what is read there is of today, and the daemon's times are not.
    with Exporter(
        {"bird": RecordedBird(replies(recording))}, collectors=[BirdExporterCollector()]
    ) as exporter:
        taken = exporter.round()
    assert [result.errors for result in taken.collectors] == [()]
    return page(list(taken.families))


def theirs(path: str, recording: str) -> list[MetricFamily]:
    """What the real exporter prints of a control socket."""
    port = free_port()
    program = unpacked("prometheus-bird-exporter") / "usr/bin/prometheus-bird-exporter"
    options = ["-bird.socket", path, "-bird.v2"]
    if recording.startswith("1."):
        options = ["-bird.socket", path, "-bird.ipv6=false"]
    if recording.endswith("ipv6"):
        options = ["-bird.socket6", path, "-bird.ipv4=false"]
    command = [str(program), f"-web.listen-address=127.0.0.1:{port}", *options]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    texts: list[str] = []

    def answered() -> bool:
        with contextlib.suppress(urllib.error.URLError):
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10) as answer:
                texts.append(answer.read().decode())
        return bool(texts)

    try:
        wait_for(answered)
    finally:
        process.kill()
        process.wait()
    return parse_exposition(texts[0])


def differences(recording: str) -> list[Difference]:
    mine = ours(recording)
    with FakeBird(replies(recording)) as fake:
        other = page(theirs(fake.path, recording))
    assert len(other) > 50, "the real exporter has shown nothing"
    return [
        Difference(recording, name, dict(labels), mine.get((name, labels)), other.get((name, labels)))
        for name, labels in mine.keys() | other.keys()
        if mine.get((name, labels)) != other.get((name, labels))
    ]


@pytest.fixture(scope="module")
def found() -> list[Difference]:
    return [difference for recording in RECORDINGS for difference in differences(recording)]


def test_every_difference_is_one_of_the_list(found: list[Difference]) -> None:
    assert [each for each in found if not any(rule(each) for rule in RULES.values())] == []


def test_every_difference_of_the_list_exists_and_is_in_the_readme(found: list[Difference]) -> None:
    for name, rule in RULES.items():
        assert f"* **{name}**" in README
        assert name in UNSEEN or any(map(rule, found)), name
    assert README.count("* **") == len(RULES)


def test_names_types_and_help_are_the_same() -> None:
    with FakeBird(replies("3.3.2/calico-mixed")) as fake:
        shown = {family.name: (family.type, family.help) for family in theirs(fake.path, "3.3.2")}
    ours = {spec.name: (spec.type, spec.help) for spec in ALL}
    assert ours == {name: shown.get(name) for name in ours}
