"""The collectors that pass pages of others through."""

from __future__ import annotations

import pathlib

import attrs
import pytest

from calicometrics.collectors.endpoints import EndpointsCollector
from calicometrics.collectors.felix import FelixCollector
from calicometrics.collectors.felix_summaries import FelixSummariesCollector
from calicometrics.collectors.page_filter import PageOptions
from calicometrics.errors import SourceError
from calicometrics.exporter import Exporter
from calicometrics.exposition.parser import parse_exposition
from calicometrics.snapshot import Snapshot

PAGE = (pathlib.Path(__file__).parents[2] / "data/founding/felix_metrics.prom").read_text()


@attrs.frozen
class Text:
    """A page that is only a text."""

    text: str

    def read(self, deadline: float | None = None) -> str:
        return self.text


@attrs.frozen
class Dead:
    """A page that cannot be read."""

    def read(self, deadline: float | None = None) -> str:
        raise SourceError("http://h/metrics: connect: connection refused")


def collected(collector, **pages: object) -> list[str]:
    return [family.name for family in collector.collect(Snapshot(pages=pages))]


def test_felixs_summaries_come_as_printed_with_host_and_state() -> None:
    snapshot = Snapshot(pages={"felix": Text(PAGE)})
    families = list(FelixSummariesCollector().collect(snapshot))
    # The founding page has ten summaries; go_gc_duration_seconds is not Felix's own.
    assert len(families) == 9 + 2
    printed = {family.name: family for family in parse_exposition(PAGE)}
    for family in families:
        assert family == printed[family.name]
    quantiles = [s for f in families if f.name == "felix_calc_graph_update_time_seconds" for s in f.samples()]
    assert [str(sample.value) for sample in quantiles] == [
        "nan",
        "nan",
        "nan",
        "0.0007077069999999999",
        "29.0",
    ]


def test_the_whole_page_but_the_go_runtime_is_passed_through() -> None:
    names = collected(FelixCollector(), felix=Text(PAGE))
    assert "felix_ipsets_total" in names  # a gauge, whatever its name looks like
    assert not [name for name in names if name.startswith(("go_", "process_"))]


def test_families_are_chosen_by_whole_names() -> None:
    options = PageOptions(include=("felix_int_.*", "go_threads"), exclude=(".*_size",))
    names = collected(FelixCollector(options), felix=Text(PAGE))
    assert names == [
        "felix_int_dataplane_apply_time_seconds",
        "felix_int_dataplane_failures",
        "felix_int_dataplane_messages",
        "go_threads",
    ]
    assert collected(FelixCollector(PageOptions(include=("felix_host",), exclude=())), felix=Text(PAGE)) == [
        "felix_host"
    ]


def test_a_pattern_that_is_none_is_refused() -> None:
    with pytest.raises(ValueError, match="'include' has to be a regular expression, not '\\('"):
        PageOptions(include=("(",))


def test_endpoints_are_every_page_but_felixs_and_a_dead_one_costs_only_itself() -> None:
    snapshot = Snapshot(
        pages={
            "felix": Text(PAGE),
            "dead": Dead(),
            "typha": Text("typha_cache_size 7\n"),
            "kc": Text("ipam_blocks 2\n"),
        }
    )
    families = list(EndpointsCollector().collect(snapshot))
    assert [family.name for family in families] == ["typha_cache_size", "ipam_blocks"]
    assert [str(error) for error in snapshot.failures] == ["http://h/metrics: connect: connection refused"]


def test_without_a_page_there_is_nothing_to_say() -> None:
    assert collected(FelixSummariesCollector()) == collected(FelixCollector()) == []


def test_the_same_page_by_two_collectors_is_shown_once() -> None:
    collectors = [FelixSummariesCollector(), FelixCollector()]
    with Exporter({}, {"felix": Text(PAGE)}, collectors=collectors) as exporter:
        done = exporter.round()
    assert done.success
    names = [family.name for family in done.families]
    assert names.count("felix_exec_time_micros") == names.count("felix_ipset_errors") == 1


def test_a_metric_that_clashes_with_one_of_ours_costs_only_itself() -> None:
    page = 'felix_host{host="a"} 1\ncalicometrics_build_info 7\n'
    with Exporter({}, {"felix": Text(page)}, collectors=[FelixCollector()]) as exporter:
        done = exporter.round()
    assert [family.name for family in done.families].count("calicometrics_build_info") == 1
    assert "felix_host" in [family.name for family in done.families]
    assert done.collectors[0].errors == (
        "the family calicometrics_build_info belongs to calicometrics itself and is left out",
    )


def test_a_page_with_a_bad_line_is_served_without_it() -> None:
    page = "felix_resync_state 3\nfelix_ipset_errors{ 1\nfelix_host 1\n"
    with Exporter({}, {"felix": Text(page)}, collectors=[FelixCollector()]) as exporter:
        names = [family.name for family in exporter.round().families]
    assert {"felix_resync_state", "felix_host"} <= set(names)
    assert "felix_ipset_errors" not in names
