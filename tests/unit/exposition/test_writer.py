import math
import random

import pytest
from prometheus_client.utils import floatToGoString

from calicometrics.exposition import writer
from calicometrics.exposition.parser import parse_exposition
from calicometrics.exposition.writer import KeptText, number_text, render_openmetrics, render_text
from calicometrics.families import Column, MetricFamily, Table


def text(*families):
    return "".join(render_text(families))


def openmetrics(*families):
    return "".join(render_openmetrics(families))


def one(value, *, name="a", kind="gauge"):
    family = MetricFamily(name, kind, "h")
    family.add((), value)
    return family


@pytest.mark.parametrize(
    ("value", "printed"),
    [
        (5.0, "5.0"),
        (5, "5.0"),
        (True, "1.0"),
        (-0.0, "-0.0"),
        (0.1, "0.1"),
        (999999.5, "999999.5"),
        (1000000.0, "1e+06"),
        (1234567.5, "1.2345675e+06"),
        (2**53, "9.007199254740992e+15"),
        (1e22, "1e+22"),
        (1.5e-7, "1.5e-07"),
        (-1000000.0, "-1000000.0"),
        (math.inf, "+Inf"),
        (-math.inf, "-Inf"),
        (math.nan, "NaN"),
    ],
)
def test_numbers_look_as_prometheus_client_prints_them(value, printed):
    assert number_text(value) == printed
    assert floatToGoString(value) == printed
    assert text(one(value)) == f"# HELP a h\n# TYPE a gauge\na {printed}\n"
    assert openmetrics(one(value)) == f"# HELP a h\n# TYPE a gauge\na {printed}\n# EOF\n"


def test_random_numbers_look_as_prometheus_client_prints_them():
    numbers = random.Random(4)
    for _ in range(2000):
        value = numbers.uniform(-10, 10) * 10 ** numbers.randint(-20, 20)
        assert number_text(value) == floatToGoString(value)
        assert number_text(float(int(value))) == floatToGoString(float(int(value)))


def test_each_family_is_one_chunk_that_ends_with_a_line_feed():
    chunks = list(render_text([one(1.0), one(2.0, name="b")]))

    assert chunks == ["# HELP a h\n# TYPE a gauge\na 1.0\n", "# HELP b h\n# TYPE b gauge\nb 2.0\n"]


def test_a_family_without_samples_has_its_metadata_only():
    assert text(MetricFamily("a", "counter", "")) == "# HELP a \n# TYPE a counter\n"


def test_help_and_labels_are_escaped_as_each_format_wants_it():
    family = MetricFamily("a", "gauge", 'x\\y\n"z"', ("b",))
    family.add(('1\\2\n"3"',), 1.0)

    sample = 'a{b="1\\\\2\\n\\"3\\""} 1.0\n'
    assert text(family) == '# HELP a x\\\\y\\n"z"\n# TYPE a gauge\n' + sample
    assert openmetrics(family) == '# HELP a x\\\\y\\n\\"z\\"\n# TYPE a gauge\n' + sample + "# EOF\n"


def test_a_wide_row_is_one_line_for_each_value_that_is_there():
    columns = [
        Column(labels=(("way", "in"),)),
        Column(labels=(("way", "out"), ("kind", "%s"))),
        Column("_sum"),
    ]
    family = MetricFamily("a", "summary", "h", ("peer",), columns)
    family.add(("p%s1",), 1.0, 2.0, 3.0)
    family.add(("p2",), None, 5, None)
    family.add(("p3",), None, None, None)
    family.add(("p4",), math.nan, None, 1e6)
    family.add(("p5",), math.inf, None, -1e6)

    assert text(family).splitlines()[2:] == [
        'a{peer="p%s1",way="in"} 1.0',
        'a{peer="p%s1",way="out",kind="%s"} 2.0',
        'a_sum{peer="p%s1"} 3.0',
        'a{peer="p2",way="out",kind="%s"} 5.0',
        'a{peer="p4",way="in"} NaN',
        'a_sum{peer="p4"} 1e+06',
        'a{peer="p5",way="in"} +Inf',
        'a_sum{peer="p5"} -1000000.0',
    ]


def test_a_narrow_row_without_its_value_prints_nothing():
    family = MetricFamily("a", "gauge", "h", ("b",))
    family.add(("1",), None)
    family.add(("2",), 2.0)

    assert text(family).splitlines()[2:] == ['a{b="2"} 2.0']


def test_wide_rows_without_shared_labels_have_the_braces_they_need():
    family = MetricFamily("a", "summary", "h", (), [Column(labels=(("quantile", "0.5"),)), Column("_count")])
    family.add((), 1.0, 2.0)

    assert text(family).splitlines()[2:] == ['a{quantile="0.5"} 1.0', "a_count 2.0"]


def test_names_outside_the_classic_characters_are_quoted():
    family = MetricFamily("a.b", "gauge", "h", ("c d", "e%"))
    family.add(("1", "2"), 1.0)

    assert text(family, one(2.0, name='x"y')) == (
        '# HELP "a.b" h\n# TYPE "a.b" gauge\n{"a.b","c d"="1","e%"="2"} 1.0\n'
        '# HELP "x\\"y" h\n# TYPE "x\\"y" gauge\n{"x\\"y"} 2.0\n'
    )


@pytest.mark.parametrize(
    ("milliseconds", "seconds"),
    [(0, "0.000"), (1, "0.001"), (1520879607789, "1520879607.789"), (-1, "-0.001"), (-1500, "-1.500")],
)
def test_timestamps_are_milliseconds_in_text_and_seconds_in_openmetrics(milliseconds, seconds):
    family = one(1.0)
    family.tables[0].timestamps = [milliseconds]

    assert text(family).endswith(f"a 1.0 {milliseconds}\n")
    assert openmetrics(family).endswith(f"a 1.0 {seconds}\n# EOF\n")


def test_a_row_without_a_timestamp_stands_beside_one_that_has_it():
    family = MetricFamily("a", "gauge", "h", ("b",), [Column("", (("c", "1"),)), Column("", (("c", "2"),))])
    family.tables[0].append((("x",), (1.0, 2.0)))
    family.tables[0].append((("y",), (3.0, None)), 7)

    assert text(family).splitlines()[2:] == [
        'a{b="x",c="1"} 1.0',
        'a{b="x",c="2"} 2.0',
        'a{b="y",c="1"} 3.0 7',
    ]


def test_openmetrics_strips_total_from_metadata_only():
    assert openmetrics(one(1.0, name="a_total", kind="counter")) == (
        "# HELP a h\n# TYPE a counter\na_total 1.0\n# EOF\n"
    )


@pytest.mark.parametrize(
    ("name", "kind"), [("felix_ipset_calls", "counter"), ("_total", "counter"), ("a", "untyped")]
)
def test_openmetrics_calls_unknown_what_it_has_no_type_for(name, kind):
    assert openmetrics(one(1.0, name=name, kind=kind)).startswith(
        f"# HELP {name} h\n# TYPE {name} unknown\n{name} 1.0\n"
    )


def test_an_empty_document_is_empty_as_text_and_an_end_marker_as_openmetrics():
    assert text() == ""
    assert openmetrics() == "# EOF\n"


def test_ten_thousand_wide_rows_are_read_back():
    family = MetricFamily(
        "a", "counter", "h", ("peer",), [Column(labels=(("n", str(n)),)) for n in range(16)]
    )
    for peer in range(10_000):
        family.add((f"peer-{peer}",), *range(16))

    assert parse_exposition(text(family)) == [family]


@pytest.mark.parametrize("columns", [1, 3])
def test_a_large_family_comes_in_chunks_of_whole_lines(columns: int):
    """A page of a hundred megabytes must never be in memory as one text."""
    extra = tuple(Column(labels=(("kind", str(i)),)) for i in range(columns))
    family = MetricFamily("big", "gauge", "Many rows.", ("n",), extra)
    for n in range(20_000):
        family.add((str(n),), *range(n, n + columns))
    chunks = list(render_text([family]))
    assert len(chunks) >= 3
    assert all(chunk.endswith("\n") for chunk in chunks)
    assert max(map(len, chunks)) < len("".join(chunks)) / 2
    assert parse_exposition("".join(chunks)) == [family]


def with_rows(rows: list, name: str = "a", help_text: str = "Help.") -> MetricFamily:
    return MetricFamily.from_tables(name, "gauge", help_text, [Table(("b",), (Column(),), rows)])


def test_kept_text_is_that_of_the_rows_however_often_it_is_asked_for():
    kept = KeptText()
    rows = [((str(n),), (n,)) for n in range(10_000)]
    expected = "".join(render_text([with_rows(rows)]))
    for _ in range(4):
        assert "".join(render_text([with_rows(rows)], kept)) == expected


def test_text_is_kept_for_the_third_time_and_given_up_when_the_rows_are_another_list(monkeypatch):
    written = []
    write = writer._rows
    monkeypatch.setattr(writer, "_rows", lambda name, *rest: written.append(name) or write(name, *rest))
    kept = KeptText()
    rows = [(("x",), (1.0,))]
    for expected in (1, 2, 2, 2):
        list(render_text([with_rows(rows)], kept))
        assert len(written) == expected
    assert 'a{b="x"} -0.0' in "".join(render_text([with_rows([(("x",), (-0.0,))])], kept))
    assert len(written) == 3


def test_rows_under_another_name_or_with_other_columns_are_written_anew():
    kept = KeptText()
    rows = [(("x",), (1.0,))]
    for _ in range(3):
        list(render_text([with_rows(rows)], kept))
    other = MetricFamily.from_tables("a", "gauge", "Help.", [Table(("c",), (Column("_sum"),), rows)])
    assert "".join(render_text([other], kept)).endswith('a_sum{c="x"} 1.0\n')
    assert "".join(render_text([with_rows(rows, "z")], kept)).endswith('z{b="x"} 1.0\n')
    assert "# HELP a Other." in "".join(render_text([with_rows(rows, help_text="Other.")], kept))


def test_labels_of_rows_that_are_no_more_are_forgotten():
    kept = KeptText()
    for start in range(0, 20_000, 1000):
        list(render_text([with_rows([((str(start + n),), (n,)) for n in range(1000)])], kept))
    (texts,) = kept.labels._known.values()
    assert len(texts) <= 4000


@pytest.mark.parametrize(
    ("values", "texts"),
    [
        ([0.0, -0.0, 1, True], ["0.0", "-0.0", "1.0", "1.0"]),
        ([0.5, math.nan, 3e6], ["0.5", "NaN", "3e+06"]),
        ([1, 2.5, 1e6, 1e21, math.inf], ["1.0", "2.5", "1e+06", "1e+21", "+Inf"]),
        ([0.5, 999_999.5, math.inf], ["0.5", "999999.5", "+Inf"]),
        ([math.nan, -1], ["NaN", "-1.0"]),
        ([], []),
    ],
)
def test_numbers_of_all_kinds_beside_each_other_have_their_own_texts(values: list, texts: list[str]):
    assert writer._number_texts(values) == texts == [writer.number_text(value) for value in values]


def test_rows_that_lack_different_values_are_told_apart():
    columns = tuple(Column(labels=(("k", str(k)),)) for k in range(3))
    rows = [
        (("a",), (1, None, 3)),
        (("b",), (None, None, None)),
        (("c",), (None, 5, None)),
        (("d",), (7, 8, 9)),
    ]
    family = MetricFamily.from_tables("x", "gauge", "", [Table(("n",), columns, rows)])
    lines = "".join(render_text([family])).splitlines()[2:]
    assert lines == [
        'x{n="a",k="0"} 1.0',
        'x{n="a",k="2"} 3.0',
        'x{n="c",k="1"} 5.0',
        'x{n="d",k="0"} 7.0',
        'x{n="d",k="1"} 8.0',
        'x{n="d",k="2"} 9.0',
    ]
