"""Saved tokens that are damaged: the text stays, whoever looks at them is told, and the file stays
as it is."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from mlxchat.conversation.code.as_code import as_code
from mlxchat.conversation.conversation import Conversation
from mlxchat.conversation.entries import Reply
from mlxchat.conversation.exports.chat import Chat, Exported, Options
from mlxchat.conversation.exports.importing import import_conversations
from mlxchat.conversation.exports.page import write_html
from mlxchat.conversation.exports.tree_json import write_json
from mlxchat.conversation.replay import check_replayable
from mlxchat.conversation.storage.keeper import Keeper
from mlxchat.conversation.storage.store import SessionStore
from mlxchat.errors import MlxchatError
from tests.conversation.storage.conftest import until_saved
from tests.scripted import ScriptedEngine
from tests.sessions import last_request, ready_session
from tests.trees import talk

DAMAGES = ["UPDATE records SET packed = x'0102'", "DELETE FROM records"]
SENTENCE = "The saved tokens of this reply are damaged"


@pytest.fixture(params=DAMAGES)
def damaged(store: SessionStore, file: Path, request: pytest.FixtureRequest) -> int:
    """A session with a reply whose tokens are damaged."""
    session = store.add(talk("Hello", "Hi there"))
    with closing(sqlite3.connect(file)) as connection:
        connection.execute(request.param)
        connection.commit()
    return session


def reply_of(conversation: Conversation) -> Reply:
    found = conversation.last_reply
    assert found is not None
    return found


def tokens_in(file: Path) -> list[tuple[object, ...]]:
    """All that the file has of tokens."""
    statements = ("SELECT * FROM pieces", "SELECT * FROM records", "SELECT * FROM runs")
    with closing(sqlite3.connect(file)) as connection:
        return [row for s in statements for row in connection.execute(s).fetchall()]


def test_the_text_stays_and_a_look_tells(store: SessionStore, damaged: int):
    reply = reply_of(store.read(damaged).conversation)
    assert len(reply.tokens) == 1
    assert reply.damage.startswith(SENTENCE)
    assert list(reply.tokens) == []
    assert reply.text == reply.message.content == "Hi there"


def test_nothing_in_the_file_is_written_over(store: SessionStore, file: Path, damaged: int):
    before = tokens_in(file)
    conversation, keeper = store.read(damaged).conversation, Keeper(store)
    assert reply_of(conversation).damage
    keeper.follow(conversation, damaged)
    conversation.rate(conversation.tip, "good")
    conversation.add_version(conversation.tip, reply_of(talk("x", "Another")))
    conversation.edit(conversation.path[0], "Good day")
    until_saved(keeper)
    after = tokens_in(file)
    assert [row for row in before if row not in after] == []


@pytest.mark.parametrize("write", [write_json, write_html])
def test_an_export_has_the_text_and_says_so(
    store: SessionStore, damaged: int, write: Callable[[list[Chat], Options], Exported]
):
    exported = write([Chat("Title", store.read(damaged).conversation)], Options())
    assert "Hi there" in exported.text
    assert exported.left_out.startswith("The saved tokens of 1 reply are damaged")
    assert write([Chat("Title", talk("Hello", "Hi"))], Options()).left_out == ""


def test_what_was_exported_is_imported_with_its_text(store: SessionStore, damaged: int):
    conversation = store.read(damaged).conversation
    reply = reply_of(conversation)
    reply.given = reply.unspoken = 1
    exported = write_json([Chat("Title", conversation)], Options()).text
    assert json.loads(exported)["conversations"][0]["messages"][2]["entry"]["text"] == "Hi there"
    (chat,) = import_conversations(exported.encode(), "a.json")
    assert reply_of(chat.conversation).text == "Hi there"
    assert not reply_of(chat.conversation).damage


def test_a_replay_and_code_are_refused_with_the_sentence(store: SessionStore, damaged: int):
    conversation = store.read(damaged).conversation
    with pytest.raises(MlxchatError, match=SENTENCE):
        check_replayable(conversation.last_reply, None)
    for language in ("python", "shell"):
        with pytest.raises(MlxchatError, match=SENTENCE):
            as_code(language, conversation)  # type: ignore[arg-type]


def test_a_chat_goes_on_from_the_text(store: SessionStore, damaged: int):
    engine = ScriptedEngine()
    session = ready_session(engine)
    session.open_saved(store.read(damaged))
    session.ask_next(1)
    assert engine.called("inspect")[-1].prefill == "Hi there"  # type: ignore[attr-defined]
    session.continue_reply()
    assert last_request(engine).prefill == "Hi there"
    assert last_request(engine).reply_ids == ()
