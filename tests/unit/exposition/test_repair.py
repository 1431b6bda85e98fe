import pytest

from calicometrics.errors import ParseError
from calicometrics.exposition.parser import parse_exposition, parse_page
from calicometrics.exposition.repair import repair_paste


def repaired(text):
    """The lines that are left, without those that became empty."""
    return [line for line in repair_paste(text).split("\n") if line]


def test_a_wrapped_help_line_is_joined_with_one_blank():
    text = "# HELP a Calls that\n  were made \nso far.\n# TYPE a gauge\na 1\n"

    assert repaired(text) == ["# HELP a Calls that were made so far.", "# TYPE a gauge", "a 1"]


def test_every_line_keeps_its_number():
    text = "```\n# HELP a one\ntwo\n\n```\n# TYPE a gauge\na x\n"

    assert repair_paste(text).count("\n") == text.count("\n")
    with pytest.raises(ParseError) as caught:
        parse_exposition(text, repair=True)
    assert caught.value.line == 7
    assert [problem.line for problem in parse_page(text, repair=True).problems] == [7]


@pytest.mark.parametrize("sample", ["a 5", "a_count 5", "other_name 5", 'b{c="d"} 5', "b:c 5"])
def test_a_sample_after_a_help_line_is_not_taken_for_its_text(sample):
    assert repaired(f"# HELP a text\n{sample}\nnot wrapped\n") == ["# HELP a text", sample, "not wrapped"]


@pytest.mark.parametrize("words", ["retries 5", "in 2024. Then", "a is one", "felix_host is set"])
def test_words_after_a_help_line_continue_it(words):
    assert repaired(f"# HELP a text\n{words}\n# TYPE a gauge\n")[0] == f"# HELP a text {words}"


@pytest.mark.parametrize("comment", ["# TYPE a gauge", "# words", "# HELP a", "# HELP 1a text"])
def test_only_a_help_line_with_a_text_is_continued(comment):
    assert repaired(f"{comment}\nmore words\n") == [comment, "more words"]


def test_fences_page_breaks_and_blanks_are_removed():
    text = "\ufeff```text\r\n# HELP a one\n\f\n```\n\n```\ntwo\u00a0\n  a 1\t \r\n```"

    assert repaired(text) == ["# HELP a one two", "a 1"]


def test_the_last_line_gets_its_line_feed():
    assert parse_exposition("a 1", repair=True) == parse_exposition("a 1\n")


def test_a_good_page_is_left_alone():
    text = "# HELP a one two\n# TYPE a gauge\na 1\n"

    assert repair_paste(text) == text


def test_a_wrapped_sample_is_not_guessed_at():
    with pytest.raises(ParseError, match="line 1"):
        parse_exposition('a{b="c",\nd="e"} 5\n', repair=True)
