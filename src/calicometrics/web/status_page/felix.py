"""Felix on the status page: how it stands with the datastore, and its summaries."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from calicometrics.errors import ParseError
from calicometrics.felix.model import ResyncState, felix_status, summaries
from calicometrics.web.status_page.markup import Markup, element
from calicometrics.web.status_page.tables import NOTHING, Column, Group, lines, mark, section, table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from calicometrics.exposition.parser import Page
    from calicometrics.felix.model import FelixStatus, Summary

MOST_ROWS = 200
"""As many summaries are shown."""

_STATES = {
    ResyncState.IN_SYNC: ("good", "in sync with the datastore"),
    ResyncState.RESYNC: ("bad", "resyncing with the datastore"),
    ResyncState.WAIT_FOR_READY: ("bad", "waiting for the datastore to be ready"),
    ResyncState.NEVER_REPORTED: ("bad", "has never said how it stands with the datastore"),
}
_SCALES = ((1.0, "s"), (1e-3, "ms"), (1e-6, "µs"))
_MICROS = 1e-6


def state_of(page: Page) -> tuple[str, str]:
    """Return how Felix stands, as the kind of a mark and in words."""
    status = felix_status(page.families)
    if status.resync_state is None:
        return "off", "does not say how it stands with the datastore"
    return _STATES.get(status.resync_state, ("bad", f"in a state that is not known: {status.resync_state}"))


def felix_section(page: Page | None) -> Markup:
    """Return the part of the page that is about Felix.

    Args:
        page: Felix's page; None when this round has not read it.
    """
    if page is None:
        return section(
            "felix", "Felix", element("p", mark("bad", "Felix's page was not read in this round."))
        )
    kind, words = state_of(page)
    status = felix_status(page.families)
    sentence = element("p", mark(kind, f"Felix {_on(status)}: {words}."))
    try:
        found = [each for each in summaries(page.families) if each.name.startswith("felix_")]
    except ParseError as error:
        return section("felix", "Felix", sentence, element("p", mark("bad", str(error))))
    if not found:
        return section("felix", "Felix", sentence, element("p", "Its page has no summaries."))
    return section("felix", "Felix", sentence, _table(found[:MOST_ROWS]), *_cut(len(found)))


def _on(status: FelixStatus) -> str:
    return f"on {status.host}" if status.host else "on this node"


def _cut(count: int) -> list[Markup]:
    return (
        [element("p", f"{count - MOST_ROWS} more summaries are not shown here.")] if count > MOST_ROWS else []
    )


def _table(found: Sequence[Summary]) -> Markup:
    quantiles = sorted({quantile for summary in found for quantile in summary.quantiles})
    columns = [
        Column("Summary"),
        Column("Observations", number=True),
        Column("Mean", number=True),
        *(Column(f"{quantile * 100:g} %", number=True) for quantile in quantiles),
    ]
    return table("felix", columns, [Group([_cells(summary, quantiles) for summary in found])])


def _cells(summary: Summary, quantiles: Sequence[float]) -> list[str]:
    labels = ", ".join(f"{key}={value}" for key, value in summary.labels.items())
    return [
        lines(summary.name, labels or None),
        NOTHING if summary.count is None else f"{summary.count:.0f}",
        _value(summary.name, summary.mean),
        *(_value(summary.name, summary.quantiles.get(quantile)) for quantile in quantiles),
    ]


def _value(name: str, value: float | None) -> str:
    """Return a value in the unit that its family's name tells; NaN is what an idle Felix prints."""
    if value is None:
        return NOTHING
    if math.isnan(value):
        return "idle"
    if name.endswith("_seconds"):
        return _seconds(value)
    return _seconds(value * _MICROS) if name.endswith("_micros") else f"{value:.4g}"


def _seconds(value: float) -> str:
    scale, unit = next((each for each in _SCALES if abs(value) >= each[0]), _SCALES[-1])
    return f"{value / scale:.3g} {unit}" if value else "0 s"
