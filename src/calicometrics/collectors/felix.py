"""Collector ``felix``: Felix's whole page, as Felix prints it."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from calicometrics.collectors.base import Collector
from calicometrics.collectors.felix_summaries import PAGE
from calicometrics.collectors.page_filter import PageOptions

if TYPE_CHECKING:
    from collections.abc import Iterator

    from calicometrics.families import MetricFamily
    from calicometrics.snapshot import Snapshot


class FelixCollector(Collector):
    """Felix's page, filtered by names."""

    name = "felix"
    help = "Felix's whole page, as Felix prints it"
    Options: ClassVar = PageOptions

    def collect(self, snapshot: Snapshot) -> Iterator[MetricFamily]:
        """Yield the families of Felix's page that are wanted; none when no page is given."""
        if PAGE in snapshot.pages:
            yield from self.options.select(snapshot.page(PAGE).families)
