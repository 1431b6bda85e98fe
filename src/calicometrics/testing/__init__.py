"""What the author of a plugin tests with, and calicometrics itself: doubles of the daemons, and checks.

The names resolve when they are first used; as pytest fixtures they come by themselves (see ``docs/plugins.md``).
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from calicometrics.testing.bird import FakeBird as FakeBird
    from calicometrics.testing.checks import check_collector as check_collector
    from calicometrics.testing.endpoint import FakeEndpoint as FakeEndpoint
    from calicometrics.testing.snapshots import snapshot_of as snapshot_of

_HOMES = {
    "FakeBird": "bird",
    "FakeEndpoint": "endpoint",
    "check_collector": "checks",
    "snapshot_of": "snapshots",
}

__all__ = [*_HOMES]  # noqa: PLE0604 - names, all of them


def __getattr__(name: str) -> object:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{home}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
