"""Versions of the file: steps that are there as a whole or not at all."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from mlxchat.conversation.storage import schema
from mlxchat.conversation.storage.sessions import Wanted
from mlxchat.conversation.storage.store import SessionStore
from tests.conversation.storage.older import make_first_version
from tests.trees import same_tree, talk, tree


def version(file: Path) -> int:
    with closing(sqlite3.connect(file)) as connection:
        return schema.version_of(connection)


def add_column(connection: sqlite3.Connection) -> None:
    connection.execute("ALTER TABLE nodes ADD COLUMN colour TEXT")
    connection.execute("UPDATE nodes SET colour = 'red'")


def break_off(connection: sqlite3.Connection) -> None:
    connection.execute("DROP TABLE nodes")
    raise sqlite3.OperationalError("out of something")


def test_a_new_file_is_of_the_last_version(file: Path, store: SessionStore):
    assert version(file) == len(schema.MIGRATIONS)
    with closing(sqlite3.connect(file)) as connection:
        for pragma, value in (("application_id", schema.APPLICATION_ID), ("journal_mode", "wal")):
            assert connection.execute(f"PRAGMA {pragma}").fetchone() == (value,)


def test_an_older_file_is_brought_up_to_date(file: Path, monkeypatch: pytest.MonkeyPatch):
    store = SessionStore(file)
    before = tree(1)
    session = store.add(before)
    store.close()
    monkeypatch.setattr(schema, "MIGRATIONS", (*schema.MIGRATIONS, add_column))
    store = SessionStore(file)
    assert store.problem is None
    assert version(file) == len(schema.MIGRATIONS)
    same_tree(before, store.read(session).conversation)
    store.close()
    with closing(sqlite3.connect(file)) as connection:
        assert connection.execute("SELECT DISTINCT colour FROM nodes").fetchall() == [("red",)]


def test_a_file_of_the_first_version(file: Path):
    store = SessionStore(file)
    deleted, whole = talk("Hello", "the albatross"), tree(1)
    deleted.rate(deleted.tip, "good")
    deleted.delete(deleted.tip)
    whole.rate(whole.path[0], "good")
    whole.overflow = "ask"
    for node in whole.nodes():
        node.vote = None  # that version knew of none
    first, second = store.add(deleted), store.add(whole, "The whole")
    store.close()
    make_first_version(file)
    assert version(file) == 1
    fresh = file.with_name("fresh.sqlite3")
    with closing(sqlite3.connect(fresh)) as connection:
        schema.MIGRATIONS[0](connection)
        assert shape(fresh) == shape(file)
    store = SessionStore(file)
    assert store.problem is None
    assert store.page(Wanted("albatross")) == []
    assert [row.id for row in store.page(Wanted(rating="good"))] == [second]
    same_tree(deleted, store.read(first).conversation)
    same_tree(whole, store.read(second).conversation)
    assert len({first, second, store.add(tree(2))}) == 3
    store.close()


def shape(file: Path) -> dict[str, set[tuple[object, ...]]]:
    """The columns of each table."""
    with closing(sqlite3.connect(file)) as connection:
        names = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
        return {
            name: {row[1:3] for row in connection.execute(f"PRAGMA table_info({name})")}
            for (name,) in names
        }


def test_a_step_that_fails_leaves_what_was_there(file: Path, monkeypatch: pytest.MonkeyPatch):
    store = SessionStore(file)
    before = tree(1)
    session = store.add(before)
    store.close()
    shipped = schema.MIGRATIONS
    monkeypatch.setattr(schema, "MIGRATIONS", (*shipped, add_column, break_off))
    broken = SessionStore(file)
    assert "out of something" in (broken.problem or "")
    broken.close()
    assert version(file) == len(shipped) + 1  # the step before it stands
    monkeypatch.setattr(schema, "MIGRATIONS", (*shipped, add_column))
    store = SessionStore(file)
    assert store.problem is None
    same_tree(before, store.read(session).conversation)
    store.close()
