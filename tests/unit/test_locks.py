"""What requirements/*.lock pin: what is declared, all of it, with hashes; and in the image what was tested."""

from __future__ import annotations

import pathlib
import re
import tomllib

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = pathlib.Path(__file__).parents[2]
REQUIREMENTS = ROOT / "requirements"
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
CORE = PROJECT["project"]["dependencies"]
EXTRAS = PROJECT["project"]["optional-dependencies"]
GROUPS = PROJECT["dependency-groups"]


def listed(name):
    lines = (REQUIREMENTS / name).read_text(encoding="utf-8").splitlines()
    return [line for line in (line.partition("#")[0].strip() for line in lines) if line]


# As in the Makefile's target "lock".
DECLARED = {
    "ci.lock": [
        *CORE,
        *EXTRAS["fast"],
        *(item for name in ("test", "lint", "docs") for item in GROUPS[name]),
        *listed("build.in"),
    ],
    "fuzz.lock": GROUPS["fuzz"],
    "image.lock": [*CORE, *EXTRAS["fast"], *EXTRAS["web-config"]],
    "image-build.lock": listed("image-build.in"),
}
ORIGIN = re.compile(r"^calicometrics \(pyproject\.toml|^-r requirements/")


def pinned(name):
    """Return version, hashes and who asked for it, of every package of a lock, by its name."""
    found = {}
    text = (REQUIREMENTS / name).read_text(encoding="utf-8")
    for block in re.split(r"\n(?=[^\s#])", text.strip()):
        first, *rest = block.splitlines()
        requirement = Requirement(first.rstrip("\\ "))
        (specifier,) = requirement.specifier
        assert specifier.operator == "==", first
        hashes = [line for line in rest if "--hash=sha256:" in line]
        comments = [line.strip().removeprefix("#").strip().removeprefix("via").strip() for line in rest]
        asked = {
            line for line, raw in zip(comments, rest, strict=True) if raw.strip().startswith("#") and line
        }
        found[canonicalize_name(requirement.name)] = (specifier.version, hashes, asked)
    return found


def test_every_lock_is_held_in_step():
    assert {path.name for path in REQUIREMENTS.glob("*.lock")} == set(DECLARED)


@pytest.mark.parametrize("name", DECLARED)
def test_a_lock_pins_what_is_declared_and_nothing_that_nobody_asks_for(name):
    pins = pinned(name)
    declared = [Requirement(text) for text in DECLARED[name]]
    direct = {package for package, (_, _, asked) in pins.items() if any(map(ORIGIN.match, asked))}
    assert direct == {canonicalize_name(requirement.name) for requirement in declared}
    for requirement in declared:
        version = pins[canonicalize_name(requirement.name)][0]
        assert requirement.specifier.contains(version), f"make lock: {requirement} is not {version}"
    for package, (_, hashes, asked) in pins.items():
        assert hashes, package
        assert {by for by in asked if not by.startswith("-c ") and not ORIGIN.match(by)} <= set(pins), package


def test_the_image_has_the_versions_that_the_tests_ran_with():
    tested = {package: version for package, (version, _, _) in pinned("ci.lock").items()}
    shipped = {package: version for package, (version, _, _) in pinned("image.lock").items()}
    assert shipped == {package: tested[package] for package in shipped}


def test_what_lists_the_image_agrees_with_what_is_in_it():
    """The list is made by an interpreter that has the image's packages first on its path."""
    tools, shipped = pinned("image-build.lock"), pinned("image.lock")
    shared = tools.keys() & shipped.keys()
    assert shared
    assert {package: tools[package][0] for package in shared} == {
        package: shipped[package][0] for package in shared
    }
