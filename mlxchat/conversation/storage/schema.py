"""What the file of sessions consists of, and the steps that bring an older one up to date.

A message is a row of `nodes`: its place in the tree, which may change. What it says is a row of
`entries`, which never changes once it is finished: an edit in place adds another one and keeps the
earlier one's id in `revisions`; a fork shares the entries of what it was forked from.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable

from mlxchat.errors import MlxchatError

APPLICATION_ID = 0x6D6C7863
"""`mlxc`, in the file's header."""
WORDS_BITS = 32
"""The row id of indexed text is its session's number, then this many bits of a count."""

Migration = Callable[[sqlite3.Connection], None]

FIRST = (
    """
    CREATE TABLE sessions (
        id INTEGER PRIMARY KEY,
        number INTEGER NOT NULL UNIQUE,
        title TEXT NOT NULL,
        named INTEGER NOT NULL DEFAULT 0, -- whether the title is the person's
        created REAL NOT NULL,
        updated REAL NOT NULL,
        messages INTEGER NOT NULL DEFAULT 0,
        model TEXT NOT NULL DEFAULT '',
        adapter TEXT,
        pinned INTEGER NOT NULL DEFAULT 0,
        deleted REAL, -- when
        indexed INTEGER NOT NULL DEFAULT 0 -- how many row ids of `words` were given out
    )
    """,
    # Settings, and what else many replies have in common, as JSON.
    "CREATE TABLE shared (id INTEGER PRIMARY KEY, json TEXT NOT NULL UNIQUE)",
    """
    CREATE TABLE entries (
        id INTEGER PRIMARY KEY,
        kind TEXT NOT NULL,
        text TEXT NOT NULL, -- what the person wrote of it: of a reply, the prefilled start
        settings INTEGER REFERENCES shared (id),
        origin INTEGER REFERENCES shared (id),
        data TEXT NOT NULL -- JSON
    )
    """,
    """
    CREATE TABLE nodes (
        id INTEGER PRIMARY KEY,
        session INTEGER NOT NULL REFERENCES sessions (id),
        parent INTEGER REFERENCES nodes (id),
        place INTEGER NOT NULL, -- among its siblings
        created REAL NOT NULL,
        entry INTEGER REFERENCES entries (id),
        shown INTEGER,
        hidden INTEGER NOT NULL DEFAULT 0,
        system TEXT,
        rating TEXT,
        note TEXT NOT NULL DEFAULT '',
        words INTEGER, -- row id of its indexed text
        characters INTEGER -- how much of it is indexed
    )
    """,
    "CREATE INDEX nodes_of_session ON nodes (session, words)",
    "CREATE INDEX unindexed ON nodes (session) WHERE words IS NULL AND entry IS NOT NULL",
    "CREATE INDEX rated ON nodes (session, rating) WHERE rating IS NOT NULL",
    "CREATE INDEX noted ON nodes (session) WHERE note <> ''",
    """
    CREATE TABLE revisions (
        node INTEGER NOT NULL REFERENCES nodes (id),
        entry INTEGER NOT NULL REFERENCES entries (id), -- what it said
        until REAL NOT NULL,
        PRIMARY KEY (node, until, entry)
    ) WITHOUT ROWID
    """,
    # The tokens of a reply in the pieces in which they were saved: what they spell ...
    """
    CREATE TABLE pieces (
        entry INTEGER NOT NULL REFERENCES entries (id),
        first INTEGER NOT NULL,
        count INTEGER NOT NULL,
        text TEXT NOT NULL,
        PRIMARY KEY (entry, first)
    ) WITHOUT ROWID
    """,
    # ... and, apart, what only a look at them needs.
    """
    CREATE TABLE records (
        entry INTEGER NOT NULL REFERENCES entries (id),
        first INTEGER NOT NULL,
        packed BLOB NOT NULL,
        PRIMARY KEY (entry, first)
    )
    """,
    """
    CREATE TABLE runs (
        entry INTEGER NOT NULL REFERENCES entries (id),
        first INTEGER NOT NULL,
        settings INTEGER NOT NULL REFERENCES shared (id),
        PRIMARY KEY (entry, first)
    ) WITHOUT ROWID
    """,
    # Of messages only the index is kept, and their text not twice. The first letter has an index
    # of its own: it begins so many words that their rows would be joined for too long.
    """
    CREATE VIRTUAL TABLE words USING fts5 (
        text, content='', prefix='1', tokenize='unicode61 remove_diacritics 2'
    )
    """,
    "CREATE VIRTUAL TABLE titles USING fts5 (text, tokenize='unicode61 remove_diacritics 2')",
)


def _first(connection: sqlite3.Connection) -> None:
    for statement in FIRST:
        connection.execute(statement)


MIGRATIONS: tuple[Migration, ...] = (_first,)
"""Each brings a file from the version that is its place here to the next one. New ones go to the
end; one that was shipped never changes."""


def check(connection: sqlite3.Connection, name: str) -> None:
    """Raises an MlxchatError where the file, called `name`, is none that this program can use.
    Changes nothing."""
    application, version = _pragma(connection, "application_id"), version_of(connection)
    if application == APPLICATION_ID:
        if version > len(MIGRATIONS):
            raise MlxchatError(
                f"{name} was written by a newer mlxchat and stays as it is: update mlxchat to open "
                "and save sessions."
            )
    elif application or version or not _empty(connection):
        raise MlxchatError(
            f"{name} is another program's file and stays as it is: move it away to save sessions."
        )


def migrate(connection: sqlite3.Connection) -> None:
    """Bring a file up to date, each step in a transaction of its own. Raises sqlite3.Error; what
    was there stays then."""
    while version_of(connection) < len(MIGRATIONS):
        connection.execute("BEGIN IMMEDIATE")
        try:
            _step(connection)
            connection.execute("COMMIT")
        except BaseException:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise


def _step(connection: sqlite3.Connection) -> None:
    version = version_of(connection)  # another program may have been faster
    if version < len(MIGRATIONS):
        MIGRATIONS[version](connection)
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        connection.execute(f"PRAGMA user_version = {version + 1}")


def version_of(connection: sqlite3.Connection) -> int:
    """How many steps a file has behind it."""
    return _pragma(connection, "user_version")


def _pragma(connection: sqlite3.Connection, name: str) -> int:
    return int(connection.execute(f"PRAGMA {name}").fetchone()[0])


def _empty(connection: sqlite3.Connection) -> bool:
    return connection.execute("SELECT 1 FROM sqlite_master LIMIT 1").fetchone() is None
