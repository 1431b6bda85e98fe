"""What all tests share: where the recordings are."""

from __future__ import annotations

import pathlib

import pytest

DATA = pathlib.Path(__file__).parent / "data"


@pytest.fixture(scope="session")
def data() -> pathlib.Path:
    """The directory with recorded replies and pages."""
    return DATA
