"""Connections to the file of sessions, and what is said where there can be none."""

from __future__ import annotations

import os
import sqlite3
import struct
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Lock

from mlxchat.conversation.storage import schema
from mlxchat.errors import MlxchatError
from mlxchat.settings.text_parameter import visible

BUSY_SECONDS = 2.0
"""How long a connection waits for another program's transaction."""
MODE = 0o600
"""Of the file: nobody else's business."""
HEADER = struct.Struct(">16xH6xII60xI")
"""Of a database: bytes of a page, number of changes, pages, and the change for which they count."""
LARGEST_PAGE = 65536
"""Bytes; it does not fit into its field, where 1 stands for it."""
PRIMARY = 0xFF
"""The part of an error code that tells the kind."""

IN_MEMORY = ", so messages are kept in memory only"

Identity = tuple[int, int]

_REASONS = {
    sqlite3.SQLITE_FULL: ("The disk is full", "make room, and they are saved again"),
    sqlite3.SQLITE_BUSY: ("Another program holds {file}", "they are saved when it lets go"),
    sqlite3.SQLITE_LOCKED: ("Another program holds {file}", "they are saved when it lets go"),
    sqlite3.SQLITE_READONLY: ("{file} cannot be written", "check who may write there"),
    sqlite3.SQLITE_CANTOPEN: ("{file} cannot be opened", "check who may write in its folder"),
    sqlite3.SQLITE_PERM: ("{file} cannot be opened", "check who may write in its folder"),
    sqlite3.SQLITE_CORRUPT: ("{file} is damaged and stays as it is", "move it away to save again"),
    sqlite3.SQLITE_NOTADB: ("{file} is no database and stays as it is", "move it away to save"),
    sqlite3.SQLITE_IOERR: ("{file} cannot be written", "check its disk"),
}


def sentence(error: Exception, file: Path, so: str = IN_MEMORY) -> str:
    """What is wrong with the file, what comes of it, and what to do."""
    if isinstance(error, MlxchatError):
        return str(error)
    code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & PRIMARY
    if isinstance(error, OSError):
        why, what = f"{{file}} cannot be written ({error.strerror})", "check its folder"
    else:
        why, what = _REASONS.get(code, (f"{{file}} cannot be used ({error})", "look at its disk"))
    return f"{why.format(file=named(file))}{so}: {what}."


def named(file: Path) -> str:
    """The file's name as it is shown."""
    return visible(str(file))


def identity(file: Path) -> Identity | None:
    """Which file stands there; None where there is none."""
    try:
        status = file.stat()
    except OSError:
        return None
    return status.st_dev, status.st_ino


def open_for_writing(file: Path) -> sqlite3.Connection:
    """The connection that changes the file, which is made where there is none and brought up to
    date. Raises sqlite3.Error, OSError or MlxchatError, and leaves the file then as it is."""
    _make(file)
    open_for_reading(file).close()
    connection = sqlite3.connect(
        file, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False
    )
    try:
        _use_wal(connection)
        connection.execute("PRAGMA synchronous = NORMAL")
        connection.execute("PRAGMA foreign_keys = ON")
        schema.migrate(connection)
    except BaseException:
        connection.close()
        raise
    return connection


def open_for_reading(file: Path) -> sqlite3.Connection:
    """A connection that changes nothing. Raises sqlite3.Error, OSError, or MlxchatError where the
    file is none for this program."""
    if not file.is_file():  # a pipe would be waited for, for ever
        raise FileNotFoundError(2, "no such file", str(file))
    _check_length(file)
    try:
        return _read_only(file, "mode=ro")
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode & PRIMARY not in (
            sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY,
        ):  # fmt: skip
            raise
        # The folder may be read-only, so that the index of the write-ahead log has no place.
        return _read_only(file, "immutable=1")


def _check_length(file: Path) -> None:
    """Raises sqlite3.DatabaseError where the end of the file is missing. SQLite tells that by whole
    pages only, and writes over what is left of the last one. While there is a write-ahead log the
    pages may be there, and may be on their way until it is gone."""
    log = Path(f"{file}-wal")
    logged = log.exists()
    try:
        with file.open("rb") as stream:
            head = stream.read(HEADER.size)
            length = stream.seek(0, os.SEEK_END)
    except OSError:
        return  # SQLite says why
    if len(head) < HEADER.size or logged or log.exists():
        return
    page, changes, pages, valid_for = HEADER.unpack(head)
    whole = (page if page > 1 else LARGEST_PAGE) * pages
    if changes == valid_for and length < whole:
        error = sqlite3.DatabaseError("the file is cut off")
        error.sqlite_errorcode = sqlite3.SQLITE_CORRUPT
        raise error


def _read_only(file: Path, how: str) -> sqlite3.Connection:
    connection = sqlite3.connect(
        f"{file.absolute().as_uri()}?{how}",
        uri=True, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False,
    )  # fmt: skip
    try:
        schema.check(connection, named(file))
    except BaseException:
        connection.close()
        raise
    return connection


def _make(file: Path) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    with suppress(FileExistsError):
        os.close(os.open(file, os.O_CREAT | os.O_EXCL | os.O_WRONLY, MODE))


def _use_wal(connection: sqlite3.Connection) -> None:
    """Two programs that begin at the same moment do not wait for each other here by themselves."""
    deadline = time.monotonic() + BUSY_SECONDS
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & PRIMARY != sqlite3.SQLITE_BUSY:
                raise
            if time.monotonic() > deadline:
                raise
            time.sleep(0.01)


class Readers:
    """Connections for reading, lent to whichever thread asks."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._lock = Lock()
        self._free: list[sqlite3.Connection] = []
        self._identity: Identity | None = None

    @contextmanager
    def lend(self) -> Iterator[sqlite3.Connection]:
        """A connection in a transaction of its own: what it reads is of one moment. Raises
        sqlite3.Error, OSError or MlxchatError."""
        connection, taken_from = self._take()
        try:
            connection.execute("BEGIN")
            yield connection
            connection.execute("COMMIT")
        except BaseException:
            with suppress(sqlite3.Error):
                connection.rollback()
            connection.close()
            raise
        with self._lock:
            if taken_from == self._identity:
                self._free.append(connection)
                return
        connection.close()

    def close(self) -> None:
        """Close those that nobody has; the others when they are given back."""
        with self._lock:
            self._identity = None
            while self._free:
                self._free.pop().close()

    def _take(self) -> tuple[sqlite3.Connection, Identity | None]:
        now = identity(self._file)
        if now != self._identity:  # another file stands there
            self.close()
            self._identity = now
        with self._lock:
            if self._free:
                return self._free.pop(), now
        return open_for_reading(self._file), now
