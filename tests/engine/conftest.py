"""An engine that several tests share."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.driving import Driver


@pytest.fixture(scope="module")
def real(demo_model: Path) -> Iterator[Driver]:
    """The real model, loaded once for all tests of a file."""
    driver = Driver()
    driver.load(demo_model)
    yield driver
    driver.close()
