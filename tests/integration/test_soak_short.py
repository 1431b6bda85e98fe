"""The soak of tests/soak in short: what grows at once, breaks or runs backwards shows in seconds."""

from __future__ import annotations

import pathlib

import pytest

from tests.soak.harness import CLIENTS, Soak

pytestmark = pytest.mark.integration

SECONDS = 15


def test_nothing_grows_breaks_or_runs_backwards_while_peers_felix_and_clients_come_and_go(
    tmp_path: pathlib.Path,
) -> None:
    results = Soak(tmp_path, SECONDS).run()
    assert not results.problems
    assert results.pages >= 5 * CLIENTS
    assert results.counters > 0
    assert min(results.felix_faults, results.reloads, results.restarts, results.agents) > 0
    assert results.early is not None
    assert results.late is not None
    # Ten clients and an agent hold connections at any moment, and a reload has two exporters for a moment.
    assert results.late.descriptors <= results.early.descriptors + CLIENTS + 8
    assert results.late.threads <= results.early.threads + CLIENTS
    assert results.late.rss_mb <= results.early.rss_mb + 20
