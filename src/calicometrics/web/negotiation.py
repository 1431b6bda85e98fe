"""Reads what a client asks for in its headers: format, compression, time. Nothing a client sends is an error here.

The grammar is that of RFC 9110, sections 5.6 and 12.5; the preferences are those of Prometheus' document on content
negotiation: the highest weight that is supported wins, and text 0.0.4 is the last resort. An element that is not
well-formed is passed over.
"""

from __future__ import annotations

import enum
import re
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

_TOKEN = r"[!#$%&'*+\-.^_`|~0-9A-Za-z]++"  # noqa: S105 - the token of the grammar
_STRING = r'"(?:[^"\\]|\\.)*+"'
_ELEMENTS = re.compile(
    r'(?:[^,"]|"(?:[^"\\]|\\.)*+"?)++'
)  # an open string takes the rest, so that this is linear
_ELEMENT = re.compile(
    rf"[ \t]*+({_TOKEN}(?:/{_TOKEN})?)((?:[ \t]*+;[ \t]*+(?:{_TOKEN}=(?:{_TOKEN}|{_STRING}))?)*+)[ \t]*+"
)
_PARAMETER = re.compile(rf"({_TOKEN})=({_TOKEN}|{_STRING})")
_WEIGHT = re.compile(r"0(?:\.[0-9]{0,3})?|1(?:\.0{0,3})?")
_SECONDS = re.compile(r"[0-9]{1,9}(?:\.[0-9]{0,9})?")

_TEXT = "text/plain"
_OPENMETRICS = "application/openmetrics-text"
_HTML = "text/html"
# The versions that are written; a range without a version takes any.
_VERSIONS = {_TEXT: "0.0.4", _OPENMETRICS: "1.0.0"}

# What a scraper needs for the way back: blackbox_exporter's default offset.
_SCRAPE_OFFSET = 0.5
_SHORTEST_ROUND = 0.1
_LONGEST_ROUND = 100.0  # less than the default of Limits.response_timeout


class Format(enum.Enum):
    """A format of the metrics."""

    TEXT = enum.auto()
    OPENMETRICS = enum.auto()


class _Range(NamedTuple):
    """One element of a header, such as ``text/plain;version=0.0.4;q=0.5``."""

    name: str
    version: str | None
    weight: float


class _Preference(NamedTuple):
    """How much a client wants something; the greater one wins."""

    weight: float = 0.0
    specificity: int = 0
    order: int = 0


def metrics_format(accept: str) -> Format:
    """Return the format that an Accept header asks for: the highest weight wins, then the more specific range.

    Of equal ranges, the first one wins. Only a range that names OpenMetrics asks for it; everything that asks for
    nothing on offer gets the text format.
    """
    ranges = list(_ranges(accept))
    openmetrics = max(_exact(ranges, _OPENMETRICS), default=_Preference())
    text = max(_exact(ranges, _TEXT), default=_wildcard(ranges))
    return Format.OPENMETRICS if openmetrics.weight and openmetrics > text else Format.TEXT


def wants_html(accept: str) -> bool:
    """Return whether an Accept header names HTML, and weighs it no less than the formats of metrics that it names."""
    ranges = list(_ranges(accept))
    html = max((found.weight for found in _exact(ranges, _HTML)), default=0.0)
    metrics = max(
        (found.weight for name in (_TEXT, _OPENMETRICS) for found in _exact(ranges, name)), default=0.0
    )
    return html > 0 and html >= metrics


def wants_gzip(accept_encoding: str) -> bool:
    """Return whether an Accept-Encoding header takes gzip and does not prefer the plain body."""
    weights: dict[str, float] = {}
    for found in _ranges(accept_encoding):
        weights.setdefault(found.name, found.weight)
    gzip = weights.get("gzip", weights.get("x-gzip", weights.get("*", 0.0)))
    return gzip > 0 and gzip >= weights.get("identity", 0.0)


def round_timeout(scrape_timeout: str) -> float | None:
    """Return the seconds that a round may take, or None when the header does not say.

    Args:
        scrape_timeout: The header ``X-Prometheus-Scrape-Timeout-Seconds``, a positive decimal number; anything else
            says nothing. Half a second of it is kept for the way back.
    """
    text = scrape_timeout.strip()
    seconds = float(text) if _SECONDS.fullmatch(text) else 0.0
    if seconds == 0:
        return None
    return max(_SHORTEST_ROUND, min(seconds - _SCRAPE_OFFSET, _LONGEST_ROUND))


def _ranges(header: str) -> Iterator[_Range]:
    for element in _ELEMENTS.findall(header):
        match = _ELEMENT.fullmatch(element)
        if match is None:
            continue
        parameters = {name.lower(): value.strip('"') for name, value in _PARAMETER.findall(match[2])}
        weight = parameters.get("q", "1")
        if _WEIGHT.fullmatch(weight):
            yield _Range(match[1].lower(), parameters.get("version"), float(weight))


def _exact(ranges: list[_Range], name: str) -> list[_Preference]:
    return [
        _Preference(found.weight, 2, -position)
        for position, found in enumerate(ranges)
        if found.name == name and found.version in {None, _VERSIONS.get(name)}
    ]


def _wildcard(ranges: list[_Range]) -> _Preference:
    """Return how much the wildcards that cover the text format want it: the narrower one counts."""
    for specificity, name in ((1, "text/*"), (0, "*/*")):
        for position, found in enumerate(ranges):
            if found.name == name:
                return _Preference(found.weight, specificity, -position)
    return _Preference()
