"""Summaries and Felix' own status, from pages."""

import math

import attrs
import pytest

from calicometrics.errors import ParseError
from calicometrics.exposition.parser import parse_exposition
from calicometrics.families import MetricFamily
from calicometrics.felix.model import (
    FelixStatus,
    ResyncState,
    Summary,
    felix_status,
    parse_summaries,
    summaries,
)
from calicometrics.jsonmodel import to_json

TYPHA = """\
# HELP typha_ping_latency Round-trip ping latency to client.
# TYPE typha_ping_latency summary
typha_ping_latency{syncer="bgp",quantile="0.5"} 0.001
typha_ping_latency{syncer="bgp",quantile="0.99"} 0.25
typha_ping_latency_sum{syncer="bgp"} 3
typha_ping_latency_count{syncer="bgp"} 12
typha_ping_latency{syncer="felix",quantile="0.5"} NaN
typha_ping_latency_sum{syncer="felix"} 0
typha_ping_latency_count{syncer="felix"} 0
# TYPE typha_cache_size gauge
typha_cache_size{syncer="bgp"} 7
"""


@pytest.fixture(scope="module")
def founding(data):
    return (data / "founding" / "felix_metrics.prom").read_text()


def test_the_founding_pages_summaries_are_typed(founding):
    found = {summary.name: summary for summary in parse_summaries(founding)}
    assert len(found) == 10
    assert found["felix_exec_time_micros"] == Summary(
        name="felix_exec_time_micros",
        help="Summary of time taken to fork/exec child processes",
        quantiles={0.5: 348.517, 0.9: 804.987, 0.99: 1520.949},
        sum=542392.4769999993,
        count=831,
    )
    assert found["felix_int_dataplane_addr_msg_batch_size"].mean == pytest.approx(20 / 14)


def test_the_quantiles_of_an_idle_summary_are_nan_and_its_sum_stays(founding):
    found = {summary.name: summary for summary in parse_summaries(founding)}
    idle = found["felix_calc_graph_update_time_seconds"]
    assert list(idle.quantiles) == [0.5, 0.9, 0.99]
    assert all(map(math.isnan, idle.quantiles.values()))
    assert (idle.sum, idle.count) == (0.0007077069999999999, 29)


def test_a_summary_without_observations_has_no_mean(founding):
    found = {summary.name: summary for summary in parse_summaries(founding)}
    assert found["felix_iptables_lock_acquire_secs"].count == 0
    assert found["felix_iptables_lock_acquire_secs"].mean is None


def test_each_set_of_labels_is_a_summary_of_its_own():
    bgp, felix = parse_summaries(TYPHA)
    assert bgp == Summary(
        name="typha_ping_latency",
        help="Round-trip ping latency to client.",
        labels={"syncer": "bgp"},
        quantiles={0.5: 0.001, 0.99: 0.25},
        sum=3,
        count=12,
    )
    assert bgp.mean == 0.25
    assert (felix.labels, felix.count, felix.mean) == ({"syncer": "felix"}, 0, None)


def test_the_order_of_labels_does_not_part_a_summary():
    page = '# TYPE a summary\na{b="1",quantile="1",c="2"} 5\na_sum{c="2",b="1"} 6\na_count{b="1",c="2"} 2\n'
    (summary,) = parse_summaries(page)
    assert (summary.labels, summary.quantiles, summary.mean) == ({"b": "1", "c": "2"}, {1: 5}, 3)


def test_what_is_not_printed_is_none_and_not_zero():
    (summary,) = parse_summaries('# TYPE a summary\na{quantile="0.5"} 5\n')
    assert (summary.sum, summary.count, summary.mean) == (None, None, None)
    (summary,) = parse_summaries("# TYPE a summary\na_count 2\n")
    assert (summary.quantiles, summary.sum, summary.mean) == ({}, None, None)


def test_a_page_that_is_not_the_format_is_an_error():
    with pytest.raises(ParseError, match="line 1"):
        parse_summaries("<html>")


@pytest.mark.parametrize(("labels", "values"), [(["quantile"], ["half"]), ([], [])])
def test_a_quantile_that_is_no_number_is_an_error(labels, values):
    family = MetricFamily("a", "summary", "", labels)
    family.add(values, 1)
    with pytest.raises(ParseError, match="^a: expected a number as the quantile, got '(half)?'$"):
        summaries([family])


def test_a_summary_is_frozen_and_has_a_shape_in_json():
    (summary, _) = parse_summaries(TYPHA)
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        summary.count = 1
    assert to_json(summary) == {
        "name": "typha_ping_latency",
        "help": "Round-trip ping latency to client.",
        "labels": {"syncer": "bgp"},
        "quantiles": {"0.5": 0.001, "0.99": 0.25},
        "sum": 3,
        "count": 12,
    }


def test_felix_is_in_sync_on_the_founding_page(founding):
    assert felix_status(parse_exposition(founding)) == FelixStatus("master-1", ResyncState.IN_SYNC)


def test_a_page_that_says_neither_has_neither():
    assert felix_status(parse_exposition(TYPHA)) == FelixStatus(None, None)


def test_families_without_samples_say_nothing():
    empty = [
        MetricFamily("felix_host", "gauge", "", ["host"]),
        MetricFamily("felix_resync_state", "gauge", ""),
    ]
    assert felix_status(empty) == FelixStatus(None, None)


@pytest.mark.parametrize(
    ("number", "state", "text"),
    [
        (0, ResyncState.NEVER_REPORTED, "never-reported"),
        (1, ResyncState.WAIT_FOR_READY, "wait-for-ready"),
        (2, ResyncState.RESYNC, "resync"),
        (3, ResyncState.IN_SYNC, "in-sync"),
    ],
)
def test_the_numbers_of_the_resync_state_have_words(number, state, text):
    status = felix_status(parse_exposition(f"felix_resync_state {number}\n"))
    assert status.resync_state is state
    assert str(status.resync_state) == text


@pytest.mark.parametrize(("number", "text"), [("4", "4"), ("2.5", "2.5"), ("NaN", "nan"), ("-1", "-1")])
def test_a_resync_state_that_felix_does_not_know_keeps_its_number(number, text):
    state = felix_status(parse_exposition(f"felix_resync_state {number}\n")).resync_state
    assert not state.known
    assert (state.name, str(state)) == ("UNKNOWN", text)
