"""Hypothesis strategies for metric families; loaded by path, since test directories are no packages."""

import math
import string

from hypothesis import strategies as st

from calicometrics.families import Column, MetricFamily, Table

LETTERS = string.ascii_letters + "_"
CLASSIC_LABELS = st.text(LETTERS, min_size=1, max_size=6).filter(lambda name: not name.startswith("__"))
CLASSIC_NAMES = st.text(LETTERS + ":", min_size=1, max_size=8).filter(
    lambda name: not name.endswith(("_bucket", "_count", "_sum", "_total"))
)
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)  # no surrogates: they are not UTF-8
ANY_NAMES = CLASSIC_NAMES | TEXTS.filter(
    lambda name: name and not name.endswith(("_bucket", "_count", "_sum"))
)
ANY_LABELS = CLASSIC_LABELS | TEXTS.filter(lambda name: name not in {"", "le", "quantile", "__name__"})
VALUES = st.floats().map(lambda value: math.nan if math.isnan(value) else value) | st.integers(0, 10**7).map(
    float
)
COUNTS = st.integers(0, 10**7).map(float)
STAMPS = st.integers(-(10**13), 10**13)


@st.composite
def tables(draw, columns, label_names, values):
    names = draw(st.lists(label_names, max_size=3, unique=True))
    extra = {name for column in columns for name, _ in column.labels}
    names = tuple(name for name in names if name not in extra)
    keys = draw(st.lists(st.tuples(*[TEXTS] * len(names)), min_size=1, max_size=4, unique=True))
    rows = [(key, tuple(draw(st.tuples(*values)))) for key in keys]
    table = Table(names, tuple(columns), rows)
    if draw(st.booleans()):
        table.timestamps = draw(st.lists(st.none() | STAMPS, min_size=len(rows), max_size=len(rows)))
    return table


@st.composite
def plain_families(draw, names, label_names):
    """A counter, gauge or untyped family whose rows are one or more samples wide, some of them absent."""
    extra = draw(st.lists(st.tuples(label_names, TEXTS), max_size=3, unique=True))
    columns = [Column(labels=(pair,)) for pair in extra] or [Column()]
    values = [VALUES if number == 0 else VALUES | st.none() for number in range(len(columns))]
    kind = draw(st.sampled_from(["counter", "gauge", "untyped"]))
    name = draw(names) + ("_total" if kind == "counter" and draw(st.booleans()) else "")
    return family(draw, name, kind, draw(tables(columns, label_names, values)))


@st.composite
def summaries(draw, names, label_names):
    quantiles = draw(st.lists(st.sampled_from(["0.5", "0.9", "0.99", "1"]), max_size=3, unique=True))
    columns = [Column(labels=(("quantile", quantile),)) for quantile in quantiles]
    columns += [Column("_sum"), Column("_count")]
    values = [*[VALUES] * len(quantiles), VALUES, COUNTS]
    return family(draw, draw(names), "summary", draw(tables(columns, label_names, values)))


@st.composite
def histograms(draw, names, label_names):
    bounds = sorted(draw(st.sets(st.integers(0, 9), max_size=3)))
    columns = [Column("_bucket", (("le", f"{bound}.5"),)) for bound in bounds]
    columns += [Column("_bucket", (("le", "+Inf"),)), Column("_sum"), Column("_count")]
    values = [*[COUNTS] * (len(bounds) + 1), VALUES, COUNTS]
    result = family(draw, draw(names), "histogram", draw(tables(columns, label_names, values)))
    for table in result.tables:  # buckets are cumulative, and the last one is the count
        table.rows = [(key, (*sorted(row[:-2]), *row[-2:-1], max(row[:-2]))) for key, row in table.rows]
    return result


def family(draw, name, kind, table):
    help_text = draw(TEXTS).lstrip(" \t")  # blanks before the text separate it
    return MetricFamily.from_tables(name, kind, help_text, [table])


def pages(names=ANY_NAMES, label_names=ANY_LABELS):
    """Lists of families with different names."""
    families = (
        plain_families(names, label_names) | summaries(names, label_names) | histograms(names, label_names)
    )
    return st.lists(families, max_size=4, unique_by=lambda family: family.name.removesuffix("_total"))


def classic_pages():
    """Pages that prometheus_client can express: classic names, labels in alphabetical order."""

    def sort(families):
        for item in families:
            for table in item.tables:
                extra = {label for column in table.columns for label, _ in column.labels}
                shared = [name for name in sorted(table.label_names) if all(name < other for other in extra)]
                place = [table.label_names.index(name) for name in shared]
                rows = {tuple(key[at] for at in place): values for key, values in table.rows}
                table.label_names, table.rows = tuple(shared), list(rows.items())
                if table.timestamps is not None:
                    table.timestamps = table.timestamps[: len(rows)]
        return families

    return pages(CLASSIC_NAMES, CLASSIC_LABELS).map(sort)
