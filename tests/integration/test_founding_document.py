"""The founding document's page, out of the reply that it was made from."""

from __future__ import annotations

import pathlib

import pytest

from calicometrics.exposition.parser import parse_exposition
from calicometrics.testing.bird import FakeBird

from .serving import page, serve

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
