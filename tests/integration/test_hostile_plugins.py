"""Plugins that do harm, each in a distribution that pip has installed: they cost themselves and nobody else."""

from __future__ import annotations

import os
import pathlib
import subprocess
import sys
import textwrap
import time
import zipfile

import pytest

from calicometrics.exposition.parser import parse_exposition
from calicometrics.families import Sample
from calicometrics.testing import FakeBird

from .serving import page, serve, value

pytestmark = pytest.mark.integration

RECORDING = pathlib.Path(__file__).parents[1] / "data/bird/2.0.12/calico-mixed"

HEAD = """
import time

from calicometrics import Collector, FamilySpec, MetricFamily, hookimpl

EVIL = FamilySpec("evil", "gauge", "What a plugin makes.", ("n",))


class EvilCollector(Collector):
    name = "evil"
    help = "does harm"
    enabled_by_default = True
    families = (EVIL,)

    def collect(self, snapshot):
        yield EVIL.family([(("1",), (1,))])


@hookimpl
def register_collectors():
    return [EvilCollector]
"""


def install(directory: pathlib.Path, *modules: tuple[str, str]) -> pathlib.Path:
    """Return where pip has installed a distribution for each module: its name and its text."""
    target = directory / "installed"
    wheels = []
    for name, text in modules:
        info = f"{name}-1.2.dist-info"
        files = {
            f"{name}.py": text,
            f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name.replace('_', '-')}\nVersion: 1.2\n",
            f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
            f"{info}/entry_points.txt": f"[calicometrics]\n{name} = {name}\n",
        }
        files[f"{info}/RECORD"] = "".join(f"{path},,\n" for path in [*files, f"{info}/RECORD"])
        wheel = directory / f"{name}-1.2-py3-none-any.whl"
        with zipfile.ZipFile(wheel, "w") as archive:
            for path, content in files.items():
                archive.writestr(path, content)
        wheels.append(wheel)
    command = [
        sys.executable,
        "-m",
        "pip",
        "install",
        "--quiet",
        "--no-deps",
        "--no-index",
        "--target",
        target,
    ]
    subprocess.run([*map(str, command), *map(str, wheels)], check=True)
    return target


def collect(installed: pathlib.Path) -> tuple[list[Sample], str, int]:
    """Return what ``collect`` prints, what it logs, and its status."""
    path = os.pathsep.join(filter(None, [str(installed), os.environ.get("PYTHONPATH")]))
    with FakeBird.from_directory(RECORDING) as bird:
        done = subprocess.run(
            [
                *(sys.executable, "-m", "calicometrics", "collect", f"--bird.socket=bird={bird.path}"),
                "--no-collector.felix_summaries",
            ],
            capture_output=True,
            text=True,
            check=False,
            env=os.environ | {"PYTHONPATH": path},
        )
    assert "Traceback" not in done.stderr
    samples = [sample for family in parse_exposition(done.stdout) for sample in family.samples()]
    assert value(samples, "bird_bgp_peer_up", bird_protocol_instance="Node_10_9_0_2") == 1, "others suffer"
    return samples, done.stderr, done.returncode


def evil(samples: list[Sample]) -> list[float]:
    return [sample.value for sample in samples if sample.name == "evil"]


def with_collect(body: str) -> str:
    return HEAD.replace(
        '        yield EVIL.family([(("1",), (1,))])\n', textwrap.indent(textwrap.dedent(body), " " * 8)
    )


def test_the_plugin_that_does_no_harm_is_there(tmp_path: pathlib.Path) -> None:
    samples, log, status = collect(install(tmp_path, ("evil_plugin", HEAD)))
    assert (evil(samples), log, status) == ([1], "", 0)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (
            "import no_such_module\n",
            "cannot be imported: ModuleNotFoundError: No module named 'no_such_module'",
        ),
        ("def broken(:\n", "cannot be imported: SyntaxError"),
        ("raise SystemExit('bye')\n", "cannot be imported: SystemExit: bye"),
        (HEAD.replace("return [EvilCollector]", "1 / 0"), "register_collectors raised ZeroDivisionError"),
        (HEAD.replace("register_collectors", "register_collector"), "does not fit the hooks"),
    ],
    ids=["import error", "syntax error", "exit", "raising hook", "no such hook"],
)
def test_a_plugin_that_cannot_be_loaded_is_named_with_its_package(
    text: str, words: str, tmp_path: pathlib.Path
) -> None:
    samples, log, status = collect(install(tmp_path, ("evil_plugin", text)))
    assert (evil(samples), status) == ([], 0)
    (line,) = log.splitlines()
    assert line.startswith("ts="), "logged as everything is"
    assert "plugin evil_plugin (evil-plugin 1.2): " + words in line


def test_a_collector_that_raises_costs_its_own_families(tmp_path: pathlib.Path) -> None:
    samples, log, status = collect(
        install(tmp_path, ("evil_plugin", with_collect("raise RuntimeError('ouch')\n")))
    )
    assert (evil(samples), status) == ([], 1)
    assert value(samples, "calicometrics_collector_success", collector="evil") == 0
    assert value(samples, "calicometrics_collector_success", collector="bird_protocols") == 1
    assert "collector evil (evil-plugin 1.2): RuntimeError: ouch" in log


def test_a_collector_that_exits_costs_only_itself(tmp_path: pathlib.Path) -> None:
    samples, log, status = collect(install(tmp_path, ("evil_plugin", with_collect("raise SystemExit(3)\n"))))
    assert (evil(samples), status) == ([], 1)
    assert value(samples, "calicometrics_collector_success", collector="bird_protocols") == 1
    assert "collector evil (evil-plugin 1.2): SystemExit: 3" in log


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('    help = "', '    hint = "', "the collector evil has no help"),
        ("    def collect(", "    Options = dict\n\n    def collect(", "has Options that are no attrs class"),
    ],
)
def test_a_class_that_nobody_could_use_costs_only_itself(
    old: str, new: str, words: str, tmp_path: pathlib.Path
) -> None:
    assert old in HEAD
    samples, log, status = collect(install(tmp_path, ("evil_plugin", HEAD.replace(old, new, 1))))
    assert (evil(samples), status) == ([], 0)
    assert words in log


def test_a_generator_that_dies_half_way_leaves_no_part_of_a_family(tmp_path: pathlib.Path) -> None:
    body = """
        family = EVIL.family()
        yield family
        for n in range(10):
            family.add((str(n),), n)
            if n == 5:
                raise RuntimeError("half-way")
        """
    samples, log, status = collect(install(tmp_path, ("evil_plugin", with_collect(body))))
    assert (evil(samples), status) == ([], 1)
    assert "collector evil (evil-plugin 1.2): RuntimeError: half-way" in log


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ('(("1", "2"), (1,))', "evil has a row whose labels are not one text each: ('1', '2')"),
        ("((1,), (1,))", "evil has a row whose labels are not one text each: (1,)"),
        ('(("1",), ("up",))', "evil has a row whose values are no numbers: ('up',)"),
        ('(("1",), ())', "evil has a row with 0 values for 1 columns"),
        ('(("1",), (10**400,))', "evil has a row with a value that is beyond a float"),
        ('(("1",), (1,)), (("1",), (2,))', "evil{n='1'} is there twice"),
    ],
)
def test_rows_that_would_break_the_page_cost_their_family(
    row: str, words: str, tmp_path: pathlib.Path
) -> None:
    samples, log, status = collect(
        install(tmp_path, ("evil_plugin", with_collect(f"yield EVIL.family([{row}])\n")))
    )
    assert (evil(samples), status) == ([], 1)
    assert f"collector evil (evil-plugin 1.2): {words}; the family is left out" in log


def test_ten_million_samples_are_too_many(tmp_path: pathlib.Path) -> None:
    body = 'yield EVIL.family([(("1",), (1,))] * 10_000_000)\n'
    samples, log, status = collect(install(tmp_path, ("evil_plugin", with_collect(body))))
    assert (evil(samples), status) == ([], 1)
    assert (
        "collector evil (evil-plugin 1.2): more than 5000000 samples; evil and what follows is left out"
        in log
    )


def test_a_collector_that_cannot_be_made_is_left_out(tmp_path: pathlib.Path) -> None:
    text = HEAD.replace(
        "    def collect(",
        "    def __init__(self, options=None):\n        raise OSError('no')\n\n    def collect(",
    )
    samples, log, status = collect(install(tmp_path, ("evil_plugin", text)))
    assert (evil(samples), status) == ([], 1)
    assert value(samples, "calicometrics_collector_success", collector="evil") == 0
    assert "plugin evil_plugin (evil-plugin 1.2): the collector evil is left out: OSError: no" in log


def test_a_name_that_is_taken_stays_with_its_owner(tmp_path: pathlib.Path) -> None:
    text = HEAD.replace('name = "evil"', 'name = "bird_protocols"')
    samples, log, status = collect(install(tmp_path, ("evil_plugin", text)))
    assert (evil(samples), status) == ([], 0)
    assert (
        "plugin evil_plugin (evil-plugin 1.2): the collector bird_protocols is offered by "
        "calicometrics (calicometrics " in log
    )


def test_a_family_that_is_declared_twice_is_an_error_that_names_both(tmp_path: pathlib.Path) -> None:
    """Two plugins want one name: the one that was found first has it, the other one is left out."""
    other = HEAD.replace('name = "evil"', 'name = "other"').replace("(1,))])", "(2,))])")
    samples, log, _ = collect(install(tmp_path, ("evil_plugin", HEAD), ("other_plugin", other)))
    assert evil(samples) == [1]
    assert (
        "plugin other_plugin (other-plugin 1.2): the collector other is left out: "
        "PluginError: the family evil is claimed by evil and by other" in log
    )


def test_a_family_that_is_taken_and_not_declared_stays_with_its_owner(tmp_path: pathlib.Path) -> None:
    body = """
        family = MetricFamily("bird_up", "gauge", "Mine.", ("n",))
        family.add(("1",), 7)
        yield family
        yield EVIL.family([(("1",), (1,))])
        """
    samples, log, _ = collect(install(tmp_path, ("evil_plugin", with_collect(body))))
    assert evil(samples) == [1]
    assert 7 not in [sample.value for sample in samples if sample.name == "bird_up"]
    assert (
        "collector evil (evil-plugin 1.2): the family bird_up belongs to bird_protocols and is left out"
        in log
    )


def test_a_collector_that_hangs_does_not_keep_a_scrape_beyond_its_deadline(tmp_path: pathlib.Path) -> None:
    installed = install(tmp_path, ("evil_plugin", with_collect("time.sleep(3600)\nyield EVIL.family()\n")))
    path = os.pathsep.join(filter(None, [str(installed), os.environ.get("PYTHONPATH")]))
    with (
        FakeBird.from_directory(RECORDING) as bird,
        serve(
            f"--bird.socket=bird={bird.path}", "--no-collector.felix_summaries", environ={"PYTHONPATH": path}
        ) as serving,
    ):
        for _ in range(2):
            began = time.monotonic()
            samples = page(f"{serving.url}/metrics", X_Prometheus_Scrape_Timeout_Seconds="2")
            assert time.monotonic() - began < 5
            assert value(samples, "bird_bgp_peer_up", bird_protocol_instance="Node_10_9_0_2") == 1
            assert value(samples, "calicometrics_collector_success", collector="evil") == 0
        assert "collector evil (evil-plugin 1.2): not finished when the round's time was over" in serving.log
