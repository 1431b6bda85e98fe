"""The case table: each file under cases/ holds what is expected and, below a line of ``====``, the document."""

import json
from pathlib import Path

import pytest

from calicometrics.errors import ParseError
from calicometrics.exposition.grammar import read_number
from calicometrics.exposition.parser import parse_exposition, parse_page
from calicometrics.exposition.writer import render_text
from calicometrics.families import Sample

CASES = Path(__file__).with_name("cases")


def cases(kind):
    paths = sorted(CASES.glob(f"{kind}/*.case"))
    return [pytest.param(path, id=path.stem) for path in paths]


def load(path):
    head, _, document = path.read_bytes().partition(b"\n====\n")
    return json.loads(head), document.decode("utf-8", "surrogateescape")


def sample(name, labels, value, timestamp):
    return Sample(
        name,
        tuple((label, text) for label, text in labels),
        read_number(value) if isinstance(value, str) else value,
        timestamp,
    )


def described(families):
    return [(family.name, family.type, family.help, list(family.samples())) for family in families]


def expected_families(head):
    return [
        (family["name"], family["type"], family["help"], [sample(*line) for line in family["samples"]])
        for family in head["families"]
    ]


@pytest.mark.parametrize("path", cases("good"))
def test_a_good_document_says_the_same_in_both_modes(path):
    head, document = load(path)

    assert described(parse_exposition(document)) == expected_families(head)
    page = parse_page(document)
    assert described(page.families) == expected_families(head)
    assert page.problems == []


@pytest.mark.parametrize("path", cases("good"))
def test_a_good_document_is_the_same_when_it_is_written_and_read_again(path):
    families = parse_exposition(load(path)[1])

    assert parse_exposition("".join(render_text(families))) == families


@pytest.mark.parametrize("path", cases("bad"))
def test_strict_mode_names_line_and_reason_of_a_bad_document(path):
    head, document = load(path)

    with pytest.raises(ParseError) as caught:
        parse_exposition(document)

    assert caught.value.line == head["line"]
    assert head["reason"] in caught.value.reason
    assert str(caught.value) == f"line {caught.value.line}: {caught.value.reason}"


@pytest.mark.parametrize("path", cases("bad"))
def test_tolerant_mode_reports_the_bad_lines_and_keeps_the_others(path):
    head, document = load(path)

    page = parse_page(document)

    assert [problem.line for problem in page.problems] == head["problems"]
    kept = [line for family in page.families for line in family.samples()]
    assert kept == [sample(*line) for line in head["kept"]]


def test_the_table_is_as_large_as_it_claims():
    assert len(cases("bad")) >= 60
    assert len(cases("good")) >= 40


def test_tolerant_mode_of_parse_exposition_returns_the_families_of_the_page():
    document = "a 1\nb\n"

    assert parse_exposition(document, strict=False) == parse_page(document).families
