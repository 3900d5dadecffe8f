"""What stands in the way of saving: one clear sentence, the chat goes on in memory, the file stays
as it is, and what was not saved is saved when it is out of the way."""

from __future__ import annotations

import sqlite3
import stat
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from mlxchat.conversation.entries import UserMessage
from mlxchat.conversation.storage.keeper import AGAIN, Keeper
from mlxchat.conversation.storage.sessions import Wanted
from mlxchat.conversation.storage.store import SessionStore
from mlxchat.errors import MlxchatError
from tests.conversation.storage.conftest import PATIENCE, until_saved
from tests.conversation.storage.spoiled import (
    folder_in_place,
    foreign,
    garbage,
    newer,
    nobody,
    pipe,
    run_child,
    truncated,
)
from tests.trees import same_tree, talk, tree

pytestmark = pytest.mark.usefixtures("soon")


@pytest.mark.parametrize(
    ("spoil", "part"),
    [
        (newer, "newer mlxchat"),
        (truncated, "damaged and stays as it is"),
        (garbage, "no database and stays as it is"),
        (foreign, "another program's file"),
        (folder_in_place, "cannot be written"),
        (pipe, "cannot be written"),
    ],
)
def test_a_file_that_cannot_be_used(file: Path, spoil: Callable[[Path], None], part: str):
    spoil(file)
    before = file.read_bytes() if file.is_file() else None
    store = SessionStore(file)
    assert store.problem is not None
    assert part in store.problem
    assert store.problem.count(". ") == 0
    conversation, keeper = talk("Hello", "Hi"), Keeper(store)
    keeper.follow(conversation)
    assert keeper.tick() == store.problem
    conversation.add(UserMessage("And?"))
    for _ in range(20):
        assert keeper.tick() is None  # said once
    assert not keeper.close(timeout=5)
    assert keeper.session_id is None
    assert store.page() == []
    assert store.page(Wanted("Hello")) == []
    assert store.latest() is None
    for act in (lambda: store.read(1), lambda: store.find("1"), lambda: store.add(talk("x"))):
        with pytest.raises(MlxchatError):
            act()
    if before is not None:
        assert file.read_bytes() == before
    # The person does what the sentence says.
    if file.is_dir():
        file.rmdir()
    else:
        file.rename(file.with_name("away"))
    assert until_saved(keeper) == [AGAIN]
    assert store.problem is None
    assert keeper.session_id is not None
    same_tree(conversation, store.read(keeper.session_id).conversation)
    store.close()
    if before is not None:
        assert file.with_name("away").read_bytes() == before


def test_a_page_in_the_middle_that_is_damaged(file: Path):
    store = SessionStore(file)
    session = store.add(tree(1))
    store.close()
    with file.open("r+b") as stream:
        for page in range(2, file.stat().st_size // 4096):
            stream.seek(page * 4096)
            stream.write(b"\xff" * 4096)
    store = SessionStore(file)
    with pytest.raises(MlxchatError):
        store.read(session)
    keeper = Keeper(store)
    keeper.follow(talk("Hello"))
    for _ in range(50):
        keeper.tick()
    assert not keeper.close(timeout=5)
    assert "damaged" in (store.problem or "")
    store.close()


def test_another_program_that_holds_the_file(file: Path):
    store = SessionStore(file)
    conversation, keeper = talk("Hello"), Keeper(store)
    keeper.follow(conversation)
    until_saved(keeper)
    with closing(sqlite3.connect(file, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        conversation.add(UserMessage("Are you there?"))
        assert not keeper.close(timeout=5)
        said = keeper.tick()
        assert said is not None
        assert "Another program holds" in said
        other.execute("ROLLBACK")
    assert until_saved(keeper) == [AGAIN]
    assert keeper.session_id is not None
    same_tree(conversation, store.read(keeper.session_id).conversation)
    store.close()


def test_a_full_disk(store: SessionStore):
    conversation, keeper = talk("Hello"), Keeper(store)
    keeper.follow(conversation)
    until_saved(keeper)
    # No more pages than there are; the cursor lives on, as in an error's traceback.
    limit = store.submit(lambda connection: connection.execute("PRAGMA max_page_count = 1"))
    assert limit.done.wait(PATIENCE)
    conversation.add(UserMessage("word " * 20_000))
    assert not keeper.close(timeout=5)
    said = keeper.tick()
    assert said is not None
    assert said.startswith("The disk is full")
    assert store.read(keeper.session_id or 0).conversation.path[0].entry.text == "Hello"  # type: ignore[union-attr]
    # The next connection knows no limit, and finds no lock.
    assert until_saved(keeper) == [AGAIN], store.problem
    same_tree(conversation, store.read(keeper.session_id or 0).conversation)


WRITE_LIMIT = """
import resource, sys, time
from pathlib import Path
from mlxchat.conversation.storage.store import SessionStore
from mlxchat.conversation.storage.keeper import Keeper
from mlxchat.conversation.entries import UserMessage
from tests.trees import talk
store = SessionStore(Path(sys.argv[1]))
keeper = Keeper(store)
conversation = talk("Hello")
keeper.follow(conversation)
assert keeper.close(timeout=30)
size = 300_000
resource.setrlimit(resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))
for n in range(20):
    conversation.add(UserMessage(f"{n} " * 20_000))
    keeper.close(timeout=5)
print(keeper.tick())
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
assert keeper.close(timeout=30)
print(keeper.tick())
print(len(list(store.read(keeper.session_id).conversation.nodes())))
store.close()
"""


def test_a_limit_of_the_system_in_the_middle_of_writing(file: Path):
    ended = run_child(WRITE_LIMIT, file)
    first, second, count = ended.stdout.splitlines()
    assert "kept in memory only" in first
    assert second == AGAIN
    assert count == "21"
    with closing(sqlite3.connect(file)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def test_a_read_only_folder_without_a_file(open_folder: Path):
    open_folder.chmod(0o555)
    with nobody():
        store = SessionStore(open_folder / "sessions.sqlite3")
        assert store.problem is not None
        assert "cannot be written" in store.problem
        keeper = Keeper(store)
        keeper.follow(talk("Hello"))
        assert keeper.tick() == store.problem
        store.close()
    assert list(open_folder.iterdir()) == []


def test_a_read_only_folder_with_a_file(open_folder: Path):
    file = open_folder / "sessions.sqlite3"
    store = SessionStore(file)
    session = store.add(tree(1))
    store.close()
    file.chmod(0o444)
    open_folder.chmod(0o555)
    before = file.read_bytes()
    with nobody():
        store = SessionStore(file)
        conversation, keeper = store.read(session).conversation, Keeper(store)
        keeper.follow(conversation, session)
        conversation.add(UserMessage("more"))
        keeper.close(timeout=5)
        said = keeper.tick()
        assert said is not None
        assert "cannot be" in said
        assert [row.id for row in store.page()] == [session]
        store.close()
    assert file.read_bytes() == before


def test_the_file_is_its_owners_only(file: Path, store: SessionStore):
    store.add(talk("Hello"))
    for part in file.parent.glob("sessions.sqlite3*"):
        assert stat.S_IMODE(part.stat().st_mode) == 0o600


def test_a_file_that_is_taken_away_is_written_anew(file: Path, store: SessionStore):
    conversation, keeper = talk("Hello", "Hi"), Keeper(store)
    keeper.follow(conversation)
    until_saved(keeper)
    for part in file.parent.glob("sessions.sqlite3*"):
        part.unlink()
    conversation.add(UserMessage("And?"))
    until_saved(keeper)
    assert keeper.session_id is not None
    same_tree(conversation, store.read(keeper.session_id).conversation)


def test_the_text_of_saved_replies_outlives_their_file(file: Path, store: SessionStore):
    session = store.add(talk("Hello", "Hi there"))
    conversation, keeper = store.read(session).conversation, Keeper(store)
    keeper.follow(conversation, session)
    for part in file.parent.glob("sessions.sqlite3*"):
        part.unlink()  # with the records of the tokens, which nobody had looked at
    conversation.add(UserMessage("And?"))
    until_saved(keeper)
    again = store.read(session).conversation
    assert [entry.text for entry in again.entries] == ["Hello", "Hi there", "And?"]
    assert list(again.path[1].entry.tokens) == []  # type: ignore[union-attr]
    assert store.page(Wanted("there")) != []


def test_a_number_that_cannot_be_packed_holds_nothing_up(store: SessionStore):
    conversation, keeper = talk("Hello", "Hi"), Keeper(store)
    answer = conversation.last_reply
    assert answer is not None
    wide = replace(answer.tokens[0], text=" there", alternatives=((2**31, -0.5),))
    answer.tokens.append(wide)
    keeper.follow(conversation)
    assert keeper.close(timeout=30)
    conversation.add(UserMessage("And?"))
    assert keeper.close(timeout=30)
    assert store.problem is None
    assert keeper.session_id is not None
    again = store.read(keeper.session_id).conversation
    assert [entry.text for entry in again.entries] == ["Hello", "Hi there", "And?"]
    assert "damaged" in again.path[1].entry.tokens.damage  # type: ignore[union-attr]
