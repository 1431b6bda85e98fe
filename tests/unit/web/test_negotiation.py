"""What clients ask for, read from their headers."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calicometrics.web.negotiation import Format, metrics_format, round_timeout, wants_gzip, wants_html

OPENMETRICS = "application/openmetrics-text"
PROMETHEUS_2 = (
    "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,"
    "text/plain;version=0.0.4;q=0.5,*/*;q=0.1"
)
PROMETHEUS_3 = (
    "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.5,application/openmetrics-text;"
    "version=0.0.1;q=0.4,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.3,text/plain;version=0.0.4;q=0.2,/;q=0.1"
)
PROTOBUF_FIRST = (
    "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited;q=0.5,"
    "text/plain;version=0.0.4;q=0.4,application/openmetrics-text;version=1.0.0;q=0.3"
)
FIREFOX = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8"


@pytest.mark.parametrize(
    "accept",
    [
        OPENMETRICS,
        f"{OPENMETRICS};version=1.0.0",
        f'{OPENMETRICS}; Version="1.0.0"; charset=utf-8',
        "Application/OpenMetrics-Text",
        PROMETHEUS_2,
        PROMETHEUS_3,
        f"text/plain;q=0.9,{OPENMETRICS}",
        f"{OPENMETRICS},text/plain",
        f"{OPENMETRICS},*/*",
        f"*/*,{OPENMETRICS}",
        f"text/*,{OPENMETRICS}",
        f"text/plain;q=0,*/*,{OPENMETRICS};q=0.1",
        f"text/plain;version=1.0.0,{OPENMETRICS};q=0.1",
        f"{OPENMETRICS};q=0.001",
        f'text/plain;note="a, b";q=0.1,{OPENMETRICS};q=0.2',
        f"nonsense ,,; {OPENMETRICS}x/,{OPENMETRICS}",
    ],
)
def test_openmetrics_is_chosen_when_it_is_named_and_wanted_most(accept: str) -> None:
    assert metrics_format(accept) is Format.OPENMETRICS


@pytest.mark.parametrize(
    "accept",
    [
        "",
        "*/*",
        "text/plain",
        "application/json",
        "application/*",
        f"{OPENMETRICS};q=0",
        f"{OPENMETRICS};q=0.000",
        f"{OPENMETRICS};q=0.1,text/plain;version=0.0.4;q=0.9",
        f"text/plain,{OPENMETRICS}",
        f"{OPENMETRICS};q=0.5,*/*",
        f"{OPENMETRICS};q=0.5,text/*;q=0.6,*/*;q=0.1",
        PROTOBUF_FIRST,
        FIREFOX,
    ],
)
def test_text_is_chosen_when_it_is_wanted_no_less(accept: str) -> None:
    assert metrics_format(accept) is Format.TEXT


@pytest.mark.parametrize(
    "accept",
    [
        f"{OPENMETRICS};version=99.0.0",
        f"{OPENMETRICS};version=0.0.1",
        f"{OPENMETRICS};version=abc",
        f'{OPENMETRICS};version=""',
        "text/plain;version=abc",
        "text/plain;version=1.0.0",
    ],
)
def test_an_unknown_version_gets_the_text_format(accept: str) -> None:
    assert metrics_format(accept) is Format.TEXT


@pytest.mark.parametrize(
    "accept",
    [
        f"{OPENMETRICS};q=abc",
        f"{OPENMETRICS};q=2",
        f"{OPENMETRICS};q=1.001",
        f"{OPENMETRICS};q=-1",
        f"{OPENMETRICS};q=nan",
        f"{OPENMETRICS};q=1e-1",
        f"{OPENMETRICS};q=",
        f"{OPENMETRICS};q",
        f"{OPENMETRICS} text/plain",
        f'{OPENMETRICS};a="open, text/plain',
        f"\x00{OPENMETRICS}",
        "/",
        ",,,;;;===",
    ],
)
def test_what_is_malformed_is_passed_over(accept: str) -> None:
    assert metrics_format(accept) is Format.TEXT


@pytest.mark.parametrize(
    "accept", [FIREFOX, "text/html", "TEXT/HTML;q=0.1", "text/plain;q=0.5,text/html;q=0.5"]
)
def test_a_browser_wants_html(accept: str) -> None:
    assert wants_html(accept)


@pytest.mark.parametrize(
    "accept",
    ["", "*/*", "text/*", "text/html;q=0", PROMETHEUS_2, PROMETHEUS_3, "text/plain,text/html;q=0.1"],
)
def test_who_does_not_name_html_or_prefers_metrics_gets_no_html(accept: str) -> None:
    assert not wants_html(accept)


@pytest.mark.parametrize(
    ("accept_encoding", "gzip"),
    [
        ("gzip", True),
        ("GZIP", True),
        ("x-gzip", True),
        ("gzip, deflate, br", True),
        ("deflate;q=1, gzip;q=0.1", True),
        ("*", True),
        ("gzip, identity", True),
        ("", False),
        ("identity", False),
        ("br", False),
        ("gzip;q=0", False),
        ("gzip;q=0.0, *", False),
        ("*;q=0", False),
        ("gzip;q=0.5, identity", False),
        ("gzip;q=zero", False),
        ("gzipped", False),
    ],
)
def test_gzip_is_used_when_it_is_taken_and_the_plain_body_is_not_preferred(
    accept_encoding: str, *, gzip: bool
) -> None:
    assert wants_gzip(accept_encoding) is gzip


@pytest.mark.parametrize(
    ("header", "seconds"),
    [("10", 9.5), ("15.000000", 14.5), (" 3 ", 2.5), ("0.6", 0.1), ("0.001", 0.1), ("999999999", 100.0)],
)
def test_a_scrape_timeout_leaves_time_for_the_way_back(header: str, seconds: float) -> None:
    assert round_timeout(header) == pytest.approx(seconds)


@pytest.mark.parametrize(
    "header",
    ["", "ten", "-1", "0", "0.0", "nan", "inf", "Infinity", "1e3", "1_0", "10s", "\u0661", "9" * 400],
)
def test_a_scrape_timeout_that_is_no_positive_number_says_nothing(header: str) -> None:
    assert round_timeout(header) is None


@given(st.text(st.characters(max_codepoint=255), max_size=200))
def test_no_header_is_an_error(header: str) -> None:
    assert metrics_format(header) in Format
    assert wants_html(header) in {True, False}
    assert wants_gzip(header) in {True, False}
    assert round_timeout(header) is None or 0.1 <= round_timeout(header) <= 100


@pytest.mark.parametrize("pattern", ['"', '\\"', '"\\"', ",", ";", "a;", "a=", " ", ';a="', "/"])
def test_the_longest_header_is_read_in_no_time(pattern: str) -> None:
    """A header may have 16 KiB, and is read on the event loop."""
    header = f"{OPENMETRICS}{pattern * (16384 // len(pattern))}"
    began = time.monotonic()
    metrics_format(header)
    assert time.monotonic() - began < 1.0
