"""What Prometheus evaluates: alerts, records, and the groups that hold them."""

from __future__ import annotations

from typing import Literal

import attrs

Severity = Literal["critical", "warning", "info", "page", "warn"]
"""``critical``, ``warning`` and ``info`` are ours; ``page`` and ``warn`` are the founding document's words."""


@attrs.frozen
class Alert:
    """One alerting rule.

    Attributes:
        name: The alert's name, which is the name of its runbook page too unless ``runbook`` says otherwise.
        expr: PromQL; every series of its result is one alert.
        severity: The label that routes the alert.
        summary: One sentence; may use ``{{ $labels.x }}``.
        description: What it means and where to look first; may use ``{{ $labels.x }}`` and ``{{ $value }}``.
        hold: How long the expression has to hold before the alert fires, such as ``5m``; empty for at once.
        runbook: The page of the runbooks, with its fragment if it has one.
    """

    name: str
    expr: str
    severity: Severity
    summary: str
    description: str
    hold: str = ""
    runbook: str = attrs.field(default=attrs.Factory(lambda self: f"{self.name}.md", takes_self=True))


@attrs.frozen
class Record:
    """One recording rule: the series it makes and the PromQL behind it."""

    name: str
    expr: str


Scope = Literal["node", "cluster"]


@attrs.frozen
class Group:
    """Rules that Prometheus evaluates one after the other.

    Attributes:
        name: The group's name.
        rules: Its rules.
        scope: ``cluster`` when they need the series of all nodes, which a server with a share of them has not.
    """

    name: str
    rules: tuple[Alert | Record, ...]
    scope: Scope = "node"
