"""The version of the file of sessions: whether this program can use it, and how an older one is
brought up to date."""

from __future__ import annotations

import sqlite3

from mlxchat.conversation.storage.migrations import MIGRATIONS
from mlxchat.errors import MlxchatError

APPLICATION_ID = 0x6D6C7863
"""`mlxc`, in the file's header."""


def check(connection: sqlite3.Connection, name: str) -> None:
    """Raises an MlxchatError where the file, called `name`, is none that this program can use.
    Changes nothing."""
    application, version, empty = _stamp(connection)
    if application == APPLICATION_ID:
        if version > len(MIGRATIONS):
            raise MlxchatError(
                f"{name} was written by a newer mlxchat and stays as it is: update mlxchat to open "
                "and save sessions."
            )
    elif application or version or not empty:
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


def _stamp(connection: sqlite3.Connection) -> tuple[int, int, bool]:
    """Whose the file is, how many steps it has behind it, and whether there is nothing in it: all
    of one moment, since another program may be bringing it up to date."""
    connection.execute("BEGIN")
    try:
        return _pragma(connection, "application_id"), version_of(connection), _empty(connection)
    finally:
        connection.rollback()


def version_of(connection: sqlite3.Connection) -> int:
    """How many steps a file has behind it."""
    return _pragma(connection, "user_version")


def _pragma(connection: sqlite3.Connection, name: str) -> int:
    return int(connection.execute(f"PRAGMA {name}").fetchone()[0])


def _empty(connection: sqlite3.Connection) -> bool:
    return connection.execute("SELECT 1 FROM sqlite_master LIMIT 1").fetchone() is None
