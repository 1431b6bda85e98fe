"""docs/scaling.md is what was measured, and its sums are right."""

from __future__ import annotations

import json

from benchmarks import scaling

RESULTS = json.loads(scaling.RESULTS.read_text(encoding="utf-8"))
PER_PEER = {"default": 30, "bird_protocols": 26, "bgp_summary": 0}  # docs/cardinality.md, BIRD 1.6.8


def test_the_page_is_made_of_the_results() -> None:
    text = scaling.TEXT.read_text(encoding="utf-8")
    assert scaling.PAGE.read_text(encoding="utf-8") == scaling.page(RESULTS, text), (
        "python -m benchmarks.scaling"
    )


def test_each_peer_adds_as_many_series_as_is_documented() -> None:
    for name, each in PER_PEER.items():
        found = {int(peers): node["series"] for peers, node in RESULTS["node"][name].items()}
        assert sorted(found) == [3, 9, 99, 999, 4999]
        for peers, series in found.items():
            assert series == found[3] + each * (peers - 3), (name, peers)


def test_a_cluster_is_the_sum_of_its_nodes() -> None:
    measured = {"3": {"series": 10, "gzip_bytes": 1}, "99": {"series": 1000, "gzip_bytes": 50}}
    assert scaling.total(measured, 100, 3, mesh=True) == {"series": 100_000, "gzip_bytes": 5_000}
    assert scaling.total(measured, 100, 3, mesh=False) == {
        "series": 3 * 1000 + 97 * 10,
        "gzip_bytes": 3 * 50 + 97,
    }


def test_the_largest_mesh_fits_and_one_that_is_larger_by_ten_does_not() -> None:
    largest = scaling.largest_mesh(RESULTS)
    first = RESULTS["node"]["default"]["3"]["series"]

    def series(nodes: int) -> int:
        return nodes * (first + 30 * (nodes - 1 - 3))

    assert series(largest) <= scaling.series_that_fit(RESULTS) < series(largest + 10)


def test_a_further_series_costs_what_the_larger_server_took_more() -> None:
    results = {"prometheus": [{"series": 1_000, "rss_mb": 10}, {"series": 3_000, "rss_mb": 14}]}
    assert scaling.bytes_of_series(results) == 2_000
