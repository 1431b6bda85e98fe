"""The status page as a whole: what is wrong in one sentence, then everything in detail."""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
from importlib.resources import files
from typing import TYPE_CHECKING

import attrs

from calicometrics import __version__
from calicometrics.felix.model import ResyncState, felix_status
from calicometrics.status_table import Concern, peer_rows
from calicometrics.web.paths import HEALTHY, JSON, READY, TELEMETRY
from calicometrics.web.status_page.felix import felix_section, state_of
from calicometrics.web.status_page.health import collectors_section, daemons_section
from calicometrics.web.status_page.markup import Markup, element, joined, void
from calicometrics.web.status_page.meters import hold_low, near_limit
from calicometrics.web.status_page.peers import by_trouble, peers_section

if TYPE_CHECKING:
    from collections.abc import Sequence

    from calicometrics.exposition.parser import Page
    from calicometrics.rounds import Round
    from calicometrics.snapshot import Snapshot
    from calicometrics.status_table import PeerRow

_FELIX = "felix"
_STYLE, _SCRIPT = (
    Markup(files(__package__).joinpath(name).read_text(encoding="utf-8")) for name in ("page.css", "page.js")
)
_ICON = (
    "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'%3E"
    "%3Cpath d='M1 9h3l2-6 4 11 2-5h3' fill='none' stroke='%23e06c00' stroke-width='2'/%3E%3C/svg%3E"
)
_WITHOUT_SCRIPT = 30  # seconds after which a browser that runs no scripts loads the page again


def _source(text: str) -> str:
    """Return what a Content-Security-Policy calls an inline element with this text."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


CONTENT_SECURITY_POLICY = "; ".join(
    [
        "default-src 'none'",
        f"style-src {_source(_STYLE)}",
        f"script-src {_source(_SCRIPT)}",
        "connect-src 'self'",
        "img-src data:",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    ]
)
"""The policy that the page keeps: the two inline elements by their hashes, no other origin at all."""


@attrs.frozen
class StatusPage:
    """Makes the status page of a round.

    It shows what the round has read and asks for nothing itself.

    Attributes:
        metrics_path: Where the metrics are.
        has_json: Whether there are models at ``/json``.
    """

    metrics_path: str = TELEMETRY
    has_json: bool = True

    def __call__(self, taken: Round) -> str:
        """Return the page."""
        snapshot = taken.snapshot.view()  # what is found missing here is no failure of the round's
        rows = by_trouble(peer_rows(snapshot))
        felix = snapshot.read_page(_FELIX) if _FELIX in snapshot.pages else None
        host = felix_status(felix.families).host if felix is not None else None
        verdict = _verdict(taken, snapshot, rows, felix)
        parts = [
            element("div", element("h1", verdict), role="status"),
            _as_of(taken),
            peers_section(rows, snapshot.time, _unread(snapshot)),
            daemons_section(snapshot),
            *([felix_section(felix)] if _FELIX in snapshot.pages else []),
            collectors_section(taken.collectors),
        ]
        name = " – ".join(filter(None, [verdict, host, "calicometrics"]))  # noqa: RUF001 - an en dash
        main = element("main", *parts, data_version=__version__)
        # The script comes last: what it looks for is there by then.
        body = element("body", *self._header(host), main, element("script", _SCRIPT))
        return f"<!DOCTYPE html>\n{element('html', _head(name), body, lang='en')}\n"

    def _header(self, host: str | None) -> list[Markup]:
        pages = [("Metrics", self.metrics_path), ("Healthy", HEALTHY), ("Ready", READY)]
        if self.has_json:
            pages.insert(1, ("Models", JSON))
        # Relative, for proxies that put a prefix before the path.
        links = [element("li", element("a", text, href=f".{path}")) for text, path in pages]
        button = element(
            "button", "Pause updates", type="button", id="pause", aria_pressed="false", hidden=True
        )
        return [
            element("a", "Skip to the peers", href="#peers", class_="skip"),
            element(
                "header",
                element(
                    "p", element("strong", "calicometrics"), f" {__version__}", f" · {host}" if host else ""
                ),
                element("nav", element("ul", *links), aria_label="Other pages"),
                button,
                element("p", id="notice", role="alert"),
            ),
        ]


def _head(title: str) -> Markup:
    again = void("meta", http_equiv="refresh", content=_WITHOUT_SCRIPT)
    return element(
        "head",
        void("meta", charset="utf-8"),
        void("meta", name="viewport", content="width=device-width, initial-scale=1"),
        void("meta", name="color-scheme", content="light dark"),
        element("title", title),
        void("link", rel="icon", href=_ICON),
        element("noscript", again),
        element("style", _STYLE),
    )


def _as_of(taken: Round) -> Markup:
    moment = dt.datetime.fromtimestamp(taken.time, dt.UTC)
    shown = element("time", f"{moment:%Y-%m-%d %H:%M:%S} UTC", datetime=moment.isoformat(timespec="seconds"))
    return element("p", joined(["As of ", shown, "."]), class_="more")


def _verdict(taken: Round, snapshot: Snapshot, rows: Sequence[PeerRow], felix: Page | None) -> str:
    """Return what is wrong, or that nothing is."""
    trouble = sum(row.concern is Concern.TROUBLE for row in rows)
    # A daemon whose peers no collector wanted is read all the same; one that failed its collectors is counted there.
    silent = [name for name in _unread(snapshot) if snapshot.read_status(name) is None]
    failed = sum(not result.success for result in taken.collectors)
    wrong = []
    if trouble:
        wrong.append(f"{trouble} of {_count(len(rows), 'peer')} in trouble")
    near = sum(map(near_limit, rows))
    if near:
        wrong.append(f"{_count(near, 'peer')} at or near a route limit")
    low = sum(hold_low(row.hold) for row in rows)
    if low:
        wrong.append(f"{_count(low, 'hold timer')} nearly out")
    if silent:
        wrong.append(f"{' and '.join(silent)} not read")
    if felix is not None and felix_status(felix.families).resync_state is not ResyncState.IN_SYNC:
        wrong.append(f"Felix: {state_of(felix)[1]}")
    if failed:
        wrong.append(f"{_count(failed, 'collector')} failed")
    if wrong:
        return ", ".join(wrong)
    if _unread(snapshot):
        return "All is well, as far as this round has read"
    if not rows:
        return "All is well: there are no BGP peers"
    established = sum(row.concern is Concern.GOOD for row in rows)
    return f"All is well: {established} of {_count(len(rows), 'peer')} established"


def _unread(snapshot: Snapshot) -> list[str]:
    """Return the daemons whose peers this round has not read: they could not be, or no collector wanted them."""
    return [name for name in snapshot.daemons if snapshot.read_protocols(name) is None]


def _count(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"
