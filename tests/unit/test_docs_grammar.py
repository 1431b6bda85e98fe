"""The page of the grammar, and its pictures, are what the rules say."""

from __future__ import annotations

import html
import importlib
import pathlib
import re
import sys
from types import ModuleType

import pytest

from calicometrics.bird import grammar

DOCS = pathlib.Path(__file__).parents[2] / "docs"


def load(name: str) -> ModuleType:
    """Import one of the scripts beside the pages, which belong to no package."""
    sys.path.insert(0, str(DOCS))
    try:
        return importlib.import_module(name)
    finally:
        sys.path.remove(str(DOCS))


diagrams = load("diagrams")
grammar_page = load("grammar_page")


def shown(svg: str) -> list[str]:
    """Return the texts of a picture, wherever they stand."""
    return [html.unescape(text) for text in re.findall(r"<text[^>]*>([^<]*)</text>", svg)]


def test_the_page_is_what_the_rules_say() -> None:
    assert grammar_page.PAGE.read_text(encoding="utf-8") == grammar_page.page(), "make docs-update"


def test_there_is_a_picture_of_every_rule_and_of_no_other() -> None:
    assert {path.stem for path in diagrams.PICTURES.iterdir()} == diagrams.pictures().keys()


@pytest.mark.parametrize("name", diagrams.pictures())
def test_no_picture_is_stale(name: str) -> None:
    """Each says in words what it shows, so that this needs none of what draws."""
    svg = (diagrams.PICTURES / f"{name}.svg").read_text(encoding="utf-8")
    described = re.search(r"<desc>(.*?)</desc>", svg)
    assert described is not None
    assert html.unescape(described[1]) == diagrams.words(diagrams.pictures()[name]), "make docs-update"


@pytest.mark.parametrize("name", diagrams.pictures())
def test_a_picture_drawn_anew_has_the_same_boxes(name: str) -> None:
    pytest.importorskip("railroad", reason="draws the pictures: pip install --group docs")
    svg = (diagrams.PICTURES / f"{name}.svg").read_text(encoding="utf-8")
    drawn = diagrams.draw(diagrams.pictures()[name])
    assert shown(drawn) == shown(svg)
    assert "<a " not in drawn


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        (
            grammar.TIMER,
            '( digits [ "." digits ] "/" ( digits [ "." digits ] | "-" ) | "---" )',
        ),
        (
            grammar.ROUTES,
            'digits " imported, " [ digits " filtered, " ] digits " exported" [ ", " digits " preferred" ]',
        ),
        (grammar.LIMIT, 'digits [ " [HIT]" ]'),
        (grammar.FLAG, "nothing"),
        (grammar.WORD, "word"),
    ],
)
def test_a_regular_rule_is_taken_apart_into_what_it_matches(rule: grammar.Value, expected: str) -> None:
    assert diagrams.words(diagrams.elements(rule)) == expected


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        (r"[^;]*", '[ text without ";" ]'),
        (r"a[^;]", '"a" a character without ";"'),
        (r"(?:ab)*", '{ "ab" }'),
        (r"(?:ab )+", '{ "ab " }+'),
        (r"\s\d|x", '( blank digit | "x" )'),
        (r"a|", '( "a" | nothing )'),
    ],
)
def test_every_construct_has_a_picture(pattern: str, expected: str) -> None:
    assert diagrams.words(diagrams.elements(grammar.Value("anything", pattern))) == expected


def test_a_construct_without_a_picture_is_refused_not_left_out() -> None:
    with pytest.raises(NotImplementedError, match="no picture of AT"):
        diagrams.elements(grammar.Value("the end", r"x$"))


def test_every_example_beside_a_label_is_read_by_its_rule() -> None:
    read = 0
    for fields in diagrams.TABLES.values():
        names = set()
        for entry in fields.values():
            name, rule = entry
            example = grammar_page.EXAMPLES.get(id(entry))
            if example is not None and name not in names:
                grammar.read(rule, example)
                read += 1
            names.add(name)
    assert read > 40
