import math

import pytest
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, Metric, Summary, generate_latest
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeHistogramMetricFamily,
    GaugeMetricFamily,
    InfoMetricFamily,
    StateSetMetricFamily,
    UntypedMetricFamily,
)
from prometheus_client.samples import NativeHistogram, Timestamp

from calicometrics.exposition.writer import render_text
from calicometrics.families import Column, MetricFamily, Sample, Table


def printed(metric):
    return "".join(render_text([MetricFamily.from_prometheus_client(metric)]))


def printed_by_client(*metrics):
    class Registry:
        def collect(self):
            return metrics

    return generate_latest(Registry()).decode()


def test_samples_have_the_whole_name_and_the_labels_of_row_and_column():
    family = MetricFamily("a", "summary", "h", ("b",), [Column("_sum"), Column("", (("quantile", "1"),))])
    family.add(("x",), 1.0, None)
    family.add(["y"], 2.0, 3.0)

    assert list(family.samples()) == [
        Sample("a_sum", (("b", "x"),), 1.0),
        Sample("a_sum", (("b", "y"),), 2.0),
        Sample("a", (("b", "y"), ("quantile", "1")), 3.0),
    ]
    assert family.sample_count() == 3
    assert family.label_names == ("b",)


@pytest.mark.parametrize(
    ("labels", "values"), [((), (1.0,)), (("x", "y"), (1.0,)), (("x",), ()), (("x",), (1.0, 2.0))]
)
def test_a_row_that_does_not_fit_is_refused_by_name(labels, values):
    family = MetricFamily("a", "gauge", "h", ("b",))

    with pytest.raises(ValueError, match=r"a: a row has 1 label values and 1 numbers, not"):
        family.add(labels, *values)
    assert family.rows == []


def test_timestamps_are_filled_up_for_rows_that_have_none():
    table = Table()
    table.append(((), (1.0,)))
    assert table.timestamps is None
    table.append(((), (2.0,)), 7)
    table.append(((), (3.0,)))

    assert table.timestamps == [None, 7, None]
    assert [s.timestamp for s in MetricFamily.from_tables("a", "gauge", "", [table]).samples()] == [
        None,
        7,
        None,
    ]


def test_families_that_print_the_same_are_equal_however_they_are_stored():
    wide = MetricFamily("a", "gauge", "h", ("b",), [Column("", (("c", "1"),)), Column("", (("c", "2"),))])
    wide.add(("x",), 1.0, math.nan)
    tall = MetricFamily("a", "gauge", "h", ("b", "c"))
    tall.add(("x", "1"), 1.0)
    tall.add(("x", "2"), math.nan)

    assert wide == tall
    tall.add(("x", "3"), 3.0)
    assert wide != tall


@pytest.mark.parametrize(
    "other",
    [MetricFamily("b", "gauge", "h"), MetricFamily("a", "counter", "h"), MetricFamily("a", "gauge", ""), "a"],
)
def test_families_with_another_name_type_or_help_are_not_equal(other):
    assert MetricFamily("a", "gauge", "h") != other


def test_a_family_has_no_hash():
    with pytest.raises(TypeError, match="unhashable"):
        hash(MetricFamily("a", "gauge", "h"))


def test_a_counter_with_total_is_a_counter_of_prometheus_client():
    family = MetricFamily("calls_total", "counter", "h", ("b",))
    family.add(("x",), 2.0)

    metric = family.to_prometheus_client()

    assert (metric.name, metric.type) == ("calls", "counter")
    assert (
        printed_by_client(metric)
        == '# HELP calls_total h\n# TYPE calls_total counter\ncalls_total{b="x"} 2.0\n'
    )
    assert MetricFamily.from_prometheus_client(metric) == family


@pytest.mark.parametrize("name", ["felix_ipset_calls", "_total"])
def test_a_counter_without_total_keeps_its_name_and_becomes_unknown(name):
    family = MetricFamily(name, "counter", "h")
    family.add((), 2.0)

    metric = family.to_prometheus_client()

    assert metric.type == "unknown"
    assert printed_by_client(metric) == f"# HELP {name} h\n# TYPE {name} untyped\n{name} 2.0\n"


@pytest.mark.parametrize("kind", ["gauge", "untyped", "summary", "histogram"])
def test_the_other_types_go_to_prometheus_client_and_back(kind):
    family = MetricFamily("a_total", kind, "h", ("b",), [Column(), Column("_sum")])
    family.add(("x",), 1.0, 2.0)

    assert MetricFamily.from_prometheus_client(family.to_prometheus_client()) == family


def test_a_gauge_histogram_changes_its_suffixes_on_the_way():
    metric = GaugeHistogramMetricFamily("a", "h", buckets=[("1", 1.0), ("+Inf", 2.0)], gsum_value=3.0)

    family = MetricFamily.from_prometheus_client(metric)

    assert family.type == "gaugehistogram"
    assert [s.name for s in family.samples()] == ["a_bucket", "a_bucket", "a_count", "a_sum"]
    assert [s.name for s in family.to_prometheus_client().samples] == [s.name for s in metric.samples]


def instruments():
    registry = CollectorRegistry()
    counter = Counter("calls", "Calls.", ["zone", "area"], registry=registry)
    counter.labels("z", "a").inc(3)
    Gauge("depth", "Depth\nof it.", registry=registry).set(1e6)
    Summary("took_seconds", "Time.", registry=registry).observe(0.5)
    Histogram("size_bytes", "Size.", ["kind"], registry=registry).labels("x").observe(7)
    return list(registry.collect())


@pytest.mark.parametrize("metric", instruments(), ids=lambda metric: metric.type)
def test_an_instrument_prints_as_its_own_library_prints_it_but_for_created(metric):
    created = [s for s in metric.samples if s.name.endswith("_created")]
    plain = Metric(metric.name, metric.documentation, metric.type)
    plain.samples = [s for s in metric.samples if s not in created]

    assert printed(metric) == printed_by_client(plain)


def test_other_types_print_as_prometheus_client_prints_them():
    counter = CounterMetricFamily("c", "h", labels=["z", "a"])
    counter.add_metric(["1", "2"], 1.0, timestamp=1520879607.789)
    gauge = GaugeMetricFamily("g", "h", labels=["a"])
    gauge.add_metric(["1"], -1)
    gauge.add_metric(["2"], 1e7, timestamp=Timestamp(3, 999_999_999))
    metrics = [
        counter,
        gauge,
        InfoMetricFamily("i", "h", value={"b": "1", "a": "2"}),
        StateSetMetricFamily("s", "h", value={"up": True, "down": False}),
        UntypedMetricFamily("u", "h", value=3),
    ]

    for metric in metrics:
        assert printed(metric) == printed_by_client(metric)


@pytest.mark.parametrize("milliseconds", [1001, -1001, 1, -1, 0, 1520879607789, 1700000000001, 4102444800003])
def test_a_timestamp_survives_the_arithmetic_of_prometheus_client(milliseconds):
    family = MetricFamily("a", "gauge", "h")
    family.tables[0].append(((), (1.0,)), milliseconds)

    metric = family.to_prometheus_client()

    assert printed_by_client(metric).endswith(f"a 1.0 {milliseconds}\n")
    assert MetricFamily.from_prometheus_client(metric) == family


def test_samples_with_changing_labels_keep_their_order():
    metric = Metric("a", "h", "gauge")
    metric.add_sample("a", {"b": "1"}, 1.0)
    metric.add_sample("a", {"c": "1"}, 2.0)
    metric.add_sample("a", {"b": "2"}, 3.0)
    metric.add_sample("a", {"b": "3"}, 4.0)

    family = MetricFamily.from_prometheus_client(metric)

    assert [len(table.rows) for table in family.tables] == [1, 1, 2]
    assert [s.value for s in family.samples()] == [1.0, 2.0, 3.0, 4.0]


def test_nan_from_prometheus_client_equals_itself():
    first, second = (GaugeMetricFamily("a", "h", value=float("nan")) for _ in range(2))

    assert MetricFamily.from_prometheus_client(first) == MetricFamily.from_prometheus_client(second)


def test_native_histograms_are_left_out():
    metric = Metric("a", "h", "histogram")
    metric.add_sample("a", {}, 0.0, native_histogram=NativeHistogram(1, 2, 0, 0.1, 1))
    metric.add_sample("a_count", {}, 1.0)

    assert [s.name for s in MetricFamily.from_prometheus_client(metric).samples()] == ["a_count"]


def test_a_sample_of_another_family_is_refused_by_name():
    metric = Metric("a", "h", "gauge")
    metric.add_sample("b", {}, 1.0)

    with pytest.raises(ValueError, match="a: the sample b does not belong to this family"):
        MetricFamily.from_prometheus_client(metric)
