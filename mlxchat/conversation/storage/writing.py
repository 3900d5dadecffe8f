"""Puts what is new of a conversation into the file. Everything here runs within a transaction, and
can be run again with the same rows."""

from __future__ import annotations

import sqlite3
import time
from typing import Any

from mlxchat.conversation.storage import indexing, sight
from mlxchat.conversation.storage.columns import to_column
from mlxchat.conversation.storage.entry_json import settings_json
from mlxchat.conversation.storage.rows import Batch, EntryRow, NodeRow, Piece
from mlxchat.conversation.storage.token_blob import pack
from mlxchat.conversation.storage.writer import Refused


class UnknownSession(Refused):
    """The session is not in the file (any more): it has to be saved as a whole."""


class SessionDeleted(Refused):
    """Somebody took the session away: what is said now belongs to another one."""


class IdsTaken(Refused):
    """Messages of another session have these ids: they need new ones."""


def write(connection: sqlite3.Connection, batch: Batch) -> int:
    """Save a batch; the session's number. Raises sqlite3.Error, UnknownSession,
    SessionDeleted, IdsTaken."""
    number = _session(connection, batch)
    for row in batch.entries:
        _entry(connection, row)
    for piece in batch.pieces:
        _piece(connection, piece)
    for node in batch.nodes:
        _node(connection, batch.session, node)
    for node_id, changes in batch.changes:
        _change(connection, node_id, changes)
    if batch.nodes or any("hidden" in changes for _, changes in batch.changes):
        connection.execute(
            "UPDATE sessions SET messages = ? WHERE id = ?",
            (sight.update(connection, batch.session), batch.session),
        )
    for node_id in _to_index(batch):
        indexing.index(connection, node_id)
    _sum_up(connection, batch)
    return number


def _to_index(batch: Batch) -> list[int]:
    """The messages of which the text is new and finished."""
    being_written = {row.id for row in batch.entries if not row.finished}
    new = [row.id for row in batch.nodes if row.state.entry not in (None, *being_written)]
    replaced = [node for node, changes in batch.changes if "entry" in changes]
    written = [row.node for row in batch.entries if row.finished]
    return list(dict.fromkeys(new + replaced + written))


def _session(connection: sqlite3.Connection, batch: Batch) -> int:
    if batch.begins:
        connection.execute(
            "INSERT INTO sessions (id, number, title, created, updated)"
            " VALUES (?, (SELECT coalesce(max(number), 0) + 1 FROM sessions), '', ?, ?)"
            " ON CONFLICT (id) DO NOTHING",
            (batch.session, batch.created, batch.created),
        )
    row = connection.execute(
        "SELECT number, deleted FROM sessions WHERE id = ?", (batch.session,)
    ).fetchone()
    if row is None:
        raise UnknownSession
    if row[1] is not None and batch.says_more:
        raise SessionDeleted
    if batch.title is not None:
        set_title(connection, batch.session, batch.title, named=batch.named)
    if batch.overflow is not None:
        connection.execute(
            "UPDATE sessions SET overflow = ? WHERE id = ?", (batch.overflow, batch.session)
        )
    return int(row[0])


def set_title(connection: sqlite3.Connection, session: int, title: str, *, named: bool) -> None:
    """Call a session so. A title that is not the person's gives way to one that is."""
    changed = connection.execute(
        "UPDATE sessions SET title = ?, named = ? WHERE id = ? AND named <= ?",
        (to_column(title), named, session, named),
    )
    if changed.rowcount:
        indexing.index_title(connection, session, title)


def _entry(connection: sqlite3.Connection, row: EntryRow) -> None:
    connection.execute(
        "INSERT INTO entries (id, kind, text, settings, origin, data) VALUES (?, ?, ?, ?, ?, ?)"
        " ON CONFLICT (id) DO UPDATE SET text = excluded.text, settings = excluded.settings,"
        " origin = excluded.origin, data = excluded.data",
        (
            row.id, row.kind, to_column(row.text), _shared(connection, row.settings),
            _shared(connection, row.origin), row.own,
        ),
    )  # fmt: skip


def _shared(connection: sqlite3.Connection, json: str | None) -> int | None:
    """The id of a text that others may have too."""
    if json is None:
        return None
    connection.execute("INSERT INTO shared (json) VALUES (?) ON CONFLICT DO NOTHING", (json,))
    found = connection.execute("SELECT id FROM shared WHERE json = ?", (json,)).fetchone()
    return int(found[0])


def _piece(connection: sqlite3.Connection, piece: Piece) -> None:
    place = piece.entry, piece.first
    connection.execute(
        "INSERT OR IGNORE INTO pieces (entry, first, count, text) VALUES (?, ?, ?, ?)",
        (*place, len(piece.records), to_column(piece.text)),
    )
    packed = _packed(piece)
    if packed is not None:
        connection.execute(
            "INSERT OR IGNORE INTO records (entry, first, packed) VALUES (?, ?, ?)",
            (*place, packed),
        )
    connection.executemany(
        "INSERT OR IGNORE INTO runs (entry, first, settings) VALUES (?, ?, ?)",
        [
            (piece.entry, run.first, _shared(connection, settings_json(run.settings)))
            for run in piece.runs
        ],
    )


def _packed(piece: Piece) -> bytes | None:
    """The records as bytes; None where there are none, or a number in them is larger than any
    model's: such a one would hold up all that is saved after it, and the text is saved anyhow."""
    if not piece.records:
        return None
    try:
        return pack(piece.records)
    except OverflowError:
        return None


def _node(connection: sqlite3.Connection, session: int, row: NodeRow) -> None:
    values = (
        row.id, session, row.parent, row.place, row.created, *map(_bound, row.state),
    )  # fmt: skip
    put = connection.execute(
        "INSERT INTO nodes (id, session, parent, place, created,"
        " entry, shown, hidden, system, rating, note, vote)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
        " ON CONFLICT (id) DO UPDATE SET entry = excluded.entry, shown = excluded.shown,"
        " hidden = excluded.hidden, system = excluded.system, rating = excluded.rating,"
        " note = excluded.note, vote = excluded.vote WHERE session = excluded.session",
        values,
    )
    if put.rowcount == 0:
        raise IdsTaken


def _change(connection: sqlite3.Connection, node_id: int, changes: dict[str, Any]) -> None:
    if "entry" in changes:
        indexing.forget(connection, node_id)
        connection.execute(
            "INSERT OR IGNORE INTO revisions (node, entry, until)"
            " SELECT id, entry, ? FROM nodes WHERE id = ? AND entry <> ?",
            (time.time(), node_id, changes["entry"]),
        )
    columns = ", ".join(f"{name} = ?" for name in changes)
    connection.execute(
        f"UPDATE nodes SET {columns} WHERE id = ?", (*map(_bound, changes.values()), node_id)
    )


def _bound(value: Any) -> Any:
    return to_column(value) if isinstance(value, str) else value


def _sum_up(connection: sqlite3.Connection, batch: Batch) -> None:
    """What the list of sessions shows of this one."""
    if batch.says_more:
        connection.execute(
            "UPDATE sessions SET updated = ? WHERE id = ?", (time.time(), batch.session)
        )
    last = batch.last_reply
    if last is not None:
        adapter = None if last.adapter is None else to_column(last.adapter)
        connection.execute(
            "UPDATE sessions SET model = ?, adapter = ? WHERE id = ?",
            (to_column(last.model), adapter, batch.session),
        )
