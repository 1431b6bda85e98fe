"""Rule groups as the YAML of a Prometheus rule file, without a YAML library."""

from __future__ import annotations

import json
from textwrap import dedent, indent
from typing import TYPE_CHECKING

from calicometrics.rules.model import Alert

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from calicometrics.rules.model import Group, Record


def rule_file(groups: Iterable[Group], runbooks: str) -> str:
    """Return a rule file; ``runbooks`` is what comes before the name of a runbook page in ``runbook_url``."""
    return "\n".join(line for part in _file(groups, runbooks) for line in part.splitlines()) + "\n"


def quoted(text: str) -> str:
    """Return a YAML scalar in double quotes: a JSON string is one."""
    return json.dumps(text, ensure_ascii=False)


def _file(groups: Iterable[Group], runbooks: str) -> Iterator[str]:
    yield "groups:"
    for group in groups:
        yield f"  - name: {group.name}"
        yield "    rules:"
        for rule in group.rules:
            yield from _alert(rule, runbooks) if isinstance(rule, Alert) else _record(rule)


def _alert(alert: Alert, runbooks: str) -> Iterator[str]:
    yield f"      - alert: {alert.name}"
    yield _expression(alert.expr)
    if alert.hold:
        yield f"        for: {alert.hold}"
    yield "        labels:"
    yield f"          severity: {alert.severity}"
    yield "        annotations:"
    yield f"          summary: {quoted(alert.summary)}"
    yield f"          description: {quoted(alert.description)}"
    page = f"{runbooks.rstrip('/')}/{alert.runbook}"
    yield f"          runbook_url: {quoted(page)}"


def _record(record: Record) -> Iterator[str]:
    yield f"      - record: {record.name}"
    yield _expression(record.expr)


def _expression(expr: str) -> str:
    """Return the expression as a literal block, which needs no escapes and keeps its lines."""
    text = dedent(expr).strip("\n").rstrip()
    # YAML takes the first line's indentation for the block's, unless it is told.
    header = "|2-" if text.startswith(" ") else "|-"
    return f"        expr: {header}\n" + indent(text, " " * 10)
