"""The page of calicometrics-bird-exporter against that of the real bird_exporter, on the same control socket."""

from __future__ import annotations

import contextlib
import pathlib
import re
import subprocess
import urllib.error
import urllib.request
from collections.abc import Callable

import pytest

from calicometrics import BirdSocket, Exporter
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
RECORDINGS = [
    "1.6.8/calico-mixed",
    "1.6.8/errors",
    "2.0.12/calico-mixed",
    "2.19.2/calico-mixed",
    "3.3.2/calico-mixed",
]
RECORDINGS += ["2.0.12/iso-long", "3.3.2/epoch"]

Series = tuple[str, frozenset[tuple[str, str]]]
Page = dict[Series, float]


def is_of(series: Series, **labels: str) -> bool:
    return labels.items() <= dict(series[1]).items()


# What the README says of a difference → whether a series that differs is one of it. Theirs or ours is None when it is
# not there.
RULES: dict[str, Callable[[Series, float | None, float | None], bool]] = {
    "Uptimes": lambda series, ours, theirs: (
        series[0] in {"bird_protocol_uptime", "bird_bfd_session_uptime_seconds"} and ours is not None
    ),
    "The state of the second channel": lambda series, ours, theirs: (
        series[0] == "bird_protocol_up"
        and (is_of(series, state="") if ours is None else not is_of(series, state=""))
    ),
    "Other channels": lambda series, ours, theirs: (
        ours is None and is_of(series, name="quoted-name.v4:1", export_filter="REJECT")
    ),
    "The columns of BIRD 3": lambda series, ours, theirs: (
        theirs == 0 and ours is not None and "_accept_count" in series[0]
    ),
    "Two daemons": lambda series, ours, theirs: False,
}
UNSEEN = {"Two daemons"}  # one socket has one daemon: the plugin's own tests have two


def page(families: list[MetricFamily]) -> Page:
    return {
        (sample.name, frozenset(sample.labels)): sample.value
        for family in families
        for sample in family.samples()
        if sample.name.startswith(("bird_protocol_", "bird_ospf", "bird_bfd_"))
    }


def bird(recording: str) -> FakeBird:
    directory = ROOT / "tests/data/bird" / recording
    texts = {
        path.stem.replace("_", " "): path.read_text(encoding="utf-8") for path in directory.glob("*.raw")
    }
    # bird_exporter asks for each protocol by its name, and waits for ever where the daemon answers with an error.
    fake = FakeBird(texts)
    for instance in texts.get("show ospf", "").removesuffix("0000 \n").split("\n \n"):
        match = re.search(r"(?m)^(?:1014-| )(ospf\d):\n", instance)
        if match is not None:
            fake.answer(f"show ospf {match[1]}", f"1014-{instance[match.start(1) :].rstrip()}\n0000 \n")
    fake.answer("show bfd sessions bfd1", texts.get("show bfd sessions", "0000 \n"))
    return fake


def ours(path: str) -> Page:
    with Exporter({"bird": BirdSocket(path)}, collectors=[BirdExporterCollector()]) as exporter:
        taken = exporter.round()
    assert [result.errors for result in taken.collectors] == [()]
    return page(list(taken.families))


def theirs(path: str, recording: str) -> list[MetricFamily]:
    """What the real exporter prints of a control socket."""
    port = free_port()
    program = unpacked("prometheus-bird-exporter") / "usr/bin/prometheus-bird-exporter"
    options = ["-bird.ipv6=false"] if recording.startswith("1.") else ["-bird.v2"]
    command = [str(program), "-bird.socket", path, f"-web.listen-address=127.0.0.1:{port}", *options]
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


def differences(recording: str) -> dict[Series, tuple[float | None, float | None]]:
    with bird(recording) as fake:
        mine, other = ours(fake.path), page(theirs(fake.path, recording))
    assert len(other) > 50, "the real exporter has shown nothing"
    return {
        series: (mine.get(series), other.get(series))
        for series in mine.keys() | other.keys()
        if mine.get(series) != other.get(series)
    }


@pytest.fixture(scope="module")
def found() -> dict[str, dict[Series, tuple[float | None, float | None]]]:
    return {recording: differences(recording) for recording in RECORDINGS}


@pytest.mark.parametrize("recording", RECORDINGS)
def test_every_difference_is_one_of_the_list(found: dict, recording: str) -> None:
    unexplained = {
        series: values
        for series, values in found[recording].items()
        if not any(rule(series, *values) for rule in RULES.values())
    }
    assert unexplained == {}


def test_every_difference_of_the_list_exists_and_is_in_the_readme(found: dict) -> None:
    everything = [(series, values) for each in found.values() for series, values in each.items()]
    for name, rule in RULES.items():
        assert f"* **{name}**" in README
        assert name in UNSEEN or any(rule(series, *values) for series, values in everything), name
    assert README.count("* **") == len(RULES)


def test_names_types_and_help_are_the_same() -> None:
    with bird("3.3.2/calico-mixed") as fake:
        shown = {family.name: (family.type, family.help) for family in theirs(fake.path, "3.3.2")}
    ours = {spec.name: (spec.type, spec.help) for spec in ALL}
    assert ours == {name: shown.get(name) for name in ours}
