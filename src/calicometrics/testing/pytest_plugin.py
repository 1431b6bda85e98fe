"""The doubles as pytest fixtures; pytest finds this module by its entry point."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from calicometrics.families import MetricFamily
    from calicometrics.snapshot import Snapshot
    from calicometrics.testing.bird import FakeBird
    from calicometrics.testing.endpoint import FakeEndpoint


@pytest.fixture
def fake_bird() -> Iterator[Callable[..., FakeBird]]:
    """Return what makes a control socket that answers from texts, or from a directory of recordings."""
    import os

    from calicometrics.testing.bird import FakeBird

    with contextlib.ExitStack() as stack:

        def make(replies: Any, **options: Any) -> FakeBird:
            if isinstance(replies, str | os.PathLike):
                return stack.enter_context(FakeBird.from_directory(replies, **options))
            return stack.enter_context(FakeBird(replies, **options))

        yield make


@pytest.fixture
def fake_endpoint() -> Iterator[Callable[..., FakeEndpoint]]:
    """Return what makes an HTTP server with nothing but a page of metrics."""
    from calicometrics.testing.endpoint import FakeEndpoint

    with contextlib.ExitStack() as stack:
        yield lambda page, **options: stack.enter_context(FakeEndpoint(page, **options))


@pytest.fixture
def snapshot_of() -> Callable[..., Snapshot]:
    """Return :func:`calicometrics.testing.snapshot_of`."""
    from calicometrics.testing.snapshots import snapshot_of

    return snapshot_of


@pytest.fixture
def check_collector() -> Callable[..., list[MetricFamily]]:
    """Return :func:`calicometrics.testing.check_collector`."""
    from calicometrics.testing.checks import check_collector

    return check_collector
