"""The page for people."""

from __future__ import annotations

from html.parser import HTMLParser

from calicometrics.exporter import CollectorResult, Round
from calicometrics.snapshot import Snapshot
from calicometrics.web.landing import landing_page

GOOD = CollectorResult("bird_status", success=True, duration=0.0123)
BAD = CollectorResult("felix<script>", success=False, duration=2.0, errors=("cannot read <b>", "and & more"))


class Outline(HTMLParser):
    """Collects links and text, and checks that elements nest."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.words: list[str] = []
        self.open: list[str] = []
        self.feed(page)
        assert self.open == []

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        if tag != "meta":
            self.open.append(tag)
        self.links += [value or "" for name, value in attributes if name in {"href", "src"}]

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if data.strip():
            self.words.append(data.strip())


def test_the_page_links_to_the_others_and_needs_nothing_else() -> None:
    outline = Outline(landing_page(Round((), (GOOD,), Snapshot(), 1.0), "/telemetry"))
    assert outline.links == ["/telemetry", "/-/healthy", "/-/ready"]
    assert "script" not in outline.open


def test_the_page_says_what_became_of_each_collector() -> None:
    words = Outline(landing_page(Round((), (GOOD, BAD), Snapshot(), 1.0))).words
    assert words[words.index("bird_status") :] == [
        *("bird_status", "good", "12 ms"),
        *("felix<script>", "failed", "cannot read <b>; and & more", "2000 ms"),
    ]
