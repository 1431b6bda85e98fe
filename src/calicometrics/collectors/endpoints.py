"""Collector ``endpoints``: further pages in the text format, such as Typha's and kube-controllers'."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from calicometrics.collectors.base import Collector
from calicometrics.collectors.felix_summaries import PAGE
from calicometrics.collectors.page_filter import PageOptions
from calicometrics.errors import CalicometricsError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from calicometrics.families import MetricFamily
    from calicometrics.snapshot import Snapshot


class EndpointsCollector(Collector):
    """The pages that ``--endpoint`` names, as they are printed."""

    name = "endpoints"
    help = "the pages that --endpoint names, as they are printed"
    Options: ClassVar = PageOptions

    def collect(self, snapshot: Snapshot) -> Iterator[MetricFamily]:
        """Yield the families of every page but Felix's; a page that cannot be read is noted."""
        for name in snapshot.pages:
            if name == PAGE:
                continue
            try:
                families = snapshot.page(name).families
            except CalicometricsError as error:
                snapshot.failures.append(error)
            else:
                yield from self.options.select(families)
