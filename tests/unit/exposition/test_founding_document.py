"""The founding document's own two pages, and its Felix page as the document's PDF has wrapped it."""

from collections import Counter
from pathlib import Path

import pytest

from calicometrics.exposition.parser import parse_exposition, parse_page
from calicometrics.exposition.writer import openmetrics_conflict, render_openmetrics, render_text

CASES = Path(__file__).with_name("cases")
FELIX = (CASES / "felix_metrics.prom").read_text(encoding="utf-8")
BIRD = (CASES / "bird_metrics.prom").read_text(encoding="utf-8")
PASTE = (CASES / "felix_original.paste").read_text(encoding="utf-8")


def series(page):
    """The lines of a page that are samples: the text up to the value, and the value as a number's text."""
    lines = [line.rpartition(" ") for line in page.splitlines() if line and not line.startswith("#")]
    return Counter((name, repr(float(value))) for name, _, value in lines)


@pytest.mark.parametrize("page", [FELIX, BIRD], ids=["felix", "bird"])
def test_the_page_goes_through_sample_for_sample(page):
    families = parse_exposition(page)
    written = "".join(render_text(families))

    assert series(written) == series(page)
    assert parse_exposition(written) == families


def test_names_types_and_help_texts_of_felix_go_through():
    written = "".join(render_text(parse_exposition(FELIX)))

    metadata = [line for line in FELIX.splitlines() if line.startswith("#")]
    assert [line for line in written.splitlines() if line.startswith("#")] == metadata


def test_the_pages_have_as_many_samples_as_lines():
    assert sum(family.sample_count() for family in parse_exposition(FELIX)) == 135
    assert sum(family.sample_count() for family in parse_exposition(BIRD)) == 105


def test_felix_counters_keep_their_names():
    families = {family.name: family.type for family in parse_exposition(FELIX)}

    assert families["felix_ipset_calls"] == "counter"
    assert families["felix_ipsets_total"] == "gauge"


def test_the_interleaved_bird_families_are_joined():
    names = [family.name for family in parse_exposition(BIRD)]

    assert len(names) == len(set(names))
    assert names[:4] == ["bird_up", "bird_preference", "bird_routes", "bird_route_changes"]


def test_the_wrapped_page_is_repaired():
    assert parse_exposition(PASTE, repair=True) == parse_exposition(FELIX)
    assert parse_page(PASTE, repair=True).problems == []


def test_without_repair_the_wrapped_page_loses_words_but_no_sample():
    page = parse_page(PASTE)

    assert page.problems
    assert series("".join(render_text(page.families))) == series(FELIX)


def test_the_bird_page_fits_openmetrics():
    families = parse_exposition(BIRD)

    assert openmetrics_conflict(families) is None
    assert series("".join(render_openmetrics(families))) == series(BIRD)


def test_felix_with_and_without_total_survives_as_text_and_is_a_conflict_in_openmetrics():
    page = (
        (CASES / "good" / "name-with-and-without-total.case")
        .read_text(encoding="utf-8")
        .partition("\n====\n")[2]
    )
    families = parse_exposition(page)

    assert series("".join(render_text(families))) == series(page)
    assert openmetrics_conflict(families) == (
        "felix_bpf_conntrack_expired and felix_bpf_conntrack_expired_total: "
        "both claim the name felix_bpf_conntrack_expired in OpenMetrics"
    )
