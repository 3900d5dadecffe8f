"""Fixtures for tests of the REPL."""

from __future__ import annotations

import pytest

from mlxchat.engine.catalog import CatalogEntry
from mlxchat.repl import host_models


@pytest.fixture
def two_models(monkeypatch: pytest.MonkeyPatch) -> None:
    """A catalogue of two models."""
    entries = [
        CatalogEntry("/models/one", "one", "1.8 GB · 4 bit · llama", "recent", True),
        CatalogEntry("demo", "SmolLM2", "93 MB", "demo", False),
    ]
    monkeypatch.setattr(host_models, "find_models", lambda: entries)
