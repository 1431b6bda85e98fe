"""Each package under plugins/, built as a wheel and installed beside the host in an environment of its own."""

from __future__ import annotations

import os
import pathlib
import subprocess
import sys
import venv
import zipfile

import attrs
import pytest

from calicometrics.exposition.parser import parse_exposition
from calicometrics.families import Sample
from calicometrics.testing.bird import FakeBird

from .needs import need_program
from .serving import value

pytestmark = pytest.mark.integration

ROOT = pathlib.Path(__file__).parents[2]
PACKAGES = sorted(path.parent for path in ROOT.glob("plugins/*/pyproject.toml"))
NAMES = [package.name for package in PACKAGES]
RECORDING = ROOT / "tests/data/bird/2.19.2/calico-mixed"
ALWAYS = ("calicometrics_",)
"""What families begin with that are there whatever is installed."""

# Package → a sample that its collector makes of the recording.
EXPECTED = {
    "calicometrics-bfd": ("bird_bfd_detect_time_seconds", {"interface": "va"}, 0.5),
    "calicometrics-bird-exporter": ("bird_bfd_session_up", {"interface": "va"}, 1),
    "calicometrics-ospf": ("bird_ospf_area_adjacent_neighbors", {"bird_protocol_instance": "ospf1"}, 2),
    "calicometrics-rpki": ("bird_rpki_retry_timer_current", {"bird_protocol_instance": "rpki1"}, 2.241),
}


@attrs.frozen
class Installed:
    """An environment with the host and every plugin, and the wheels that they came from."""

    python: pathlib.Path
    wheels: pathlib.Path

    def wheel(self, package: str) -> zipfile.ZipFile:
        (path,) = self.wheels.glob(f"{package.replace('-', '_')}-[0-9]*.whl")
        return zipfile.ZipFile(path)

    def calicometrics(self, *arguments: str, load: str | None = None) -> subprocess.CompletedProcess[str]:
        return run(self.python, "-m", "calicometrics", *arguments, load=load)

    def collect(self, bird: FakeBird, *arguments: str, load: str | None = None) -> list[Sample]:
        done = self.calicometrics("collect", f"--bird.socket=bird={bird.path}", *arguments, load=load)
        assert (done.returncode, done.stderr) == (0, "")
        return [sample for family in parse_exposition(done.stdout) for sample in family.samples()]


def run(*command: object, load: str | None = None) -> subprocess.CompletedProcess[str]:
    """Run a program that sees nothing of this checkout."""
    environ = {
        name: text for name, text in os.environ.items() if not name.startswith(("PYTHON", "COVERAGE_"))
    }
    if load is not None:
        environ["CALICOMETRICS_LOAD_PLUGINS"] = load
    return subprocess.run(
        list(map(str, command)), capture_output=True, text=True, check=False, env=environ, cwd="/"
    )


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Installed:
    directory = tmp_path_factory.mktemp("packages")
    pip = (sys.executable, "-m", "pip", "--disable-pip-version-check")
    built = run(
        *(*pip, "wheel", "--quiet", "--no-deps", "--no-build-isolation", "--wheel-dir", directory / "wheels"),
        *(ROOT, *PACKAGES),
    )
    assert built.returncode == 0, built.stderr
    venv.create(directory / "venv", symlinks=True)
    python = directory / "venv/bin/python"
    done = run(*pip, "--python", python, "install", "--quiet", *(directory / "wheels").glob("*.whl"))
    assert done.returncode == 0, done.stderr
    return Installed(python, directory / "wheels")


def collector(package: str) -> str:
    """The name of the collector that a package is there for."""
    return package.removeprefix("calicometrics-").replace("-", "_")


def families(samples: list[Sample]) -> set[str]:
    return {sample.name for sample in samples if not sample.name.startswith(ALWAYS)}


@pytest.mark.parametrize("package", NAMES)
def test_a_wheel_is_typed_and_holds_its_licence(installed: Installed, package: str) -> None:
    with installed.wheel(package) as wheel:
        names = wheel.namelist()
        (metadata,) = [name for name in names if name.endswith(".dist-info/METADATA")]
        text = wheel.read(metadata).decode()
        licences = [name for name in names if name.endswith(".dist-info/licenses/LICENSE")]
        assert [wheel.read(name) for name in licences] == [(ROOT / "LICENSE").read_bytes()]
    assert f"{package.replace('-', '_')}/py.typed" in names
    assert "License-Expression: Apache-2.0" in text
    assert not [name for name in names if "test" in name]


@pytest.mark.parametrize("package", NAMES)
def test_a_package_that_is_installed_shows_its_families(installed: Installed, package: str) -> None:
    """Alone, so that nothing another plugin does can be taken for its doing."""
    name = collector(package)
    with FakeBird.from_directory(RECORDING) as bird:
        samples = installed.collect(
            bird, "--collector.disable-defaults", f"--collector.{name}", load=entry_point(installed, package)
        )
    assert value(samples, "calicometrics_collector_success", collector=name) == 1
    assert families(samples)
    if package in EXPECTED:
        sample, labels, expected = EXPECTED[package]
        assert value(samples, sample, **labels) == expected


@pytest.mark.parametrize("package", sorted(EXPECTED.keys() - {"calicometrics-bird-exporter"}))
def test_promtool_has_nothing_to_say_of_the_families_names(installed: Installed, package: str) -> None:
    promtool = need_program("promtool", "prometheus")  # those of bird_exporter are bird_exporter's, and stay
    with FakeBird.from_directory(RECORDING) as bird:
        page = installed.calicometrics(
            *("collect", f"--bird.socket=bird={bird.path}"),
            *("--collector.disable-defaults", f"--collector.{collector(package)}"),
            load=entry_point(installed, package),
        ).stdout
    assert EXPECTED[package][0] in page
    done = subprocess.run(
        [promtool, "check", "metrics"], input=page, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout + done.stderr) == (0, "")


def entry_point(installed: Installed, package: str) -> str:
    """The name by which a package is loaded."""
    with installed.wheel(package) as wheel:
        (path,) = [name for name in wheel.namelist() if name.endswith(".dist-info/entry_points.txt")]
        section, line = wheel.read(path).decode().split()[0], wheel.read(path).decode().splitlines()[1]
    assert section == "[calicometrics]"
    return line.partition("=")[0].strip()


def test_without_plugins_nothing_of_them_is_there(installed: Installed) -> None:
    with FakeBird.from_directory(RECORDING) as bird:
        plain = families(installed.collect(bird, "--no-collector.felix_summaries", load=""))
        assert not [command for command in bird.commands if "bfd" in command or "ospf" in command]
    assert "bird_up" in plain
    assert not {expected[0] for expected in EXPECTED.values()} & plain


def test_the_packages_for_protocols_are_on_once_installed_and_disturb_nobody(installed: Installed) -> None:
    """What they add does not change what was there: the same families, and more."""
    names = ",".join(entry_point(installed, package) for package in EXPECTED)
    with FakeBird.from_directory(RECORDING) as bird:
        plain = families(installed.collect(bird, "--no-collector.felix_summaries", load=""))
        samples = installed.collect(bird, "--no-collector.felix_summaries", load=names)
    assert plain < families(samples)
    for sample, labels, expected in EXPECTED.values():
        assert value(samples, sample, **labels) == expected


@pytest.mark.parametrize("package", NAMES)
def test_an_installed_package_is_listed_with_its_version(installed: Installed, package: str) -> None:
    done = installed.calicometrics("plugins", load=entry_point(installed, package))
    assert (done.returncode, done.stderr) == (0, "")
    with installed.wheel(package) as wheel:
        assert wheel.filename is not None
        version = pathlib.Path(wheel.filename).name.split("-")[1]
    assert f"{entry_point(installed, package)} {version}  (package {package})\n" in done.stdout
    assert collector(package) in done.stdout
