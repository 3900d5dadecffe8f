"""What can stand in the way of saving, and children that meet it."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from mlxchat.conversation.storage import schema
from mlxchat.conversation.storage.store import SessionStore
from tests.trees import tree

ROOT = Path(__file__).parents[3]


def newer(file: Path) -> None:
    SessionStore(file).close()
    with closing(sqlite3.connect(file)) as connection:
        connection.execute(f"PRAGMA user_version = {len(schema.MIGRATIONS) + 1}")


def truncated(file: Path) -> None:
    store = SessionStore(file)
    for seed in range(5):
        store.add(tree(seed))
    store.close()
    os.truncate(file, file.stat().st_size // 2)


def garbage(file: Path) -> None:
    file.write_bytes(b"no database at all " * 1000)


def foreign(file: Path) -> None:
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("CREATE TABLE theirs (x)")


def folder_in_place(file: Path) -> None:
    file.mkdir()


def pipe(file: Path) -> None:
    os.mkfifo(file)


@contextmanager
def nobody() -> Iterator[None]:
    """Not root, whom no permission stops."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


def run_child(code: str, file: Path, *before: str) -> subprocess.CompletedProcess[str]:
    """Run this with the file as its argument; `before` is what runs it."""
    ended = subprocess.run(
        [*before, sys.executable, "-c", code, str(file)],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return ended
