"""Keeps the index of words in step with what messages and titles say.

The index holds no text, so that taking a message out of it needs the very text that was put in: how
much of it that was is noted beside the message.
"""

from __future__ import annotations

import sqlite3

from mlxchat.conversation.storage.columns import from_column
from mlxchat.conversation.storage.search_text import spaced

WORDS_BITS = 32
"""The row id of indexed text is its session's number, then this many bits of a count."""


def index(connection: sqlite3.Connection, node_id: int) -> None:
    """Let a message be found by what it says now; not one that was taken away."""
    row = connection.execute(
        "SELECT session, entry, words, characters FROM nodes"
        " WHERE id = ? AND entry IS NOT NULL AND gone = 0",
        (node_id,),
    ).fetchone()
    if row is None:
        return
    session, entry, words, characters = row
    text = text_of(connection, entry)
    if words is not None:
        if characters == len(text):
            return
        _take_out(connection, words, text[:characters])
    else:
        words = _new_row_id(connection, session)
    connection.execute("INSERT INTO words (rowid, text) VALUES (?, ?)", (words, spaced(text)))
    connection.execute(
        "UPDATE nodes SET words = ?, characters = ? WHERE id = ?", (words, len(text), node_id)
    )


def forget(connection: sqlite3.Connection, node_id: int) -> None:
    """Let a message be found by nothing: it was taken away, or is to say something else."""
    row = connection.execute(
        "SELECT entry, words, characters FROM nodes WHERE id = ?", (node_id,)
    ).fetchone()
    if row is None or row[1] is None:  # nothing of it was put in
        return
    entry, words, characters = row
    _take_out(connection, words, text_of(connection, entry)[:characters])
    connection.execute("UPDATE nodes SET words = NULL, characters = NULL WHERE id = ?", (node_id,))


def index_cut(connection: sqlite3.Connection, before: float) -> None:
    """Let replies be found whose writing was cut by a kill: those of sessions in which nothing was
    saved since `before`, in seconds since 1970."""
    rows = connection.execute(
        "SELECT nodes.id FROM nodes JOIN sessions ON sessions.id = nodes.session"
        " WHERE words IS NULL AND entry IS NOT NULL AND gone = 0 AND sessions.updated < ?",
        (before,),
    ).fetchall()
    for (node_id,) in rows:
        index(connection, node_id)


def index_title(connection: sqlite3.Connection, session: int, title: str) -> None:
    """Let a session be found by its title."""
    number = _number(connection, session)
    connection.execute("DELETE FROM titles WHERE rowid = ?", (number,))
    connection.execute("INSERT INTO titles (rowid, text) VALUES (?, ?)", (number, spaced(title)))


def text_of(connection: sqlite3.Connection, entry: int) -> str:
    """All that an entry says."""
    start = connection.execute("SELECT text FROM entries WHERE id = ?", (entry,)).fetchone()
    pieces = connection.execute(
        "SELECT text FROM pieces WHERE entry = ? ORDER BY first", (entry,)
    ).fetchall()
    return "".join(from_column(row[0]) for row in (start, *pieces) if row)


def _take_out(connection: sqlite3.Connection, words: int, text: str) -> None:
    connection.execute(
        "INSERT INTO words (words, rowid, text) VALUES ('delete', ?, ?)", (words, spaced(text))
    )


def _new_row_id(connection: sqlite3.Connection, session: int) -> int:
    connection.execute("UPDATE sessions SET indexed = indexed + 1 WHERE id = ?", (session,))
    place = connection.execute("SELECT indexed FROM sessions WHERE id = ?", (session,)).fetchone()
    return _number(connection, session) << WORDS_BITS | int(place[0])


def _number(connection: sqlite3.Connection, session: int) -> int:
    found = connection.execute("SELECT number FROM sessions WHERE id = ?", (session,)).fetchone()
    return int(found[0])
