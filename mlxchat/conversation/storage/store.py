"""The sessions that are kept: all of them, in one file."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TypeVar

from mlxchat.conversation.conversation import Conversation
from mlxchat.conversation.entries import Entry
from mlxchat.conversation.storage import indexing
from mlxchat.conversation.storage.columns import from_column
from mlxchat.conversation.storage.connections import Readers, named, sentence
from mlxchat.conversation.storage.listing import ORDER, one_row, page_of
from mlxchat.conversation.storage.reading import conversation_of
from mlxchat.conversation.storage.sessions import SavedSession, SessionRow, Wanted
from mlxchat.conversation.storage.token_blob import PackedPiece
from mlxchat.conversation.storage.tracker import Tracker
from mlxchat.conversation.storage.writer import Job, Writer
from mlxchat.conversation.storage.writing import IdsTaken, set_title, write
from mlxchat.errors import MlxchatError
from mlxchat.files import folders

T = TypeVar("T")
FILE = "sessions.sqlite3"
CLOSE_SECONDS = 5.0
EVERYTHING = Wanted()
MOST_DIGITS = 19
"""Of an id."""
MOST_ID = 2**63 - 1
CUT_SECONDS = 60.0
"""A reply to which nothing was added for so long is written by nobody any more."""


class SessionStore:
    """Reading works from any thread and sees what is saved; changes go to one thread, in order."""

    def __init__(self, file: Path | None = None) -> None:
        """Raises nothing: what is wrong with the file is in `problem`."""
        self.file = file or folders.data_folder() / FILE
        self._readers = Readers(self.file)
        self._writer = Writer(self.file)
        if self._writer.problem is None:
            cut = partial(indexing.index_cut, before=time.time() - CUT_SECONDS)
            self._writer.submit(cut, matters=False)

    @property
    def problem(self) -> str | None:
        """One sentence while nothing can be written."""
        return self._writer.problem

    # Reading

    def page(
        self, wanted: Wanted = EVERYTHING, limit: int = 100, offset: int = 0
    ) -> list[SessionRow]:
        """Some of the sessions: pinned ones first, then those that were changed last. Empty where
        the file cannot be read."""
        try:
            with self._reading() as connection:
                return page_of(connection, wanted, limit, offset)
        except MlxchatError:
            return []

    def read(self, session_id: int) -> SavedSession:
        """A session with its whole conversation. Raises MlxchatError."""
        with self._reading() as connection:
            row = one_row(connection, session_id)
            if row is None:
                raise MlxchatError("This session is not saved (any more): choose another one.")
            try:
                conversation = conversation_of(connection, session_id, self._pieces)
            except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
                conversation = None
            if conversation is None:
                raise MlxchatError(
                    f"Session {row.number} is damaged in {named(self.file)}: choose another one."
                )
        return SavedSession(row, conversation)

    def find(self, name: str) -> int:
        """The session with this number, id or title; the beginning or a part of a title will do
        where it fits one session only. Raises MlxchatError."""
        with self._reading() as connection:
            ids = _found(connection, name.strip())
        if not ids:
            raise MlxchatError(
                f"No session is called “{name.strip()}”: mlxchat sessions lists them."
            )
        if len(ids) > 1:
            raise MlxchatError(
                f"“{name.strip()}” fits {len(ids)} sessions: take the number of one "
                "(mlxchat sessions lists them)."
            )
        return ids[0]

    def latest(self) -> int | None:
        """The session that was changed last; None where there is none."""
        try:
            with self._reading() as connection:
                row = connection.execute(
                    "SELECT id FROM sessions WHERE deleted IS NULL ORDER BY updated DESC LIMIT 1"
                ).fetchone()
        except MlxchatError:
            return None
        return int(row[0]) if row else None

    def row(self, session_id: int) -> SessionRow | None:
        """A session as a list shows it; None where there is none. Raises MlxchatError."""
        with self._reading() as connection:
            return one_row(connection, session_id)

    def named_by_person(self, session_id: int) -> bool:
        """Whether the title is the person's. Raises MlxchatError."""
        with self._reading() as connection:
            row = connection.execute(
                "SELECT named FROM sessions WHERE id = ?", (session_id,)
            ).fetchone()
        return bool(row and row[0])

    def entry_ids(self, conversation: Conversation, session_id: int) -> dict[Entry, int]:
        """The ids in the file of what a conversation that was read from there says. Raises
        MlxchatError."""
        with self._reading() as connection:
            rows = connection.execute(
                "SELECT id, entry FROM nodes WHERE session = ? AND entry IS NOT NULL",
                (session_id,),
            ).fetchall()
        ids = dict(rows)
        return {n.entry: ids[n.id] for n in conversation.nodes() if n.entry and n.id in ids}

    # Changing

    def submit(self, work: Callable[[sqlite3.Connection], T]) -> Job[T]:
        """Let the thread that writes do this in a transaction, and do not wait."""
        return self._writer.submit(work)

    def rename(self, session_id: int, title: str) -> None:
        """Give a session a title. Raises MlxchatError."""
        line = checked_title(title)
        self._writer.do(lambda connection: set_title(connection, session_id, line, named=True))

    def pin(self, session_id: int, pinned: bool) -> None:
        """Let a session stand first in the list, or no longer. Raises MlxchatError."""
        self._set(session_id, "pinned", pinned)

    def delete(self, session_id: int) -> None:
        """Take a session out of the list; it stays in the file. Raises MlxchatError."""
        self._set(session_id, "deleted", time.time())

    def restore(self, session_id: int) -> None:
        """Bring a deleted session back. Raises MlxchatError."""
        self._set(session_id, "deleted", None)

    def add(
        self, conversation: Conversation, title: str = "", *, created: float | None = None
    ) -> int:
        """Save a conversation as a new session, whole and at once; its id. Messages whose ids the
        file has already get new ones. Raises MlxchatError."""
        if not conversation.root.children:
            raise MlxchatError("There is nothing to save in an empty conversation.")
        tracker = Tracker(conversation, None, {})
        if title:
            tracker.rename(checked_title(title))
        while True:
            taken = tracker.take()
            assert taken is not None
            if created is not None:
                taken.batch.created = created
            try:
                self._writer.do(partial(write, batch=taken.batch), wait=None)
                return tracker.session
            except IdsTaken:
                tracker.forgotten(new_ids=True)

    def close(self) -> None:
        """Save what waits, and let go of the file."""
        self._readers.close()  # whoever writes is the last to go: it empties the write-ahead log
        self._writer.close(CLOSE_SECONDS)

    # Parts

    @contextmanager
    def _reading(self) -> Iterator[sqlite3.Connection]:
        """A connection to read with. Raises MlxchatError, one for whatever the block raises of
        SQLite's too."""
        try:
            with self._readers.lend() as connection:
                yield connection
        except (sqlite3.Error, OSError) as error:
            raise MlxchatError(self.problem or sentence(error, self.file, so="")) from error

    def _set(self, session_id: int, column: str, value: object) -> None:
        self._writer.do(
            lambda connection: (
                connection.execute(
                    f"UPDATE sessions SET {column} = ? WHERE id = ?", (value, session_id)
                ).rowcount
            )
        )

    def _pieces(self, entry: int) -> list[PackedPiece]:
        """The tokens of a reply as they are saved. Raises MlxchatError; its text is whole still."""
        with self._reading() as connection:
            rows = connection.execute(
                "SELECT text, packed FROM pieces LEFT JOIN records USING (entry, first)"
                " WHERE pieces.entry = ? ORDER BY first",
                (entry,),
            ).fetchall()
        # A piece whose records are missing is a damaged one, and so is a reply without pieces.
        pieces = [PackedPiece(from_column(text), packed or b"") for text, packed in rows]
        return pieces or [PackedPiece("", b"")]


def checked_title(title: str) -> str:
    """A title that a person typed, on one line. Raises MlxchatError where there is nothing."""
    line = " ".join(title.split())
    if not line:
        raise MlxchatError("A title needs at least one character: type one.")
    return line


def _found(connection: sqlite3.Connection, name: str) -> list[int]:
    """The ids of the sessions that a name fits best."""
    if name.isascii() and name.isdigit() and len(name) <= MOST_DIGITS and int(name) <= MOST_ID:
        for column in ("number", "id"):
            found = connection.execute(
                f"SELECT id FROM sessions WHERE {column} = ?", (int(name),)
            ).fetchone()
            if found:
                return [int(found[0])]
    wanted = name.casefold()
    titles = [
        (session, from_column(title).casefold())
        for session, title in connection.execute(
            f"SELECT id, title FROM sessions WHERE deleted IS NULL {ORDER}"
        )
    ]
    for fits in (str.__eq__, str.startswith, str.__contains__):
        ids = [session for session, title in titles if wanted and fits(title, wanted)]
        if ids:
            return ids
    return []
