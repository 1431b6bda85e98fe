"""Collector ``felix_summaries``: Felix's summaries, and the two gauges that tell whose they are and how it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from calicometrics.collectors.base import Collector

if TYPE_CHECKING:
    from collections.abc import Iterator

    from calicometrics.families import MetricFamily
    from calicometrics.snapshot import Snapshot

PAGE = "felix"
ALWAYS = frozenset({"felix_host", "felix_resync_state"})


class FelixSummariesCollector(Collector):
    """Felix's summaries as Felix prints them: names, quantiles, NaN of an idle node and all."""

    name = "felix_summaries"
    help = "Felix's summaries, its host name and its resync state, as Felix prints them"
    enabled_by_default = True

    def collect(self, snapshot: Snapshot) -> Iterator[MetricFamily]:
        """Yield the families of Felix's page that are summaries of Felix's own; none when no page is given."""
        if PAGE not in snapshot.pages:
            return
        for family in snapshot.page(PAGE).families:
            if family.name in ALWAYS or (family.type == "summary" and family.name.startswith("felix_")):
                yield family
