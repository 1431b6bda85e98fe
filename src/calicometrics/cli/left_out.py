"""Stands for a collector of a plugin's that cannot be used: its failure is on the page, not only in the log."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, NoReturn

from calicometrics.collectors.base import Collector
from calicometrics.errors import PluginError

if TYPE_CHECKING:
    from calicometrics.snapshot import Snapshot


class LeftOutCollector(Collector):
    """Fails in every round.

    Args:
        name: The name of the collector that it stands for.
        reason: Why that cannot be used.
    """

    help: ClassVar[str] = "a collector that cannot be used"

    def __init__(self, name: str, reason: str) -> None:
        super().__init__()
        self.name = name  # type: ignore[misc]  # one class stands for many
        self._reason = reason

    def collect(self, snapshot: Snapshot) -> NoReturn:  # noqa: ARG002 - it reads nothing
        """Raise the reason."""
        raise PluginError(f"it is left out: {self._reason}")
