"""Metric names in PromQL: what is one, and everything that only looks like one."""

import pytest

from calicometrics.felix.promql import metric_names

CASES = {
    "felix_host": ["felix_host"],
    "felix_a + felix_b / felix_a": ["felix_a", "felix_b"],
    'felix_host{host="felix_x"}': ["felix_host"],
    'felix_host{felix_label=~"a|b", b!="c", d!~"e",}': ["felix_host"],
    "rate(felix_a[5m])": ["felix_a"],
    "rate(felix_a[5m:30s] offset 1h)": ["felix_a"],
    "felix_a @ start() - felix_b @ 1609746000": ["felix_a", "felix_b"],
    "felix_a offset -5m > 1e-5 < 0x1F": ["felix_a"],
    "sum by (bird_x, instance) (felix_a)": ["felix_a"],
    "sum(felix_a) by(bird_x)": ["felix_a"],
    "SUM WITHOUT (bird_x) (felix_a)": ["felix_a"],
    "felix_a * on (bird_x) group_left (bird_y, z) felix_b": ["felix_a", "felix_b"],
    "felix_a / ignoring(bird_x) group_right felix_b": ["felix_a", "felix_b"],
    "felix_a and felix_b or felix_c unless felix_d atan2 felix_e": [f"felix_{letter}" for letter in "abcde"],
    "felix_a == bool felix_b": ["felix_a", "felix_b"],
    "topk(5, felix_a) > Inf": ["felix_a"],
    "quantile(0.9, felix_a) != NaN": ["felix_a"],
    'count_values("felix_x", felix_a)': ["felix_a"],
    'label_replace(felix_a, "felix_x", "$1", "felix_y", "(.*)")': ["felix_a"],
    "absent(felix_a) OR increase(felix_a[1h]) > 5": ["felix_a"],
    "# felix_a\nfelix_b # felix_c 'x": ["felix_b"],
    "felix_a{x='it\\'s # felix_b'} + felix_c": ["felix_a", "felix_c"],
    'felix_a{x="\\\\"} + felix_c': ["felix_a", "felix_c"],
    "felix_a{x=`felix_b\\`} + felix_c": ["felix_a", "felix_c"],
    '{__name__="felix_a", job="x"}': ["felix_a"],
    '{job="x", __name__="felix_a"}': ["felix_a"],
    '{"felix_a", job="x"}': ["felix_a"],
    '{job="x", "felix_a"}': ["felix_a"],
    '{__name__=~"felix_a|felix_b"}': ["felix_a", "felix_b"],
    '{__name__=~"felix_.*"}': [],
    '{__name__!="felix_a", job="felix_b"}': [],
    "node:felix_a:sum / felix_b:rate5m": ["node:felix_a:sum", "felix_b:rate5m"],
    "rate(felix_a[$__rate_interval]) > $threshold": ["felix_a"],
    "rate(felix_a[${interval:raw}])": ["felix_a"],
    "rate(felix_a{$filter}[[[interval]]])": ["felix_a"],
    'felix_a{instance=~"$felix"}': ["felix_a"],
    "felix_${what}_total + $prefix_a + ${prefix}_b + felix_[[what]] + felix_c": ["felix_c"],
    "{{ .Values.prefix }}_errors + felix_a{{ .Values.suffix }} + felix_b": ["felix_b"],
    "felix_a{ {{ $selector }} } > {{ .Values.limit }}": ["felix_a"],
    "label_values(felix_a, bird_x)": ["felix_a"],
    'label_values(felix_a{job="x", b="c"}, bird_x)': ["felix_a"],
    "label_values(bird_x)": [],
    "label_names()": [],
    "metrics(felix_.*)": [],
    "query_result(topk(5, felix_a))": ["felix_a"],
    "up": ["up"],
    "vector(1) + time()": [],
    "": [],
}


@pytest.mark.parametrize("expression", CASES)
def test_the_names_of_an_expression_are(expression):
    assert metric_names(expression) == CASES[expression]


@pytest.mark.parametrize(
    "broken", ['felix_a{x="y', "felix_a{", "sum by (x", "felix_a[5m", "label_values(felix_a", ")}]"]
)
def test_what_is_not_promql_raises_nothing(broken):
    assert set(metric_names(broken)) <= {"felix_a"}


@pytest.mark.parametrize(
    "piece", ['"', '"\\', "'", "(", "by (", "label_values(a, ", "{", "felix_a ", "{{", "[", "${", "\\"]
)
def test_time_grows_with_the_length_of_an_expression(piece):
    # A reader that goes over the rest again for each piece runs into the time limit.
    metric_names(piece * 100_000)
