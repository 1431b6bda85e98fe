"""Which metric names in rules, dashboards and expressions do not exist, or no longer do.

Names are checked in the namespaces of Calico's components, and in our own if the names in them are given. Any other
name, and one with a colon, which is a recording rule's, may be anybody's.
"""

from __future__ import annotations

import difflib
import functools
from typing import TYPE_CHECKING

import attrs

from calicometrics.felix.catalogue import LATEST, CatalogueEntry, catalogue
from calicometrics.felix.documents import entries
from calicometrics.felix.promql import metric_names
from calicometrics.sources.file import FileSource

if TYPE_CHECKING:
    import os
    from collections.abc import Collection, Iterable

_OURS = {"bird_": "calicometrics", "calicometrics_": "calicometrics"}
_OWNERS = {
    "felix": "Felix",
    "typha": "Typha",
    "kube-controllers": "kube-controllers",
    "goldmane": "Goldmane",
}
_NOT_OPEN_SOURCE = {"calico_denied_bytes", "calico_denied_packets"}
_ALIKE = 0.8  # of difflib's ratio: below it, names have little more than their namespace in common


@attrs.frozen
class Finding:
    """A metric name that does not exist.

    Attributes:
        name: The name.
        message: What is wrong with it, and the nearest name that exists.
        expression: The expression that asks for it.
        file: The file that the expression stands in; None for an expression or text without a file.
        line: The line that the expression begins in, counted from 1.
    """

    name: str
    message: str
    expression: str
    file: str | None = None
    line: int = 1

    def __str__(self) -> str:
        return f"{self.file or '-'}:{self.line}: {self.name}: {self.message}"


def lint_expression(promql: str, known: Collection[str] = ()) -> list[Finding]:
    """Return what is wrong with the metric names of one PromQL expression.

    Args:
        promql: The expression; variables of Grafana and of templates may be in it.
        known: Names of series that exist beside the catalogue's, such as those of calicometrics itself. If any are
            given, names that begin with ``bird_`` and ``calicometrics_`` are checked as well.
    """
    return [
        Finding(name, message, promql)
        for name in metric_names(promql)
        if (message := _complaint(name, known))
    ]


def lint_text(text: str, known: Collection[str] = ()) -> list[Finding]:
    """Return what is wrong with the expressions of a rule file or dashboard, in YAML or JSON.

    Args:
        text: The document; what its own rules record exists.
        known: As for :func:`lint_expression`.
    """
    return _lint([(None, text)], known)


def lint_files(paths: Iterable[str | os.PathLike[str]], known: Collection[str] = ()) -> list[Finding]:
    """Return what is wrong with the expressions of rule files and dashboards; what one file records, another may use.

    Args:
        paths: The files.
        known: As for :func:`lint_expression`.

    Raises:
        SourceError: A file cannot be read.
    """
    return _lint([(source.path, source.read()) for source in map(FileSource, paths)], known)


def has_expressions(path: str | os.PathLike[str]) -> bool:
    """Return whether a file has any expression; one that is no rule file or dashboard has none.

    Raises:
        SourceError: It cannot be read.
    """
    return any(entry.key != "record" for entry in entries(FileSource(path).read()))


def _lint(texts: Iterable[tuple[str | None, str]], known: Collection[str]) -> list[Finding]:
    found = [(file, entry) for file, text in texts for entry in entries(text)]
    recorded = {entry.text for _, entry in found if entry.key == "record"}
    return [
        attrs.evolve(finding, file=file, line=entry.line)
        for file, entry in found
        if entry.key != "record"
        for finding in lint_expression(entry.text, known)
        if finding.name not in recorded
    ]


def _complaint(name: str, known: Collection[str]) -> str:
    """Return what is wrong with a name; nothing if it exists, or may exist elsewhere."""
    namespace = name[: name.find("_") + 1]
    owners = _owners() | (_OURS if known else {})
    if ":" in name or name in known or namespace not in owners:
        return ""
    entry = _series().get(name)
    if entry is not None:
        return _gone(entry, name.removeprefix(entry.name)) if entry.removed else ""
    if f"{name}_bucket" in _series():
        return f"a histogram has no series of this name, but {name}_bucket, {name}_sum and {name}_count"
    if name in _NOT_OPEN_SOURCE:
        return "open-source Calico has no such metric: it is one of Calico Enterprise and Calico Cloud"
    upto = "" if namespace in _OURS else f", up to Calico {LATEST}"
    nearest = _nearest(name, namespace, known)
    return f"{owners[namespace]} has no such metric{upto}" + (f"; is it {nearest}?" if nearest else "")


def _gone(entry: CatalogueEntry, suffix: str) -> str:
    heirs = [heir + suffix for heir in entry.replaced_by]
    successor = f"; use {' or '.join(heirs)}" if heirs else ""
    return f"gone since Calico {entry.removed}, {entry.last} was the last to have it{successor}"


def _nearest(name: str, namespace: str, known: Collection[str]) -> str | None:
    """Return the name that was probably meant; ``_total`` too much or too little is the commonest mistake."""
    candidates = [one for one, entry in _series().items() if one.startswith(namespace) and not entry.removed]
    candidates += sorted(one for one in known if one.startswith(namespace))
    for variant in (name.removesuffix("_total"), f"{name}_total"):
        if variant in candidates:
            return variant
    return next(iter(difflib.get_close_matches(name, candidates, n=1, cutoff=_ALIKE)), None)


@functools.cache
def _series() -> dict[str, CatalogueEntry]:
    """Return series name → the entry that has it."""
    return {name: entry for entry in catalogue() for name in entry.series}


@functools.cache
def _owners() -> dict[str, str]:
    """Return namespace → whose it is."""
    return {entry.name[: entry.name.index("_") + 1]: _OWNERS[entry.component] for entry in catalogue()}
