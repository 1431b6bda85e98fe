"""Prometheus rules: the improved set, and the founding document's eight.

The rules are Python data, so that they can be listed, checked and documented; :func:`render` prints a rule file.
"""

from __future__ import annotations

from textwrap import indent
from typing import TYPE_CHECKING

from calicometrics.rules import bird, felix, itself, records
from calicometrics.rules import original as founding
from calicometrics.rules.emit import rule_file
from calicometrics.rules.model import Alert, Group, Record, Scope

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = [
    "RUNBOOKS",
    "Alert",
    "Group",
    "Record",
    "Scope",
    "alerts",
    "groups",
    "render",
    "render_custom_resource",
]

RUNBOOKS = "docs/runbooks"
"""Where the runbook pages are, relative to the project; give :func:`render` the address of a copy people can open."""


_CLUSTER = Group("calicometrics.cluster", (*bird.CLUSTER, *felix.CLUSTER, *itself.CLUSTER), scope="cluster")


def groups(*, original: bool = False, scope: Scope | None = None) -> tuple[Group, ...]:
    """Return the rule groups: the improved set with its recording rules, or the founding document's.

    Args:
        original: The founding document's rules instead of the improved ones.
        scope: Those that need the series of all nodes, or of one node at a time; by default all.
    """
    if original:
        return founding.GROUPS
    found = (*records.GROUPS, *bird.GROUPS, *felix.GROUPS, *itself.GROUPS, _CLUSTER)
    return tuple(group for group in found if scope in {None, group.scope})


def alerts(*, original: bool = False) -> Iterator[Alert]:
    """Yield the alerts of a set in order."""
    for group in groups(original=original):
        yield from (rule for rule in group.rules if isinstance(rule, Alert))


def render(original: bool = False, *, scope: Scope | None = None, runbooks: str = RUNBOOKS) -> str:
    """Return a set as the YAML of a Prometheus rule file.

    Args:
        original: The founding document's rules instead of the improved ones.
        scope: As for :func:`groups`.
        runbooks: What comes before a page's name in the ``runbook_url`` annotation.
    """
    return rule_file(groups(original=original, scope=scope), runbooks)


def render_custom_resource(original: bool = False, *, runbooks: str = RUNBOOKS) -> str:
    """Return a set as a ``PrometheusRule``, which the Prometheus operator reads."""
    return (
        "apiVersion: monitoring.coreos.com/v1\n"
        "kind: PrometheusRule\n"
        "metadata:\n"
        f"  name: calicometrics{'-original' if original else ''}\n"
        "  labels:\n"
        "    app.kubernetes.io/name: calicometrics\n"
        "spec:\n" + indent(render(original, runbooks=runbooks), "  ")
    )
