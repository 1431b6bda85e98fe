"""How plugins are found, and how little one bad plugin costs."""

from __future__ import annotations

import logging
import types
from importlib import metadata
from typing import ClassVar

import pytest

from calicometrics import PushSink, __version__, hookimpl, plugins
from calicometrics.bird.kinds import ProtocolKind
from calicometrics.collectors.base import Collector
from calicometrics.plugins import Plugin, Plugins


class Distribution:
    name = "calicometrics-thing"
    version = "4.2"


class EntryPoint:
    """An entry point whose package is there, but not installed."""

    def __init__(self, name: str, load) -> None:
        self.name = name
        self.load = load
        self.dist = Distribution()


def plugin_module(**functions) -> types.ModuleType:
    module = types.ModuleType("calicometrics_thing")
    for name, function in functions.items():
        setattr(module, name, hookimpl(function))
    return module


def make_collector(called: str) -> type[Collector]:
    class Thing(Collector):
        name = called
        help = "a thing"
        families: ClassVar = ()

        def collect(self, snapshot):
            return ()

    return Thing


def test_the_built_in_offers_come_through_the_hooks() -> None:
    loaded = Plugins()
    assert set(loaded.kinds) == {"BGP"}
    assert {"bird_status", "bird_protocols", "bgp_timers"} <= set(loaded.collectors)
    assert "prometheus" in loaded.sinks
    (built_in,) = loaded.plugins
    assert (built_in.package, built_in.version, built_in.error) == ("calicometrics", __version__, None)
    assert built_in.collectors == list(loaded.collectors)


def test_a_plugin_adds_kinds_collectors_and_sinks() -> None:
    kind = ProtocolKind("BMP", {}, dict)
    loaded = Plugins()
    sink = type("Thing", (PushSink,), {"name": "thing", "help": "a thing", "write": lambda self, done: None})
    module = plugin_module(
        register_protocols=lambda: [kind],
        register_collectors=lambda: [make_collector("thing")],
        register_sinks=lambda: [sink],
    )
    loaded.load_entry_point(EntryPoint("thing", lambda: module))
    assert loaded.kinds["BMP"] is kind
    assert loaded.sinks["thing"] is sink
    assert loaded.owner("sink", "thing") is loaded.plugins[-1]
    assert not loaded.plugins[-1].built_in
    assert loaded.collectors["thing"].help == "a thing"
    assert str(loaded.plugins[-1]) == "thing (calicometrics-thing 4.2)"
    assert loaded.plugins[-1].error is None


def failing_import() -> None:
    raise ImportError("no module named snmp")


def test_a_plugin_that_cannot_be_imported_costs_only_itself(caplog: pytest.LogCaptureFixture) -> None:
    loaded = Plugins()
    loaded.load_entry_point(EntryPoint("thing", failing_import))
    assert loaded.plugins[-1].error == "cannot be imported: ImportError: no module named snmp"
    assert "plugin thing (calicometrics-thing 4.2): cannot be imported" in caplog.text
    assert "bird_status" in loaded.collectors


def test_a_plugin_that_exits_when_imported_costs_only_itself() -> None:
    loaded = Plugins()

    def load() -> None:
        raise SystemExit(3)

    loaded.load_entry_point(EntryPoint("thing", load))
    assert loaded.plugins[-1].error == "cannot be imported: SystemExit: 3"


def test_a_hook_that_raises_costs_only_its_own_offers(caplog: pytest.LogCaptureFixture) -> None:
    def bad():
        raise RuntimeError("broken")

    loaded = Plugins()
    with caplog.at_level(logging.ERROR):
        loaded.load_entry_point(
            EntryPoint(
                "thing",
                lambda: plugin_module(
                    register_protocols=bad, register_collectors=lambda: [make_collector("thing")]
                ),
            )
        )
        loaded.load_entry_point(
            EntryPoint("other", lambda: plugin_module(register_collectors=lambda: [make_collector("other")]))
        )
    assert loaded.plugins[-2].error == "register_protocols raised RuntimeError: broken"
    assert {"thing", "other"} <= set(loaded.collectors)
    assert "calicometrics-thing" in caplog.text


def test_a_name_that_is_taken_is_an_error_that_names_both_packages() -> None:
    loaded = Plugins()
    module = plugin_module(
        register_collectors=lambda: [make_collector("bird_status"), make_collector("thing")]
    )
    loaded.load_entry_point(EntryPoint("thing", lambda: module))
    assert loaded.plugins[-1].error == (
        f"the collector bird_status is offered by calicometrics (calicometrics {__version__}) "
        "and by thing (calicometrics-thing 4.2); the first one is used"
    )
    assert loaded.collectors["bird_status"].__module__ == "calicometrics.collectors.bird_status"
    assert "thing" in loaded.collectors


def test_an_offer_without_a_name_is_an_error() -> None:
    loaded = Plugins()
    loaded.load_entry_point(
        EntryPoint("thing", lambda: plugin_module(register_collectors=lambda: [object()]))
    )
    assert str(loaded.plugins[-1].error).endswith("is no subclass of Collector")


def test_a_hook_that_does_not_exist_is_an_error() -> None:
    loaded = Plugins()
    loaded.load_entry_point(EntryPoint("thing", lambda: plugin_module(register_colectors=lambda: ())))
    assert "does not fit the hooks" in str(loaded.plugins[-1].error)


def test_a_hook_with_arguments_we_do_not_pass_is_an_error() -> None:
    loaded = Plugins()
    loaded.load_entry_point(EntryPoint("thing", lambda: plugin_module(register_sinks=lambda exporter: [])))
    assert "does not fit the hooks" in str(loaded.plugins[-1].error)


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        ({}, ["one", "two"]),
        ({plugins.LOAD_VARIABLE: ""}, []),
        ({plugins.LOAD_VARIABLE: "two, three"}, ["two"]),
    ],
)
def test_the_environment_can_restrict_what_is_loaded(
    monkeypatch: pytest.MonkeyPatch, environ: dict[str, str], expected: list[str]
) -> None:
    points = [EntryPoint(name, plugin_module) for name in ("two", "one")]
    monkeypatch.setattr(metadata, "entry_points", lambda group: points if group == "calicometrics" else [])
    assert [plugin.name for plugin in Plugins.load(environ).plugins][1:] == expected


def test_a_plugin_without_a_distribution_is_still_named() -> None:
    point = EntryPoint("thing", plugin_module)
    point.dist = None
    loaded = Plugins()
    loaded.load_entry_point(point)
    assert str(loaded.plugins[-1]) == "thing (unknown package )"


def test_two_plugins_of_one_name_are_an_error() -> None:
    loaded = Plugins()
    loaded.register(plugin_module(), Plugin("thing", "a", "1"))
    loaded.register(plugin_module(), Plugin("thing", "b", "1"))
    assert "does not fit the hooks" in str(loaded.plugins[-1].error)
