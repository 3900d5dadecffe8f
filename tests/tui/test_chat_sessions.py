"""What the chat does with saved sessions and with files, on the real store."""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from mlxchat.conversation.entries import UserMessage
from mlxchat.conversation.storage.keeper import DELETED, Keeper
from mlxchat.conversation.storage.store import SessionStore
from mlxchat.tui.screens import chat_sessions
from mlxchat.tui.screens.chat_sessions import Resume
from tests.conversation.storage.spoiled import newer, truncated
from tests.person import Person, chatting, starting
from tests.trees import talk


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SessionStore]:
    """A store of the test's own."""
    made = SessionStore(tmp_path / "sessions.sqlite3")
    yield made
    made.close()


def _words(person: Person) -> str:
    """The screen without frames and ends of lines."""
    return " ".join(person.screen.replace("│", " ").split())


@pytest.fixture
def gate(monkeypatch: pytest.MonkeyPatch) -> Iterator[threading.Event]:
    """Holds up the reading and writing of files."""
    opened = threading.Event()
    for name in ("run_export", "chats_of_file"):
        real = getattr(chat_sessions, name)

        def held(*arguments: object, real: Callable[..., object] = real) -> object:
            assert opened.wait(60)
            return real(*arguments)

        monkeypatch.setattr(chat_sessions, name, held)
    yield opened
    opened.set()


async def test_an_export_is_written_while_the_chat_goes_on(store, tmp_path, gate):
    async with chatting(keeper=Keeper(store)) as person:
        await person.send("hi")
        await person.hear("ho")
        await person.send(f"/export messages {tmp_path / 'a.jsonl'}")
        await person.send("and now?")  # the screen does not wait
        gate.set()
        await person.until(lambda: any("written to" in note for note in person.notes))
        said = json.loads((tmp_path / "a.jsonl").read_text("utf-8"))["messages"]
        assert [row["content"] for row in said][-2:] == ["hi", "ho"]  # as it was when it was asked


async def test_an_export_is_written_to_its_end(store, tmp_path, gate):
    async with chatting(keeper=Keeper(store)) as person:
        await person.send("hi")
        await person.hear("ho")
        await person.send(f"/export markdown {tmp_path / 'a.md'}")
        threading.Timer(0.2, gate.set).start()
    assert "> ho" in (tmp_path / "a.md").read_text("utf-8")


async def test_an_import_is_read_while_the_chat_goes_on_and_then_opened(store, tmp_path, gate):
    file = tmp_path / "b.json"
    file.write_text('[{"role": "user", "content": "from the file"}]')
    async with chatting(keeper=Keeper(store)) as person:
        await person.send(f"/import {file}")
        assert "from the file" not in await person.look()
        gate.set()
        await person.until(lambda: "from the file" in person.screen)
        assert "imported as session 1" in person.notes[-1]
        assert person.session.keeper.number == 1


async def test_an_import_takes_no_reply_away_that_is_being_written(store, tmp_path, gate):
    file = tmp_path / "b.json"
    file.write_text('[{"role": "user", "content": "from the file"}]')
    async with chatting(keeper=Keeper(store)) as person:
        await person.send(f"/import {file}")
        await person.send("hi")
        gate.set()
        await person.until(lambda: any("imported as session" in note for note in person.notes))
        assert [entry.text for entry in person.session.conversation.entries][:1] == ["hi"]
        assert person.session.busy


@pytest.mark.parametrize("line", ["/import nowhere.json", "/export pdf", "/export messages"])
async def test_what_does_not_work_is_said(store, tmp_path, monkeypatch, line):
    monkeypatch.chdir(tmp_path)
    async with chatting(keeper=Keeper(store)) as person:
        await person.send(line)
        await person.until(lambda: person.notes)
        assert list(tmp_path.glob("*.json*")) == []


async def test_a_session_that_was_just_left_opens_with_all_that_was_said(store):
    keeper = Keeper(store)
    async with chatting(keeper=keeper) as person:
        await person.send("hi")
        await person.hear("ho")
        await person.until(lambda: keeper.session_id and keeper.saved)
        session = keeper.session_id
        person.session.conversation.add(UserMessage("said just now"))
        person.chat.open_session(session)
        assert person.session.conversation.entries[-1].text == "said just now"


async def test_a_session_that_was_held_with_a_server_says_so_where_a_model_is_chosen(store):
    keeper = Keeper(store)
    served = {"server": "http://desk:8080", "vocabulary_size": 0}
    async with chatting(keeper=keeper, **served) as person:
        await person.send("hi")
        await person.hear("ho")
        await person.until(lambda: keeper.session_id and keeper.saved)
    async with starting(model=None, keeper=Keeper(store), resume=Resume.LAST) as person:
        await person.until("Choose a model")
        assert "A server's model, scripted, wrote this: --server URL" in _words(person)


async def test_the_open_session_is_deleted(store):
    keeper = Keeper(store)
    async with chatting(keeper=keeper) as person:
        await person.send("hi")
        await person.hear("ho")
        await person.until(lambda: keeper.session_id and keeper.saved)
        store.delete(keeper.session_id)
        await person.send("what now?")
        await person.hear("We go on.")
        await person.until(lambda: keeper.number == 2 and keeper.saved)
        await person.until(lambda: DELETED[:40] in person.screen)
        assert [row.number for row in store.page()] == [2]
        assert store.read(keeper.session_id).conversation.entries[-1].text == "We go on."


async def test_damaged_tokens_are_said_and_the_text_stays(store):
    session = store.add(talk("Hello", "Hi there"))
    with closing(sqlite3.connect(store.file)) as connection:
        connection.execute("UPDATE records SET packed = x'0102'")
        connection.commit()
    async with chatting(keeper=Keeper(store)) as person:
        person.chat.open_session(session)
        await person.until(lambda: "Hi there" in person.screen)
        await person.press("ctrl+t")
        assert person.notes[-1].startswith("The saved tokens of this reply are damaged")
        await person.send("/tokens always")
        assert "Hi there" in await person.look()


@pytest.mark.parametrize(("spoil", "part"), [(newer, "newer mlxchat"), (truncated, "is damaged")])
async def test_the_app_goes_on_without_its_file(tmp_path, spoil, part):
    file = tmp_path / "sessions.sqlite3"
    spoil(file)
    before = file.read_bytes()
    store = SessionStore(file)
    async with chatting(keeper=Keeper(store)) as person:
        await person.send("hi")
        screen = await person.hear("ho")
        assert "ho" in screen
        shown = " ".join(screen.split())
        assert part in shown
        assert "stays as it is" in shown
        await person.press("f4")
        await person.until(lambda: part in _words(person))
        await person.press("escape")
        await person.send("/rename Mine")
        await person.send("and now?")
        assert "We go on." in await person.hear("We go on.")
    store.close()
    assert file.read_bytes() == before
