"""What holds for every family: written and read again it is the same, and other readers agree."""

import importlib.util
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from prometheus_client import generate_latest
from prometheus_client.openmetrics.parser import text_string_to_metric_families as read_openmetrics

from calicometrics.errors import ParseError
from calicometrics.exposition.bulk import read_page
from calicometrics.exposition.parser import parse_exposition, parse_page
from calicometrics.exposition.writer import openmetrics_conflict, render_openmetrics, render_text
from calicometrics.families import MetricFamily

spec = importlib.util.spec_from_file_location("strategies", Path(__file__).with_name("strategies.py"))
strategies = importlib.util.module_from_spec(spec)
spec.loader.exec_module(strategies)

# Lines that a page may have, and what may be put into them by accident.
LINES = [
    "# HELP foo some help\\n text\n", "# TYPE foo gauge\n", "foo 1\n", 'foo{a="b",c="d\\"e"} 1.5 123\n',
    "# TYPE s summary\n", 's{quantile="0.5"} 3\n', "s_sum 4\n", "s_count 5\n", "# HELP s_count text\n",
    "# TYPE h histogram\n", 'h_bucket{le="1"} 4\n', 'h_bucket{le="+Inf"} 5\n', "h_count 5\n", "# TYPE h_sum gauge\n",
    "\n", "# words\n", '  bar{ x = "y" , } -Inf 54\n', "b NaN\n", "d{}5\n", '{"x.y",a="b"} 7\n', 'foo{"q r"="s"} 8\n',
    '# HELP g text\n# TYPE g gauge\ng{a="1"} 1\ng{a="2"} 2\n',
]  # fmt: skip
TOKENS = [
    *'{}",= \t\n\\#+-.eE09xXa\r\0',
    "NaN",
    "+Inf",
    "1e400",
    "__name__",
    "le",
    "quantile",
    "foo",
    "\ufeff",
    "\udcff",
]


class Registry:
    def __init__(self, families):
        self.metrics = [family.to_prometheus_client() for family in families]

    def collect(self):
        return self.metrics


def expressible(family):
    """Tell whether prometheus_client has the same name for the family: its counters all end in _total."""
    return family.type != "counter" or family.name.endswith("_total")


@settings(deadline=None)  # the machine may be busy
@given(strategies.pages())
def test_families_written_as_text_and_read_again_are_the_same(families):
    assert parse_exposition("".join(render_text(families))) == families


@settings(deadline=None)  # the machine may be busy
@given(strategies.pages())
def test_tolerant_mode_finds_no_problem_in_what_the_writer_writes(families):
    page = parse_page("".join(render_text(families)))

    assert page.families == families
    assert page.problems == []


@settings(deadline=None)  # the machine may be busy
@given(strategies.classic_pages())
def test_text_is_that_of_prometheus_client_byte_for_byte(families):
    families = [family for family in families if expressible(family)]

    assert "".join(render_text(families)).encode() == generate_latest(Registry(families))


@settings(deadline=None)  # the machine may be busy
@given(strategies.classic_pages())
def test_families_survive_prometheus_client(families):
    families = [family for family in families if expressible(family)]

    back = [MetricFamily.from_prometheus_client(metric) for metric in Registry(families).metrics]

    assert back == families


@settings(deadline=None)  # the machine may be busy
@given(strategies.pages(strategies.CLASSIC_NAMES, strategies.CLASSIC_LABELS))
def test_openmetrics_without_a_conflict_is_accepted_by_prometheus_client(families):
    good = [family for family in families if openmetrics_conflict([family]) is None]
    if openmetrics_conflict(good) is not None:
        good = good[:1]

    document = "".join(render_openmetrics(good))

    read = [
        (sample.name, sample.labels, repr(float(sample.value)))
        for metric in read_openmetrics(document)
        for sample in metric.samples
    ]
    assert read == [
        (s.name, dict(s.labels), repr(float(s.value))) for family in good for s in family.samples()
    ]


@settings(deadline=None)  # the machine may be busy
@given(st.lists(st.sampled_from(LINES), max_size=6), st.data())
def test_the_bulk_reader_and_the_line_reader_agree(lines, data):
    text = "".join(lines)
    for _ in range(data.draw(st.integers(0, 2))):
        at = data.draw(st.integers(0, len(text)))
        cut = data.draw(st.integers(0, 2))
        text = text[:at] + data.draw(st.sampled_from([*TOKENS, ""])) + text[at + cut :]
    # A blank line after blanks sends the whole page to the line reader: it does not end with a line feed.
    complete = text if text.endswith("\n") else text + "\n"
    bulk = read_page(complete)
    try:
        careful = parse_exposition(complete + " ")
    except ParseError:
        careful = None

    assert bulk == careful or (bulk is None and "\udcff" in complete)
    if bulk is not None:
        assert [family.tables for family in bulk] == [family.tables for family in careful]


@settings(deadline=None)  # the machine may be busy
@given(st.text(), st.booleans())
def test_nothing_but_a_parse_error_comes_out_of_any_text(text, repair):
    try:
        parse_exposition(text, repair=repair)
        line = 1
    except ParseError as error:
        line = error.line
    page = parse_page(text, repair=repair)
    "".join(render_text(page.families)).encode()

    for number in [line, *(problem.line for problem in page.problems)]:
        assert 1 <= number <= text.count("\n") + 1


def test_surrogates_in_families_do_not_break_the_encoding_of_a_page():
    family = MetricFamily("a", "gauge", "help \udcff", ("b",))
    family.add(("\udc80",), 1.0)

    document = "".join(render_text([family]))

    assert document.encode().count("\ufffd".encode()) == 2


@pytest.mark.parametrize("step", range(4))
def test_reading_takes_time_in_proportion_to_the_length(step):
    """Sixteen times the text may take 64 times the time: far from the 256 of a quadratic reader."""
    import time

    build = [
        lambda n: 'a{b="' + '\\"' * n + '"} 1\n',
        lambda n: 'a{b="' + "\\\\" * n + '"} 1\n',
        lambda n: "a{" + ",".join(f'l{i}="v"' for i in range(n // 4)) + "} 1\n",
        lambda n: "# HELP a x\n" + "wrapped\n" * (n // 4),
    ][step]

    def best(size):
        text = build(size)
        times = []
        for _ in range(3):
            begin = time.perf_counter()
            parse_page(text, repair=True)
            times.append(time.perf_counter() - begin)
        return min(times)

    assert best(64_000) < 64 * best(4_000)
