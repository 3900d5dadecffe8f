"""What the file of sessions consists of, as the steps that bring an older one up to date.

A message is a row of `nodes`: its place in the tree, which may change. What it says is a row of
`entries`, which never changes once it is finished: an edit in place adds another one and keeps the
earlier one's id in `revisions`; a fork shares the entries of what it was forked from.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable

from mlxchat.conversation.storage import sight

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

SECOND = (
    # What is done where the conversation does not fit into the model.
    "ALTER TABLE sessions ADD COLUMN overflow TEXT NOT NULL DEFAULT 'ask'",
    # Whether it was taken away, or what it follows was: nobody looks for it then.
    "ALTER TABLE nodes ADD COLUMN gone INTEGER NOT NULL DEFAULT 0",
    "DROP INDEX unindexed",
    "DROP INDEX rated",
    "DROP INDEX noted",
    """
    CREATE INDEX unindexed ON nodes (session)
    WHERE words IS NULL AND entry IS NOT NULL AND gone = 0
    """,
    "CREATE INDEX rated ON nodes (session, rating, gone) WHERE rating IS NOT NULL",
    "CREATE INDEX noted ON nodes (session, gone) WHERE note <> ''",
)

# What the person said of a reply beside those of other models, as JSON.
THIRD = ("ALTER TABLE nodes ADD COLUMN vote TEXT",)


def _first(connection: sqlite3.Connection) -> None:
    for statement in FIRST:
        connection.execute(statement)


def _second(connection: sqlite3.Connection) -> None:
    for statement in SECOND:
        connection.execute(statement)
    for (session,) in connection.execute("SELECT DISTINCT session FROM nodes WHERE hidden"):
        sight.update(connection, session)


def _third(connection: sqlite3.Connection) -> None:
    for statement in THIRD:
        connection.execute(statement)


MIGRATIONS: tuple[Migration, ...] = (_first, _second, _third)
"""Each brings a file from the version that is its place here to the next one. New ones go to the
end; one that was shipped never changes."""
