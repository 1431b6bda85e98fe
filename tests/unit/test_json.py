"""The JSON shape: what the schema in the package promises, every recorded reply keeps."""

from __future__ import annotations

import gzip
import json
import math
import pathlib

import jsonschema
import pytest

from calicometrics import json_schema
from calicometrics.bird.parser import parse_protocols
from calicometrics.demo import DemoNode
from calicometrics.exporter import Exporter
from calicometrics.jsonmodel import dumps, round_to_json, to_json
from calicometrics.sources import HttpSource
from calicometrics.testing.bird import FakeBird

DATA = pathlib.Path(__file__).parents[1] / "data"
FILE = pathlib.Path(json_schema.__file__).with_name("schema.json")
REPLIES = [*sorted(DATA.glob("bird/*/*/show_protocols_all.raw")), *sorted(DATA.glob("large/*.gz"))]

PROTOCOLS = jsonschema.Draft202012Validator(json_schema.protocols_schema())
ROUND = jsonschema.Draft202012Validator(json_schema.schema())


def test_the_schema_in_the_package_is_the_models() -> None:
    assert json.loads(FILE.read_text(encoding="utf-8")) == json_schema.schema(), "make docs-update"


def test_the_schemas_are_schemas() -> None:
    jsonschema.Draft202012Validator.check_schema(json_schema.schema())
    jsonschema.Draft202012Validator.check_schema(json_schema.protocols_schema())


@pytest.mark.parametrize("path", REPLIES, ids=lambda path: "-".join(path.parts[-3:-1]))
def test_every_recorded_reply_fits_the_schema(path: pathlib.Path) -> None:
    text = gzip.decompress(path.read_bytes()).decode() if path.suffix == ".gz" else path.read_text("utf-8")
    protocols = parse_protocols(text)[:60]
    PROTOCOLS.validate(json.loads(dumps(to_json(protocols))))


def test_a_round_of_the_demo_node_fits_the_schema() -> None:
    with DemoNode() as demo:
        with Exporter(demo.sockets, {"felix": HttpSource(demo.felix_url)}) as exporter:
            shown = json.loads(dumps(round_to_json(exporter.round())))
    ROUND.validate(shown)
    assert shown["felix"]["status"]["host"]


def test_a_round_with_a_dead_daemon_fits_the_schema(tmp_path: pathlib.Path) -> None:
    with FakeBird.from_directory(DATA / "bird/3.3.2/calico-mixed") as bird:
        with Exporter({"bird": bird.path, "bird6": f"{tmp_path}/none"}) as exporter:
            shown = json.loads(dumps(round_to_json(exporter.round())))
    ROUND.validate(shown)
    assert shown["daemons"]["bird6"] == {"up": False, "status": None, "protocols": None}


def test_a_shape_that_is_wrong_does_not_fit() -> None:
    with pytest.raises(jsonschema.ValidationError):
        PROTOCOLS.validate([{"name": "x"}])
    with pytest.raises(jsonschema.ValidationError):
        ROUND.validate({"version": 2})


def test_numbers_that_json_lacks_are_words_and_text_stays_utf_8() -> None:
    assert [to_json(value) for value in (math.nan, math.inf, -math.inf, 1.5)] == ["NaN", "+Inf", "-Inf", 1.5]
    assert dumps({"a": "Zürich"}) == '{"a": "Zürich"}'


def test_what_has_no_shape_is_an_error() -> None:
    with pytest.raises(TypeError, match="object has no shape in JSON"):
        to_json(object())
