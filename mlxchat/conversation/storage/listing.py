"""Lists sessions, and finds those in which something was said."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from mlxchat.conversation.storage.columns import from_column
from mlxchat.conversation.storage.indexing import WORDS_BITS, text_of
from mlxchat.conversation.storage.search_text import excerpt, match_of
from mlxchat.conversation.storage.sessions import SessionRow, Wanted

COLUMNS = (
    "id, number, title, created, updated, messages, model, adapter, pinned, deleted IS NOT NULL"
)
ORDER = "ORDER BY pinned DESC, updated DESC, id DESC"


def page_of(
    connection: sqlite3.Connection, wanted: Wanted, limit: int, offset: int
) -> list[SessionRow]:
    """Some of the sessions that are wanted: pinned ones first, then those of the last changes."""
    match = match_of(wanted.text)
    if wanted.text.strip() and not match:  # nothing that could be found
        return []
    where, values = _conditions(wanted, match)
    rows = connection.execute(
        f"SELECT {COLUMNS} FROM sessions WHERE {where} {ORDER} LIMIT ? OFFSET ?",
        (*values, limit, offset),
    ).fetchall()
    found = [row_of(row) for row in rows]
    return _with_excerpts(connection, found, wanted.text, match) if match else found


def row_of(columns: tuple[Any, ...]) -> SessionRow:
    """A session out of its `COLUMNS`."""
    session, number, title, created, updated, messages, model, adapter, pinned, deleted = columns
    return SessionRow(
        session, number, from_column(title), created, updated, messages, from_column(model),
        from_column(adapter), bool(pinned), bool(deleted),
    )  # fmt: skip


def one_row(connection: sqlite3.Connection, session: int) -> SessionRow | None:
    """A session in the list; None where there is none of this id."""
    row = connection.execute(f"SELECT {COLUMNS} FROM sessions WHERE id = ?", (session,)).fetchone()
    return row_of(row) if row else None


def _conditions(wanted: Wanted, match: str) -> tuple[str, list[Any]]:
    """What must hold, as SQL, and the values in it."""
    conditions = ["deleted IS NOT NULL" if wanted.deleted else "deleted IS NULL"]
    values: list[Any] = []
    if wanted.rating is not None:
        conditions.append(
            "id IN (SELECT session FROM nodes WHERE rating IS NOT NULL AND rating = ? AND gone = 0)"
        )
        values.append(wanted.rating)
    if wanted.noted:
        conditions.append("id IN (SELECT session FROM nodes WHERE note <> '' AND gone = 0)")
    if match:
        conditions.append(
            f"(number IN (SELECT DISTINCT rowid >> {WORDS_BITS} FROM words WHERE words MATCH ?)"
            " OR number IN (SELECT rowid FROM titles WHERE titles MATCH ?))"
        )
        values += [match, match]
    return " AND ".join(conditions), values


def _with_excerpts(
    connection: sqlite3.Connection, rows: list[SessionRow], query: str, match: str
) -> list[SessionRow]:
    places = _newest(connection, match, [row.number for row in rows])
    return [
        replace(row, excerpt=_excerpt(connection, row, places[row.number], query))
        if row.number in places
        else row
        for row in rows
    ]


def _newest(connection: sqlite3.Connection, match: str, numbers: Iterable[int]) -> dict[int, int]:
    """The row id of the newest message that matches, of each of these sessions. One run over the
    index for all: its start is what costs, where many words have the same beginning."""
    listed = ",".join(map(str, numbers))
    found = connection.execute(
        f"SELECT rowid FROM words WHERE words MATCH ? AND rowid >> {WORDS_BITS} IN ({listed})"
        " ORDER BY rowid",
        (match,),
    )
    return {row_id >> WORDS_BITS: row_id for (row_id,) in found}


def _excerpt(connection: sqlite3.Connection, row: SessionRow, words: int, query: str) -> str:
    entry = connection.execute(
        "SELECT entry FROM nodes WHERE session = ? AND words = ?", (row.id, words)
    ).fetchone()
    return excerpt(text_of(connection, entry[0]), query) if entry else ""
