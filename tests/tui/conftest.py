"""Fixtures for tests of the app."""

from __future__ import annotations

import pytest

from mlxchat.engine.catalog import CatalogEntry
from mlxchat.tui.screens import model_picker


@pytest.fixture
def two_models(monkeypatch: pytest.MonkeyPatch) -> None:
    """A catalogue of two models."""
    entries = [
        CatalogEntry("/models/one", "one", "1.8 GB · 4 bit · llama", "recent", True),
        CatalogEntry("demo", "SmolLM2", "93 MB", "demo", False),
    ]
    monkeypatch.setattr(model_picker, "find_models", lambda: entries)
