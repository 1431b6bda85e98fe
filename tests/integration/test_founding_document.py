"""The founding document's page, out of the reply that it was made from."""

from __future__ import annotations

import json
import pathlib

import pytest

from calicometrics.exposition.parser import parse_exposition
from calicometrics.testing.bird import FakeBird

from .serving import get, page, serve

pytestmark = pytest.mark.integration

DATA = pathlib.Path(__file__).parents[1] / "data"


@pytest.fixture(scope="module")
def founding_node():
    replies = {
        "show protocols all": (DATA / "founding/birdc_show_protocols_all.raw").read_bytes(),
        "show status": (DATA / "bird/1.6.8/calico-mixed/show_status.raw").read_bytes(),
    }
    with FakeBird(replies) as bird:
        with serve(f"--bird.socket=bird={bird.path}", "--no-collector.felix_summaries") as serving:
            yield serving.url


EXPECTED = [
    sample
    for family in parse_exposition((DATA / "founding/bird_metrics.prom").read_text(), strict=False)
    for sample in family.samples()
]


@pytest.mark.parametrize(
    ("path", "headers"),
    [
        ("/metrics", {}),
        ("/", {}),
        ("/", {"Accept": "*/*"}),
        ("/", {"Accept": "application/openmetrics-text;version=1.0.0;q=0.5,text/plain;version=0.0.4;q=0.9"}),
    ],
)
def test_each_line_of_the_documents_page_is_exactly_one_sample(
    founding_node: str, path: str, headers: dict[str, str]
) -> None:
    assert len(EXPECTED) == 105
    samples = page(founding_node + path, **headers)
    for line in EXPECTED:
        matching = [
            sample
            for sample in samples
            if sample.name == line.name and dict(line.labels).items() <= dict(sample.labels).items()
        ]
        assert [sample.value for sample in matching] == [line.value], line


def test_the_models_are_served_as_json(founding_node: str) -> None:
    status, body = get(f"{founding_node}/json")
    assert status == 200
    shown = json.loads(body)
    node = {protocol["name"]: protocol for protocol in shown["daemons"]["bird"]["protocols"]}[
        "Node_192_168_97_2"
    ]
    assert node["detail"]["hold_timer"] == {"remaining": 95.0, "configured": 180.0}
    assert node["channels"][0]["changes"]["export_withdraws"]["rejected"] is None


def test_probes_are_answered(founding_node: str) -> None:
    assert get(f"{founding_node}/-/healthy")[0] == 200
    assert get(f"{founding_node}/-/ready")[0] == 200
    assert get(f"{founding_node}/nothing")[0] == 404
