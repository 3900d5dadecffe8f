"""A file of sessions of each test's own."""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from mlxchat.conversation.storage import connections
from mlxchat.conversation.storage.keeper import Keeper
from mlxchat.conversation.storage.store import SessionStore

PATIENCE = 30.0


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Where the sessions are."""
    return tmp_path / "sessions.sqlite3"


@pytest.fixture
def store(file: Path) -> Iterator[SessionStore]:
    """An empty store."""
    made = SessionStore(file)
    assert made.problem is None
    yield made
    made.close()


def until_saved(keeper: Keeper) -> list[str]:
    """Tick until nothing waits; what the person was told."""
    told, deadline = [], time.monotonic() + PATIENCE
    while True:
        news = keeper.tick()
        told += [news] if news else []
        if keeper.saved:
            return told
        assert time.monotonic() < deadline
        time.sleep(0.002)


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that others can come to."""
    folder = Path(tempfile.mkdtemp())
    folder.chmod(0o755)
    yield folder
    folder.chmod(0o755)
    shutil.rmtree(folder)


@pytest.fixture
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """What failed is tried again soon, and nobody is waited for long."""
    monkeypatch.setattr("mlxchat.conversation.storage.keeper.RETRY_SECONDS", 0.05)
    monkeypatch.setattr(connections, "BUSY_SECONDS", 0.05)
