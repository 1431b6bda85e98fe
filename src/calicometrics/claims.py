"""Each family has one owner: who declares it, or else who makes it first in a round."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs

from calicometrics.errors import PluginError
from calicometrics.own_families import OWN_FAMILIES

if TYPE_CHECKING:
    from collections.abc import Iterable

    from calicometrics.collectors.base import Collector
    from calicometrics.families import MetricFamily
    from calicometrics.rounds import CollectorResult


def check_claims(collectors: Iterable[Collector]) -> None:
    """Refuse collectors that would print one family twice.

    Raises:
        PluginError: Two have one name, or declare one family.
    """
    names: set[str] = set()
    owners: dict[str, str] = {spec.name: "calicometrics itself" for spec in OWN_FAMILIES}
    for collector in collectors:
        if collector.name in names:
            raise PluginError(f"two collectors are called {collector.name}")
        names.add(collector.name)
        for spec in collector.families:
            owner = owners.setdefault(spec.name, collector.name)
            if owner != collector.name:
                raise PluginError(f"the family {spec.name} is claimed by {owner} and by {collector.name}")


def without_clashes(
    results: Iterable[CollectorResult],
) -> tuple[list[CollectorResult], list[MetricFamily]]:
    """Return the results and all families; of two families with one name, the collector that came first keeps it."""
    owners: dict[str, tuple[str, MetricFamily | None]] = {
        spec.name: ("calicometrics itself", None) for spec in OWN_FAMILIES
    }
    checked: list[CollectorResult] = []
    kept: list[MetricFamily] = []
    for result in results:
        errors = []
        for family in result.families:
            owner, present = owners.setdefault(family.name, (result.name, family))
            if present is not family:
                errors.append(f"the family {family.name} belongs to {owner} and is left out")
            elif owner == result.name:
                kept.append(family)  # else two collectors pass the same page through
        if errors:
            result = attrs.evolve(result, success=False, errors=(*result.errors, *errors))  # noqa: PLW2901 - the same, corrected
        checked.append(result)
    return checked, kept
