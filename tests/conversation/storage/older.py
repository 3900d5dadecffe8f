"""Files as earlier versions of the program left them."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from mlxchat.conversation.storage import indexing
from mlxchat.conversation.storage.migrations import FIRST

INDEXES = "unindexed", "rated", "noted"
"""Those that the second version made anew."""


def make_first_version(file: Path) -> None:
    """Turn a file of this version into one of the first, which found deleted messages too."""
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("UPDATE nodes SET gone = 0")
        unindexed = connection.execute("SELECT id FROM nodes WHERE words IS NULL").fetchall()
        for (node,) in unindexed:
            indexing.index(connection, node)
        for index in INDEXES:
            connection.execute(f"DROP INDEX {index}")
        connection.execute("ALTER TABLE nodes DROP COLUMN gone")
        connection.execute("ALTER TABLE nodes DROP COLUMN vote")
        connection.execute("ALTER TABLE sessions DROP COLUMN overflow")
        for statement in FIRST:
            if any(f"CREATE INDEX {index} " in statement for index in INDEXES):
                connection.execute(statement)
        connection.execute("PRAGMA user_version = 1")
        connection.commit()
