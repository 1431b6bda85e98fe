"""Grafana's dashboard model, as far as we use it: queries, panels, rows, variables."""

from __future__ import annotations

from textwrap import dedent
from typing import TYPE_CHECKING, Any, Literal

import attrs

if TYPE_CHECKING:
    from collections.abc import Mapping

Json = dict[str, Any]
Kind = Literal["stat", "timeseries", "table", "state-timeline", "bargauge"]

SOURCE: Json = {"type": "prometheus", "uid": "${datasource}"}
SELECTED = 'cluster=~"$cluster"'
"""Selects the series of the clusters that are chosen; those without such a label when all are."""
WIDTH = 24
"""Columns of Grafana's grid."""


def _query(expr: str) -> str:
    return dedent(expr).strip()


@attrs.frozen
class Query:
    """One PromQL query of a panel and the legend of its series."""

    expr: str = attrs.field(converter=_query)
    legend: str = ""

    def json(self, letter: str, kind: Kind) -> Json:
        """Return Grafana's target; tables and bars ask for the newest value only."""
        legend = self.legend or "__auto"
        target: Json = {"refId": letter, "datasource": SOURCE, "expr": self.expr, "legendFormat": legend}
        if kind == "table":
            return target | {"instant": True, "format": "table"}
        return target | ({"instant": True} if kind == "bargauge" else {"range": True})


@attrs.frozen
class Panel:
    """One panel.

    Attributes:
        title: What it shows.
        kind: Grafana's panel type.
        queries: What it asks.
        width: Columns of the grid, at most 24.
        unit: Grafana's unit id, such as ``s``, ``percentunit`` or ``short``.
        about: The help text behind the panel's title.
        stacked: Whether the series of a time series are stacked.
        thresholds: Value → colour from there on; the first step is below all of them.
        base: The colour below the first threshold.
        words: Value → (text, colour) for values that are states.
        hidden: Columns of a table that are left out.
    """

    title: str
    kind: Kind
    queries: tuple[Query, ...]
    width: int = 8
    height: int = 8
    unit: str = "short"
    about: str = ""
    stacked: bool = False
    thresholds: Mapping[float, str] = attrs.Factory(dict)
    base: str = "green"
    words: dict[int, tuple[str, str]] = attrs.Factory(dict)
    hidden: tuple[str, ...] = ()

    def json(self, number: int, x: int, y: int) -> Json:
        """Return Grafana's panel at a place of the grid."""
        return {
            "id": number,
            "type": self.kind,
            "title": self.title,
            "description": self.about,
            "datasource": SOURCE,
            "gridPos": {"x": x, "y": y, "w": self.width, "h": self.height},
            "targets": [query.json(chr(ord("A") + i), self.kind) for i, query in enumerate(self.queries)],
            "fieldConfig": {"defaults": self._defaults(), "overrides": []},
            "options": self._options(),
            "transformations": self._transformations(),
        }

    def _defaults(self) -> Json:
        steps: list[Json] = [{"color": self.base, "value": None}]
        steps += [{"color": colour, "value": value} for value, colour in sorted(self.thresholds.items())]
        words = {str(value): {"text": text, "color": colour} for value, (text, colour) in self.words.items()}
        custom: Json = {}
        if self.kind == "timeseries":
            custom = {
                "fillOpacity": 40 if self.stacked else 0,
                "stacking": {"mode": "normal" if self.stacked else "none"},
                "showPoints": "never",
            }
        return {
            "unit": self.unit,
            "color": {"mode": "palette-classic" if self.kind == "timeseries" else "thresholds"},
            "thresholds": {"mode": "absolute", "steps": steps},
            "mappings": [{"type": "value", "options": words}] if words else [],
            "custom": custom,
        }

    def _options(self) -> Json:
        newest: Json = {"reduceOptions": {"values": False, "calcs": ["lastNotNull"]}}
        match self.kind:
            case "stat":
                return newest | {"colorMode": "background", "graphMode": "area"}
            case "bargauge":
                return newest | {"orientation": "horizontal", "displayMode": "basic"}
            case "timeseries":
                return {
                    "legend": {"displayMode": "list", "placement": "bottom"},
                    "tooltip": {"mode": "multi", "sort": "desc"},
                }
            case "state-timeline":
                return {"mergeValues": True, "showValue": "never", "rowHeight": 0.8}
            case "table":
                return {"showHeader": True}

    def _transformations(self) -> list[Json]:
        if self.kind != "table":
            return []
        return [{"id": "organize", "options": {"excludeByName": dict.fromkeys(("Time", *self.hidden), True)}}]


@attrs.frozen
class Row:
    """Panels under a heading, laid out from left to right; a folded row is read only when somebody opens it."""

    title: str
    panels: tuple[Panel, ...]
    folded: bool = False


@attrs.frozen
class Variable:
    """A choice at the top of the dashboard, filled from the values of a label.

    Attributes:
        name: What it is called in queries.
        label: What it is called on the dashboard.
        series: The series whose label it is.
        value: The label.
        all: Whether all values can be chosen at once, and are at first; else it is the first one.
    """

    name: str
    label: str
    series: str
    value: str
    all: bool = True

    def json(self) -> Json:
        """Return Grafana's template variable, of which several values may be chosen."""
        query = f"label_values({self.series}, {self.value})"
        everything: Json = {"allValue": ".*", "current": {"text": ["All"], "value": ["$__all"]}}
        return {
            "name": self.name,
            "label": self.label,
            "type": "query",
            "datasource": SOURCE,
            "query": {"query": query, "refId": self.name},
            "definition": query,
            "multi": True,
            "includeAll": self.all,
            **(everything if self.all else {}),
            "refresh": 2,
            "sort": 7,
        }


@attrs.frozen
class Dashboard:
    """A dashboard."""

    uid: str
    title: str
    about: str
    tags: tuple[str, ...]
    variables: tuple[Variable, ...]
    rows: tuple[Row, ...]

    def json(self) -> Json:
        """Return the document that Grafana imports."""
        return {
            "uid": self.uid,
            "title": self.title,
            "description": self.about,
            "tags": list(self.tags),
            "schemaVersion": 39,
            "version": 1,
            "editable": True,
            "graphTooltip": 1,
            "refresh": "1m",
            "time": {"from": "now-3h", "to": "now"},
            "timezone": "browser",
            "annotations": {"list": []},
            "links": [],
            "templating": {
                "list": [
                    {
                        "name": "datasource",
                        "label": "Prometheus",
                        "type": "datasource",
                        "query": "prometheus",
                    },
                    *(variable.json() for variable in self.variables),
                ]
            },
            "panels": self._panels(),
        }

    def _panels(self) -> list[Json]:
        panels: list[Json] = []
        number, y = 0, 0
        for row in self.rows:
            number += 1
            heading: Json = {
                "id": number,
                "type": "row",
                "title": row.title,
                "collapsed": row.folded,
                "gridPos": {"x": 0, "y": y, "w": WIDTH, "h": 1},
                "panels": [],
            }
            panels.append(heading)
            x, y, tallest = 0, y + 1, 0
            for panel in row.panels:
                number += 1
                if x + panel.width > WIDTH:
                    x, y, tallest = 0, y + tallest, 0
                (heading["panels"] if row.folded else panels).append(panel.json(number, x, y))
                x, tallest = x + panel.width, max(tallest, panel.height)
            y += tallest
        return panels
