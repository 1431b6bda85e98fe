import math

import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families as read_openmetrics

from calicometrics.exposition.parser import parse_exposition
from calicometrics.exposition.writer import openmetrics_conflict, render_openmetrics
from calicometrics.families import Column, MetricFamily, Table

HISTOGRAM = '# TYPE h histogram\nh_bucket{le="1"} 1\nh_bucket{le="+Inf"} 2\nh_sum 3\nh_count 2\n'
SUMMARY = '# TYPE s summary\ns{quantile="0.5"} NaN\ns_sum 3\ns_count 2\n'

GOOD = [
    "a 1\n",
    "a NaN\na_count 1\n",
    "# TYPE a counter\na -1\n",
    "# TYPE a_total counter\na_total 0\n# TYPE b gauge\nb -1\n",
    "# TYPE a_total gauge\na_total 1\n",
    'a{b="1"} 1 5\na{b="2"} 2\n',
    'a{b="1",c="2"} 1\na 2\na{c="2"} 3\n',
    HISTOGRAM,
    HISTOGRAM.replace("h_sum 3\nh_count 2\n", ""),
    HISTOGRAM.replace('le="1"', 'le="-1"').replace("h_sum 3\nh_count 2\n", ""),
    SUMMARY,
    "# TYPE s summary\n" + "".join(f's{{quantile="1",p="{p}"}} 1\ns_sum{{p="{p}"}} 0\n' for p in "xy"),
    "# TYPE s summary\ns_sum 1 5\ns_count 1 5\n",
]

BAD = [
    ("# TYPE a gauge\na 1\n# TYPE a_total counter\na_total 1\n", "a and a_total: both claim the name a "),
    (SUMMARY.replace("# TYPE", 's_sum{x="y"} 1\n# TYPE'), "s_sum and s: both claim the name s_sum "),
    ("# TYPE a_total counter\na_total 1\n# TYPE a_created gauge\na_created 1\n", "both claim the name a_created "),
    ('{"a.b"} 1\n', "'a.b' is not a metric name"),
    ('a{"b.c"="1"} 1\n', "a: 'b.c' is not a label name"),
    ('a{__b="1"} 1\n', "a: '__b' is not a label name"),
    ("# TYPE a gaugehistogram\na_sum 1\n", "names the samples of a gaugehistogram otherwise"),
    ("# TYPE a_total counter\na_total -1\n", "a counter is never negative or NaN"),
    ("# TYPE a_total counter\na_total NaN\n", "a counter is never negative or NaN"),
    ("a 1 1\na 2 2\n", "a series occurs twice"),
    ('a{b="1"} 1\na{b="2"} 2\na{b="1"} 1 5\n', "a series occurs twice"),
    ('a{b="1",c="2"} 1\na 1\na{c="2",b="1"} 1 5\n', "a series occurs twice"),
    (SUMMARY.replace("0.5", "1.5"), "a quantile is between 0 and 1"),
    ("# TYPE s summary\ns 1\n", "a quantile is between 0 and 1"),
    (SUMMARY.replace("NaN", "-1"), "a quantile's value is never negative"),
    (SUMMARY.replace("s_count 2", "s_count 1.5"), "s_count is an integer"),
    (SUMMARY.replace("s_count 2", "s_count +Inf"), "s_count is an integer"),
    (SUMMARY.replace("s_sum 3", "s_sum -3"), "s_sum is never negative"),
    (SUMMARY.replace("s_sum 3", "s_sum NaN"), "s_sum is never negative or NaN"),
    (SUMMARY.replace("s_sum 3", "s_sum 3 7"), "several timestamps"),
    ('# TYPE s summary\ns_sum{p="x"} 1\ns_sum{p="y"} 1\ns_count{p="x"} 1\n', "are not together"),
    (SUMMARY.replace("s_count 2", "s_sum 3 7"), "several timestamps"),
    (HISTOGRAM.replace("h_sum", "h"), "a histogram has no sample h"),
    (HISTOGRAM.replace('h_bucket{le="+Inf"} 2\n', ""), "the last bucket's bound is +Inf"),
    (HISTOGRAM.replace("+Inf", "inf"), "the last bucket's bound is +Inf"),
    (HISTOGRAM.replace('h_bucket{le="1"} 1\n', "").replace('{le="+Inf"}', ""), "the last bucket's bound is +Inf"),
    ("# TYPE h histogram\nh_sum 1\nh_count 1\n", "the last bucket's bound is +Inf"),
    (HISTOGRAM.replace("h_sum", 'h_bucket{le="1.0"} 2\nh_bucket{le="+Inf"} 2 5\nh_sum'), "several timestamps"),
    (HISTOGRAM.replace("} 1\n", '} 1\nh_bucket{le="1.0"} 1\n'), "the bounds of buckets ascend"),
    (HISTOGRAM.replace('le="1"', 'le="NaN"'), "the bounds of buckets ascend"),
    (HISTOGRAM.replace("} 1\n", "} 3\n"), "buckets are cumulative"),
    (HISTOGRAM.replace("} 1\n", "} 0.5\n"), "h_bucket is an integer"),
    (HISTOGRAM.replace("h_sum 3\n", ""), "sum and count come together"),
    (HISTOGRAM.replace("h_count 2\n", ""), "sum and count come together"),
    (HISTOGRAM.replace("h_count 2", "h_count 3"), "the count is that of the last bucket"),
    (HISTOGRAM.replace('le="1"', 'le="-1"'), "negative bounds has no sum"),
]  # fmt: skip


@pytest.mark.parametrize("document", GOOD)
def test_what_openmetrics_allows_is_accepted_by_prometheus_client(document):
    families = parse_exposition(document)

    assert openmetrics_conflict(families) is None
    read = read_openmetrics("".join(render_openmetrics(families)))
    assert sum(len(metric.samples) for metric in read) == sum(family.sample_count() for family in families)


@pytest.mark.parametrize(("document", "reason"), BAD)
def test_what_openmetrics_forbids_is_named(document, reason):
    conflict = openmetrics_conflict(parse_exposition(document))

    assert conflict is not None
    assert reason in conflict


def test_two_families_of_one_name_are_a_conflict():
    family = MetricFamily("a", "gauge", "")

    assert "both claim the name a " in openmetrics_conflict([family, family])


def test_a_wide_row_that_prints_a_series_twice_is_a_conflict():
    family = MetricFamily("a", "gauge", "", (), [Column(), Column()])
    family.add((), 1.0, 2.0)

    assert openmetrics_conflict([family]) == "a: a series occurs twice"


def test_a_summary_that_prints_a_series_twice_is_a_conflict():
    family = MetricFamily("a", "summary", "", (), [Column("_sum"), Column("_sum")])
    family.add((), 1.0, 2.0)

    assert openmetrics_conflict([family]) == "a: a series occurs twice"


def test_absent_values_and_empty_families_are_no_conflict():
    counter = MetricFamily("a_total", "counter", "", ("b",))
    counter.add(("1",), None)
    empty = MetricFamily("b", "histogram", "")
    odd = MetricFamily.from_tables("c", "gauge", "", [Table((), (Column("_odd"),))])

    assert openmetrics_conflict([counter, empty, odd]) is None


def test_a_bound_in_another_spelling_is_compared_as_a_number():
    family = MetricFamily("h", "histogram", "", ("le",), [Column("_bucket")])
    for bound, count in (("1e-1", 1), ("0.2", 2), ("+Inf", math.inf)):
        family.add((bound,), count)

    assert openmetrics_conflict([family]) == "h: h_bucket is an integer"
    family.rows[-1] = (("+Inf",), (3,))
    assert openmetrics_conflict([family]) is None
