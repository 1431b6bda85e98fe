"""What a collector is."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any, ClassVar

import attrs

if TYPE_CHECKING:
    from collections.abc import Iterable

    from calicometrics.families import MetricFamily
    from calicometrics.snapshot import Snapshot
    from calicometrics.spec import FamilySpec


@attrs.frozen
class NoOptions:
    """The options of a collector that has none."""


class Collector(ABC):
    """Models in, metric families out.

    A collector is made once and asked every round, from a thread of its own. It reads through the snapshot alone, so
    that a daemon is asked once however many collectors want its reply. What it raises costs its own families of that
    round, nothing else.

    Attributes:
        name: The name in ``--collector.NAME``.
        help: One sentence for ``--help`` and ``calicometrics plugins``.
        enabled_by_default: Whether it runs when nobody says otherwise.
        families: What it can export; empty only for collectors that pass pages of others through.
        Options: An attrs class; its fields are the flags ``--collector.NAME.FIELD`` and the keys of the file.
    """

    name: ClassVar[str]
    help: ClassVar[str]
    enabled_by_default: ClassVar[bool] = False
    families: ClassVar[tuple[FamilySpec, ...]] = ()
    Options: ClassVar[type] = NoOptions

    def __init__(self, options: Any = None) -> None:
        self.options: Any = self.Options() if options is None else options

    @abstractmethod
    def collect(self, snapshot: Snapshot) -> Iterable[MetricFamily]:
        """Return or yield the families of one round."""
