"""Chats and migrations that are killed at a random moment leave a clean file, with all in it that
was finished. `tests/benchmarks/bench_kill.py` does it 200 times."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from mlxchat.conversation.storage.store import SessionStore
from tests.conversation.storage.kills import (
    CHILD,
    ROOT,
    Outcome,
    kill_chat,
    kill_migration,
)
from tests.conversation.storage.older import make_first_version
from tests.trees import tree

SEVERAL_SAVINGS = 10.0
"""Seconds. A tenth of it is promised, and measured by the benchmark."""


@pytest.mark.slow
def test_kills_while_it_streams_edits_and_deletes(file: Path):
    outcome = Outcome()
    for seed in range(24):
        kill_chat(file, seed, outcome)
    assert not outcome.unclean
    assert not outcome.lost
    assert outcome.finished > 100
    assert outcome.kills["streaming"] > 5
    assert max(outcome.missing_seconds) < SEVERAL_SAVINGS


@pytest.mark.slow
def test_kills_while_it_migrates(tmp_path: Path, file: Path):
    store = SessionStore(file)
    for seed in range(8):
        store.add(tree(seed))
    store.close()
    make_first_version(file)
    outcome = Outcome()
    for seed in range(12):
        kill_migration(file, tmp_path, seed, outcome)
    assert not outcome.unclean
    assert outcome.kills["migrating"] > 2


def test_a_chat_starts_without_anything_heavy():
    code = (
        f"import sys; sys.path.insert(0, {str(CHILD.parent)!r}); import kill_child;"
        "print(*(m for m in ('textual', 'mlx', 'mlx_lm', 'numpy', 'pygments') if m in sys.modules))"
    )
    ended = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert ended.stdout.strip() == ""
