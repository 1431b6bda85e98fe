"""The pages that are made from the code are not stale."""

from __future__ import annotations

import importlib.util
import pathlib
import tomllib

ROOT = pathlib.Path(__file__).parents[2]

SPEC = importlib.util.spec_from_file_location("generate", ROOT / "docs/generate.py")
generate = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(generate)


def test_every_generated_file_is_what_the_code_makes() -> None:
    for path, make in generate.FILES.items():
        assert path.read_text(encoding="utf-8") == make(), f"{path.name}: make docs-update"


def test_every_option_of_every_section_is_on_the_page() -> None:
    from calicometrics.cli import build
    from calicometrics.plugins import Plugins

    page = generate.configuration()
    schema = build.schema(Plugins(), with_sinks=True)
    for key in (*schema.options(), *schema.switch_options()):
        assert f"| `{key}` |" in page


def test_each_wrong_file_has_its_error_on_the_page() -> None:
    assert len(generate.WRONG) == 3
    page = generate.configuration()
    for expected in (
        "calicometrics.toml: bird.timeuot: no such key; did you mean bird.timeout?",
        "calicometrics.toml: sink.statsd.interval: expected a number, not 'often'",
        "--sink.textfile.path: is needed, a path",
    ):
        assert f"calicometrics: {expected}\n" in page


def test_the_example_is_a_file_that_is_accepted() -> None:
    from calicometrics import config
    from calicometrics.cli import build
    from calicometrics.plugins import Plugins

    settings = config.load(build.schema(Plugins(), with_sinks=True), {}, {}, generate.EXAMPLE)
    assert set(settings.enabled("sink")) == {"prometheus", "statsd", "textfile", "json"}
    assert {"felix", "bgp_summary"} <= set(settings.enabled("collector"))
    assert tomllib.loads(generate.EXAMPLE.read_text())["web"]["listen-address"] == [":6502"]
