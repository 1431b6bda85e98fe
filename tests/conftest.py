"""What all tests share: where the recordings are."""

from __future__ import annotations

import os
import pathlib
from collections.abc import Iterator

import pytest

DATA = pathlib.Path(__file__).parent / "data"


@pytest.fixture(scope="session")
def data() -> pathlib.Path:
    """The directory with recorded replies and pages."""
    return DATA


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    """In CI a test that lacks a program or a right fails: CI has to install what the tests need."""
    report = yield
    if os.environ.get("CI") and report.skipped and isinstance(report.longrepr, tuple):
        reason = report.longrepr[2].removeprefix("Skipped: ")
        if reason.startswith("needs "):
            report.outcome = "failed"
            report.longrepr = f"{item.nodeid}: CI must not skip this test: it {reason}"
    return report
