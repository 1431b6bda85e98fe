"""Data flows one way, and so do imports; what is not used is not imported."""

from __future__ import annotations

import ast
import pathlib
import subprocess
import sys

import pytest

import calicometrics

ROOT = pathlib.Path(calicometrics.__file__).parent

# From left to right: a module may import those of its own part and of the parts before it.
PARTS = [
    {"errors"},
    {"bounds", "complaints", "memo", "regular_file", "suggestion"},
    {"families"},
    {"spec"},
    {"bird", "exposition", "sources"},
    {"felix"},
    {"conversation"},
    {"snapshot", "workers"},
    {"collectors"},
    {"own_families", "rounds"},
    {"claims"},
    {"exporter"},
    {"jsonmodel", "json_schema", "status_table", "testing"},
    {"sinks", "web"},
    {"hookspecs", "builtin", "rules", "dashboard", "options", "logs", "scaffold"},
    {"offers", "config", "demo"},
    {"plugins"},
    {"cli", "__main__"},
]
RANK = {name: rank for rank, names in enumerate(PARTS) for name in names}


def imports(path: pathlib.Path) -> set[str]:
    """The parts of calicometrics that a file imports when it runs; what only type checkers see does not count."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        for field in ("body", "orelse"):
            children = getattr(node, field, None)
            if isinstance(children, list):
                children[:] = [
                    child
                    for child in children
                    if not (isinstance(child, ast.If) and getattr(child.test, "id", "") == "TYPE_CHECKING")
                ]
    found = set()
    for node in ast.walk(tree):
        names = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        found |= {name.split(".")[1] for name in names if name.startswith("calicometrics.")}
    return {name for name in found if (ROOT / name).is_dir() or (ROOT / f"{name}.py").is_file()}


def part(path: pathlib.Path) -> str:
    return path.relative_to(ROOT).parts[0].removesuffix(".py")


FILES = sorted(path for path in ROOT.rglob("*.py") if path.relative_to(ROOT) != pathlib.Path("__init__.py"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_imports_run_from_left_to_right_only(path: pathlib.Path) -> None:
    assert part(path) in RANK, "a new part needs its place in the flow"
    assert {name for name in imports(path) if RANK[name] > RANK[part(path)]} == set()


def modules_after(statement: str) -> set[str]:
    code = f"import sys; {statement}; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(done.stdout.split())


def test_importing_the_package_imports_nothing_of_it() -> None:
    assert {
        name for name in modules_after("import calicometrics") if name.startswith("calicometrics.")
    } == set()


def test_parsing_imports_no_server_no_metrics_library_and_no_plugins() -> None:
    loaded = modules_after("from calicometrics import parse_protocols")
    assert "pyparsing" in loaded
    assert not loaded & {"prometheus_client", "pluggy", "uvicorn", "h11", "cattrs", "ssl", "asyncio"}


def test_every_public_name_resolves_and_no_other_does() -> None:
    for name in calicometrics.__all__:
        assert getattr(calicometrics, name) is not None
    assert dir(calicometrics) == sorted(calicometrics.__all__)
    with pytest.raises(AttributeError, match="has no attribute 'nonsense'"):
        calicometrics.nonsense  # noqa: B018 - the access is the test
