"""Engines and adapters that several files share."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.adapters import build_adapter
from tests.driving import Driver


@pytest.fixture(scope="module")
def real(demo_model: Path) -> Iterator[Driver]:
    """The real model, loaded once for all tests of a file."""
    driver = Driver()
    driver.load(demo_model)
    yield driver
    driver.close()


@pytest.fixture
def driver(tiny_model: Path) -> Iterator[Driver]:
    """An engine with the tiny model, of the test's own."""
    driver = Driver()
    driver.load(tiny_model)
    yield driver
    driver.close()


@pytest.fixture(scope="module")
def pirate(tmp_path_factory: pytest.TempPathFactory, tiny_model: Path) -> Path:
    """A random LoRA adapter for the tiny model."""
    return build_adapter(tmp_path_factory.mktemp("adapters") / "pirate", tiny_model)


@pytest.fixture(scope="module")
def poet(tmp_path_factory: pytest.TempPathFactory, tiny_model: Path) -> Path:
    """A random DoRA adapter for it."""
    return build_adapter(tmp_path_factory.mktemp("adapters") / "poet", tiny_model, "dora", seed=5)
