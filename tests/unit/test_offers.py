"""What is no good offer is refused with a reason, before anything uses it."""

from __future__ import annotations

from typing import Any

import attrs
import pytest

from calicometrics.bird.kinds import ProtocolKind
from calicometrics.collectors.base import Collector
from calicometrics.errors import PluginError
from calicometrics.offers import CHECKS
from calicometrics.sinks.base import Sink


@attrs.frozen
class Helpless:
    colour: str = "red"


@attrs.frozen
class Untold:
    colour: "Nowhere" = attrs.field(default=None, metadata={"help": "a colour"})  # type: ignore[name-defined]  # noqa: F821, UP037


def collector(**members: Any) -> type:
    good = {"name": "thing", "help": "a thing", "collect": lambda self, snapshot: ()}
    return type("Thing", (Collector,), {key: value for key, value in (good | members).items() if value})


@pytest.mark.parametrize(
    ("offer", "words"),
    [
        (object(), "is no subclass of Collector"),
        (collector()(), "is no subclass of Collector"),
        (Sink, "is no subclass of Collector"),
        (collector(name=None), "Thing has no name of letters, digits, - and _: None"),
        (collector(name="Bad name"), "Thing has no name of letters, digits, - and _: 'Bad name'"),
        (collector(help=None), "the collector thing has no help"),
        (collector(collect=None), "the collector thing does not define collect"),
        (collector(Options=dict), "the collector thing has Options that are no attrs class"),
        (collector(Options=Helpless), "the collector thing has an option without help: colour"),
        (collector(Options=Untold), "the collector thing has options that cannot be told: name 'Nowhere'"),
        (collector(families=("thing_up",)), "the collector thing has families that are no FamilySpec"),
    ],
)
def test_a_collector_that_nobody_could_use_is_refused(offer: object, words: str) -> None:
    with pytest.raises(PluginError) as caught:
        CHECKS["register_collectors"](offer)
    assert words in str(caught.value)


def test_a_sink_needs_options() -> None:
    members = {"name": "thing", "help": "a thing", "start": print, "close": print}
    with pytest.raises(PluginError, match="the sink thing has Options that are no attrs class"):
        CHECKS["register_sinks"](type("Thing", (Sink,), members))


def test_what_is_no_protocol_kind_is_refused() -> None:
    assert CHECKS["register_protocols"](ProtocolKind("BMP", {}, dict)) == "BMP"
    with pytest.raises(PluginError, match="'BMP' is no ProtocolKind"):
        CHECKS["register_protocols"]("BMP")


def test_a_good_collector_is_called_by_its_name() -> None:
    assert CHECKS["register_collectors"](collector()) == "thing"
