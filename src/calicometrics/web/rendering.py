"""Renders a round as what was asked for: metrics in either format, the models as JSON, a page for people."""

from __future__ import annotations

import enum
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import TYPE_CHECKING

import attrs

from calicometrics.exposition.writer import (
    CONTENT_TYPE_OPENMETRICS,
    CONTENT_TYPE_TEXT,
    KeptText,
    openmetrics_conflict,
    render_openmetrics,
    render_text,
)
from calicometrics.web.compression import body_pieces

if TYPE_CHECKING:
    from calicometrics.rounds import Round

HtmlPage = Callable[["Round"], str]
JsonPage = Callable[["Round"], bytes]

CONTENT_TYPE_HTML = "text/html; charset=utf-8"
CONTENT_TYPE_JSON = "application/json"


class View(enum.Enum):
    """What of a round is wanted."""

    TEXT = enum.auto()
    OPENMETRICS = enum.auto()
    HTML = enum.auto()
    JSON = enum.auto()


@attrs.frozen
class Wanted:
    """A view, and whether its body is to be compressed."""

    view: View
    gzip: bool


@attrs.frozen(eq=False)
class Body:
    """The body of an answer.

    Attributes:
        content_type: Its media type.
        gzip: Whether it is compressed.
        head: The first pieces.
        rest: Renders the further pieces; None when the head is all there is.
    """

    content_type: str
    gzip: bool
    head: tuple[bytes, ...]
    rest: Iterator[bytes] | None = None


@attrs.frozen
class Renderer:
    """Renders rounds.

    Attributes:
        html_page: Makes the page for people.
        json_page: Makes the JSON, in UTF-8; None when it is not offered.
    """

    html_page: HtmlPage
    json_page: JsonPage | None = None
    _kept: KeptText = attrs.field(factory=KeptText, init=False, repr=False, eq=False)

    def body(self, taken: Round, wanted: Wanted) -> Body:
        """Return a round's body. A short one is complete; of a long one the beginning is rendered."""
        content_type, chunks = self._chunks(taken, wanted.view)
        pieces = body_pieces(chunks, gzip=wanted.gzip)
        # The second piece is asked for only to know whether there is one.
        head = tuple(islice(pieces, 2))
        return Body(content_type, wanted.gzip, head, pieces if len(head) == 2 else None)  # noqa: PLR2004 - as above

    def _chunks(self, taken: Round, view: View) -> tuple[str, Iterable[str | bytes]]:
        if view is View.HTML:
            return CONTENT_TYPE_HTML, [self.html_page(taken)]
        if view is View.JSON and self.json_page is not None:
            return CONTENT_TYPE_JSON, [self.json_page(taken)]
        if view is View.OPENMETRICS and openmetrics_conflict(taken.families) is None:
            return CONTENT_TYPE_OPENMETRICS, render_openmetrics(taken.families)
        return CONTENT_TYPE_TEXT, render_text(taken.families, self._kept)
