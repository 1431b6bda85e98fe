"""The demo's Felix page: Felix' own names, and values that move as a real one's do."""

from __future__ import annotations

import math
import pathlib
import re

import pytest

from calicometrics.demo import felix
from calicometrics.demo.page import (
    WINDOW,
    Buckets,
    Constant,
    Family,
    Observed,
    Spent,
    Steps,
    Wave,
    go_float,
    render,
)
from calicometrics.exposition.parser import parse_exposition

BOOTED = 1_700_000_000.0
HOUR = 3600.0
FAMILIES = [
    line.split()
    for line in (pathlib.Path(__file__).parent / "felix_families.txt").read_text().splitlines()
    if not line.startswith("#")
]
SAMPLE = re.compile(r'^(\w+)(?:\{((?:\w+="[^"]*",?)*)\})? (\S+)$')


def samples(page: str) -> dict[tuple[str, str], float]:
    found = {}
    for line in page.splitlines():
        if not line.startswith("#"):
            name, labels, value = SAMPLE.fullmatch(line).groups("")
            assert (name, labels) not in found, line
            found[name, labels] = float(value)
    return found


def types(page: str) -> dict[str, str]:
    return dict(re.findall(r"^# TYPE (\S+) (\S+)$", page, re.MULTILINE))


@pytest.fixture(scope="module")
def page() -> str:
    return felix.page(BOOTED, BOOTED + 76 * HOUR)


def test_every_felix_family_has_the_name_type_and_labels_of_felix(page):
    known = {name: (kind, labels) for name, kind, labels, _ in FAMILIES}
    shown = samples(page)
    for name, kind in types(page).items():
        if name.startswith("felix_"):
            assert known[name][0] == kind, name
            if kind in {"counter", "gauge"}:
                labels = {",".join(re.findall(r"(\w+)=", pairs)) or "-" for n, pairs in shown if n == name}
                assert labels == {known[name][1]}, name


def test_only_families_with_labels_and_those_of_a_coming_release_are_absent(page):
    absent = [
        (name, since) for name, _, labels, since in FAMILIES if name not in types(page) and labels == "-"
    ]
    assert {since for _, since in absent} == {"v3.33-branch"}


def test_families_are_sorted_with_help_and_type_in_front(page):
    names = re.findall(r"^# HELP (\S+) .+\n# TYPE \1 \w+\n\1", page, re.MULTILINE)
    assert names == sorted(types(page))
    assert page.endswith("\n")


def test_the_strict_parser_takes_the_page(page):
    families = parse_exposition(page)
    assert {family.name: family.type for family in families} == types(page)
    assert sum(family.sample_count() for family in families) == len(samples(page))


def test_there_are_felixs_ten_summaries(page):
    assert sum(kind == "summary" for name, kind in types(page).items() if name.startswith("felix_")) == 10


def test_the_node_is_in_sync_and_has_a_name(page):
    assert samples(page)["felix_resync_state", ""] == 3
    assert samples(page)["felix_host", 'host="demo-node"'] == 1


def test_the_page_depends_on_seed_and_time_alone(page):
    assert felix.page(BOOTED, BOOTED + 76 * HOUR) == page
    assert felix.page(BOOTED, BOOTED + 76 * HOUR, 1) != page
    assert felix.page(BOOTED, BOOTED + 76 * HOUR + 1) != page


def test_counters_and_the_counts_of_observations_never_fall():
    kinds = types(felix.page(BOOTED, BOOTED))
    growing = {name for name, kind in kinds.items() if kind == "counter"}
    for name, kind in kinds.items():
        if kind in {"summary", "histogram"}:
            growing |= {f"{name}_sum", f"{name}_count", f"{name}_bucket"}
    before = samples(felix.page(BOOTED, BOOTED))
    grown = set()
    for age in range(60, 7200, 60):
        after = samples(felix.page(BOOTED, BOOTED + age))
        assert after.keys() == before.keys()
        for key, value in after.items():
            if key[0] in growing:
                assert value >= before[key], (key, age)
                if value > before[key]:
                    grown.add(key[0])
        before = after
    assert {
        "felix_calc_graph_output_events",
        "felix_exec_time_micros_sum",
        "process_cpu_seconds_total",
    } <= grown


def test_quantiles_are_nan_when_nothing_was_observed_for_ten_minutes_and_only_then():
    name = "felix_route_table_partial_resync_seconds"
    idle = 0
    changed = -math.inf
    count = samples(felix.page(BOOTED, BOOTED))[f"{name}_count", ""]
    for age in range(0, 7200, 30):
        shown = samples(felix.page(BOOTED, BOOTED + age))
        if shown[f"{name}_count", ""] > count:
            count, changed = shown[f"{name}_count", ""], age
        quantiles = [shown[name, f'quantile="{quantile}"'] for quantile in ("0.5", "0.9", "0.99")]
        if age - changed > WINDOW:
            idle += math.isfinite(changed)
            assert changed < 0 or all(map(math.isnan, quantiles)), age
        if age - changed < WINDOW - 30:
            assert quantiles == sorted(quantiles)
            assert not any(map(math.isnan, quantiles)), age
    assert idle > 20
    assert changed > 0


def test_a_summary_that_never_observed_anything_is_nan_with_a_sum_of_zero(page):
    name = "felix_bpf_conntrack_cleaner_seconds"
    shown = samples(page)
    assert math.isnan(shown[name, 'quantile="0.5"'])
    assert (shown[f"{name}_sum", ""], shown[f"{name}_count", ""]) == (0, 0)


def test_buckets_are_cumulative_and_end_at_the_count(page):
    shown = samples(page)
    for name, kind in types(page).items():
        if kind == "histogram":
            buckets = [value for (n, _), value in shown.items() if n == f"{name}_bucket"]
            assert buckets == sorted(buckets)
            assert buckets[-1] == shown[f"{name}_bucket", 'le="+Inf"'] == shown[f"{name}_count", ""]


def test_what_two_families_say_of_one_thing_agrees():
    for age in range(0, 600, 7):
        shown = samples(felix.page(BOOTED, BOOTED + age))
        assert shown["go_memstats_alloc_bytes", ""] == shown["go_memstats_heap_alloc_bytes", ""]
        assert (
            shown["felix_label_index_num_endpoints", ""] == shown["felix_cluster_num_workload_endpoints", ""]
        )
        assert shown["go_memstats_heap_inuse_bytes", ""] + shown[
            "go_memstats_heap_idle_bytes", ""
        ] == pytest.approx(shown["go_memstats_heap_sys_bytes", ""], abs=1)
        assert shown["process_start_time_seconds", ""] == BOOTED


def test_numbers_look_as_go_prints_them(data):
    texts = [
        line.rpartition(" ")[2]
        for line in (data / "founding" / "felix_metrics.prom").read_text().splitlines()
        if line and not line.startswith("#")
    ]
    assert len(texts) > 100
    assert [go_float(float(text)) for text in texts] == texts


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (0, "0"),
        (100, "100"),
        (999_999.5, "999999.5"),
        (1_000_000, "1e+06"),
        (-1_234_567, "-1.234567e+06"),
        (0.0001, "0.0001"),
        (0.00001, "1e-05"),
        (-0.25, "-0.25"),
        (2**63, "9.223372036854776e+18"),
        (math.inf, "+Inf"),
        (-math.inf, "-Inf"),
        (math.nan, "NaN"),
    ],
)
def test_a_number_at_an_edge_looks_as_go_prints_it(number, text):
    assert go_float(number) == text


def test_each_kind_of_value_prints_its_samples():
    families = [
        Family("a", "gauge", "Constant.", {'x="1"': Constant(2.5)}),
        Family("b", "counter", "Steps.", Steps(10, 3, 4)),
        Family("c", "counter", "Spent.", Spent(0.126)),
        Family("d", "gauge", "Wave.", Wave(10, 20, 400)),
        Family("e", "summary", "Observed.", Observed(1, math.inf, first=2, decimals=0)),
        Family("f", "histogram", "Buckets.", Buckets(10, 0.5, {"1": 0.5})),
    ]
    assert render(families, "seed", 100.0) == (
        '# HELP a Constant.\n# TYPE a gauge\na{x="1"} 2.5\n'
        "# HELP b Steps.\n# TYPE b counter\nb 34\n"
        "# HELP c Spent.\n# TYPE c counter\nc 12.6\n"
        "# HELP d Wave.\n# TYPE d gauge\nd 20\n"
        '# HELP e Observed.\n# TYPE e summary\ne{quantile="0.5"} 1\ne{quantile="0.9"} 2\ne{quantile="0.99"} 5\n'
        "e_sum 4\ne_count 2\n"
        '# HELP f Buckets.\n# TYPE f histogram\nf_bucket{le="1"} 5\nf_bucket{le="+Inf"} 10\nf_sum '
        f"{0.5 * (10 + 30 * math.sin(10 / 50))}\nf_count 10\n"
    )
