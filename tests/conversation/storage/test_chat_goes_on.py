"""A chat that cannot be saved: the person is told once, it goes on in memory, the file stays as it
is, and all that was said is saved when nothing stands in the way any more."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from mlxchat.conversation.storage.keeper import AGAIN, Keeper
from mlxchat.conversation.storage.store import SessionStore
from mlxchat.session.chat import ChatSession
from tests.conversation.storage.conftest import PATIENCE, until_saved
from tests.conversation.storage.spoiled import newer, nobody, run_child, truncated
from tests.scripted import ScriptedEngine
from tests.sessions import answer, ready_session
from tests.trees import same_tree, tree

pytestmark = pytest.mark.usefixtures("soon")


def chat() -> tuple[ChatSession, ScriptedEngine]:
    """A chat with its model."""
    engine = ScriptedEngine()
    return ready_session(engine), engine


def talk_on(session: ChatSession, engine: ScriptedEngine, store: SessionStore) -> list[str]:
    """Do what a person does, to be saved there; what they were told."""
    session.keeper = Keeper(store)
    session.keeper.follow(session.conversation)
    told = []

    def keep() -> None:
        news = session.keep()
        told.extend([news] if news else [])

    session.send("Who are you?")
    keep()
    answer(session, engine, "I am a model")
    keep()
    session.retry()
    answer(session, engine, "I am another")
    session.edit(session.conversation.path[0], "And who are you?")
    answer(session, engine, "The same")
    session.undo_step()
    session.rate(session.conversation.tip, "good")
    keep()
    deadline = time.monotonic() + PATIENCE
    while not told and time.monotonic() < deadline:
        keep()
        time.sleep(0.002)
    return told


def check_it_went_on(session: ChatSession) -> None:
    """Nothing of what was said is missing in memory."""
    texts = [node.entry.text for node in session.conversation.nodes() if node.entry]
    assert texts == ["Who are you?", "I am a model", "I am another", "And who are you?", "The same"]
    assert session.state == "ready"


@pytest.mark.parametrize(("spoil", "part"), [(newer, "newer mlxchat"), (truncated, "damaged")])
def test_a_file_that_is_newer_or_cut(file: Path, spoil: Callable[[Path], None], part: str):
    spoil(file)
    before = file.read_bytes()
    store = SessionStore(file)
    session, engine = chat()
    (told,) = talk_on(session, engine, store)
    assert part in told
    assert "stays as it is" in told
    check_it_went_on(session)
    assert not session.keeper.flush()  # type: ignore[union-attr]
    assert file.read_bytes() == before
    file.rename(file.with_name("away"))
    check_it_is_saved(session, store)
    store.close()
    assert file.with_name("away").read_bytes() == before


def check_it_is_saved(session: ChatSession, store: SessionStore) -> None:
    keeper = session.keeper
    assert keeper is not None
    assert until_saved(keeper) == [AGAIN]
    assert keeper.session_id is not None
    same_tree(session.conversation, store.read(keeper.session_id).conversation)


def test_a_folder_that_cannot_be_written(open_folder: Path):
    file = open_folder / "sessions.sqlite3"
    open_folder.chmod(0o555)
    session, engine = chat()
    with nobody():
        store = SessionStore(file)
        (told,) = talk_on(session, engine, store)
        assert "cannot be written" in told
        check_it_went_on(session)
        assert not session.keeper.flush()  # type: ignore[union-attr]
        assert list(open_folder.iterdir()) == []
    open_folder.chmod(0o777)
    check_it_is_saved(session, store)
    store.close()


@pytest.mark.parametrize("kept", [17, 50, 100, 4096, 4097, -4096, -1])
def test_wherever_the_file_is_cut_it_stays_as_it_is(file: Path, kept: int):
    store = SessionStore(file)
    for seed in range(5):
        store.add(tree(seed))
    store.close()
    os.truncate(file, kept if kept > 0 else file.stat().st_size + kept)
    before = file.read_bytes()
    store = SessionStore(file)
    session, engine = chat()
    (told,) = talk_on(session, engine, store)
    assert "stays as it is" in told
    store.close()
    assert file.read_bytes() == before


FULL_DISK = r"""
import subprocess, sys
from contextlib import closing
from pathlib import Path
import sqlite3
folder = Path(sys.argv[1])
subprocess.run(["mount", "-t", "tmpfs", "-o", "size=2m", "none", folder], check=True)
from mlxchat.conversation.storage import keeper as keeping
from mlxchat.conversation.storage.store import SessionStore
from tests.conversation.storage.test_chat_goes_on import chat, check_it_went_on, talk_on
from tests.conversation.storage.test_chat_goes_on import check_it_is_saved
from tests.trees import same_tree, tree
keeping.RETRY_SECONDS = 0.05
file, filler = folder / "sessions.sqlite3", folder / "filler"
store = SessionStore(file)
before = tree(1)
old = store.add(before)
with filler.open("wb", buffering=0) as stream:
    try:
        while stream.write(b"x" * 4096):
            pass
    except OSError as error:
        assert error.errno == 28, error
session, engine = chat()
told = talk_on(session, engine, store)
print(*told)
check_it_went_on(session)
same_tree(before, store.read(old).conversation)
filler.unlink()
check_it_is_saved(session, store)
same_tree(before, store.read(old).conversation)
store.close()
with closing(sqlite3.connect(file)) as connection:
    print(connection.execute("PRAGMA integrity_check").fetchone()[0])
"""


@pytest.fixture
def namespace() -> tuple[str, ...]:
    """What runs a program that may mount a file system of its own."""
    command = ("unshare", "--map-root-user", "--mount", "--")
    probe = [*command, "mount", "-t", "tmpfs", "none", "/mnt"]
    try:
        subprocess.run(probe, check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("no file system can be mounted here")
    return command


def test_a_disk_that_is_full(tmp_path: Path, namespace: tuple[str, ...]):
    told, integrity = run_child(FULL_DISK, tmp_path, *namespace).stdout.splitlines()
    assert told.startswith("The disk is full")
    assert integrity == "ok"
