"""Files as earlier versions of the program left them."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from mlxchat.conversation.storage import indexing


def make_first_version(file: Path) -> None:
    """Turn a file of the second version into one of the first, which found deleted messages too."""
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("UPDATE nodes SET gone = 0")
        unindexed = connection.execute("SELECT id FROM nodes WHERE words IS NULL").fetchall()
        for (node,) in unindexed:
            indexing.index(connection, node)
        connection.execute("DROP INDEX unindexed")
        connection.execute("ALTER TABLE nodes DROP COLUMN gone")
        connection.execute("ALTER TABLE sessions DROP COLUMN overflow")
        connection.execute(
            "CREATE INDEX unindexed ON nodes (session) WHERE words IS NULL AND entry IS NOT NULL"
        )
        connection.execute("PRAGMA user_version = 1")
        connection.commit()
