"""``calicometrics new-plugin``: what it writes and what it refuses."""

from __future__ import annotations

import pathlib
import tomllib

import pytest

from calicometrics.cli import main
from calicometrics.errors import ConfigError
from calicometrics.scaffold import write_plugin


def test_the_skeleton_is_complete_and_carries_the_name_in_its_forms(
    tmp_path: pathlib.Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["new-plugin", "route-age", f"--directory={tmp_path}"]) == 0
    root = tmp_path / "calicometrics-route-age"
    files = {str(path.relative_to(root)) for path in root.rglob("*") if path.is_file()}
    assert files == {
        "README.md",
        "pyproject.toml",
        "src/calicometrics_route_age/__init__.py",
        "src/calicometrics_route_age/collector.py",
        "src/calicometrics_route_age/py.typed",
        "tests/test_collector.py",
    }
    project = tomllib.loads((root / "pyproject.toml").read_text())["project"]
    assert project["name"] == "calicometrics-route-age"
    assert project["entry-points"]["calicometrics"] == {"route-age": "calicometrics_route_age"}
    assert (
        "class RouteAgeCollector(Collector):"
        in (root / "src/calicometrics_route_age/collector.py").read_text()
    )
    assert not [path for path in files if "$" in (root / path).read_text().replace("$ ", "")]
    out = capsys.readouterr().out
    assert all(str(root / path) in out for path in files)
    assert out.endswith(f"cd {root} && pip install --editable . --group test && pytest\n")


@pytest.mark.parametrize("name", ["Route", "1a", "a_b", "a--b", "../a", "", "a b"])
def test_a_name_that_cannot_be_a_package_is_refused(
    name: str, tmp_path: pathlib.Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["new-plugin", f"--directory={tmp_path}", "--", name]) == 2
    assert capsys.readouterr().err == (
        f"calicometrics: {name!r} is no name for a plugin: lower-case letters and digits, with - between words\n"
    )
    assert list(tmp_path.iterdir()) == []


def test_what_is_there_is_not_overwritten(tmp_path: pathlib.Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "calicometrics-toy").mkdir()
    assert main(["new-plugin", "toy", f"--directory={tmp_path}"]) == 2
    assert "there is something already" in capsys.readouterr().err
    assert list((tmp_path / "calicometrics-toy").iterdir()) == []


@pytest.mark.parametrize(
    ("directory", "name", "reason"),
    [
        ("file", "thing", "not a directory"),
        ("/proc", "thing", "no such file or directory"),
        (".", "x" * 300, "file name too long"),
    ],
)
def test_where_nothing_can_be_written_it_says_so(
    directory: str, name: str, reason: str, tmp_path: pathlib.Path
) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigError, match=reason):
        write_plugin(name, tmp_path / directory)
