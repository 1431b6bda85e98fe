"""What a sink is."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any, ClassVar

if TYPE_CHECKING:
    from collections.abc import Iterable

    from calicometrics.exporter import Exporter
    from calicometrics.families import MetricFamily
    from calicometrics.spec import FamilySpec


class Sink(ABC):
    """Takes families where they are wanted.

    Attributes:
        name: The name in ``--sink.NAME``.
        help: One sentence for ``--help`` and ``calicometrics plugins``.
        section: Where its options live; ``sink.NAME`` when None.
        Options: An attrs class; its fields are the flags and the keys of the file.
        declared: The families that it may show of itself.
    """

    name: ClassVar[str]
    help: ClassVar[str]
    section: ClassVar[str | None] = None
    Options: ClassVar[type]
    declared: ClassVar[tuple[FamilySpec, ...]] = ()

    def __init__(self, options: Any) -> None:
        self.options = options

    @abstractmethod
    def start(self, exporter: Exporter) -> None:
        """Begin, and return at once.

        Raises:
            ConfigError: The options do not make sense.
            SourceError: What it needs, such as a port, is not to be had.
        """

    @abstractmethod
    def close(self) -> None:
        """Hand over what is still due and end; harmless when that is done."""

    def families(self) -> Iterable[MetricFamily]:
        """Return the sink's own health, which is shown on the page: families of ``declared``."""
        return ()
