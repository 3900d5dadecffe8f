"""What is listed, in which order, and what is found."""

from __future__ import annotations

import random
import sqlite3
import time
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mlxchat.conversation.entries import UserMessage
from mlxchat.conversation.storage import indexing
from mlxchat.conversation.storage.keeper import Keeper
from mlxchat.conversation.storage.search_text import EXCERPT, excerpt, match_of
from mlxchat.conversation.storage.sessions import Wanted
from mlxchat.conversation.storage.store import SessionStore
from mlxchat.errors import MlxchatError
from tests.conversation.storage.conftest import until_saved
from tests.trees import SETTINGS, record, reply, talk


def titles(store: SessionStore, text: str = "", **wanted: object) -> list[str]:
    return [row.title for row in store.page(Wanted(text, **wanted))]  # type: ignore[arg-type]


def test_pinned_sessions_come_first_then_the_last_changed(store: SessionStore):
    ids = [store.add(talk(f"session {n}")) for n in range(4)]
    assert titles(store) == [f"session {n}" for n in (3, 2, 1, 0)]
    store.pin(ids[1], True)
    assert titles(store) == [f"session {n}" for n in (1, 3, 2, 0)]
    assert [row.title for row in store.page(limit=2, offset=1)] == ["session 3", "session 2"]
    store.pin(ids[1], False)
    assert store.latest() == ids[3]


def test_a_row_says_what_a_list_shows(store: SessionStore):
    conversation = talk("Hello\nthere", "Hi", "And?", "So.")
    session = store.add(conversation, created=1000.0)
    (row,) = store.page()
    assert (row.id, row.number, row.title) == (session, 1, "Hello")
    assert (row.messages, row.created) == (4, 1000.0)
    assert row.model == conversation.last_reply.model  # type: ignore[union-attr]
    assert time.time() - 60 < row.updated <= time.time()


def test_deleted_messages_are_not_counted(store: SessionStore):
    conversation, keeper = talk("one", "two", "three", "four"), Keeper(store)
    keeper.follow(conversation)
    until_saved(keeper)
    conversation.delete(conversation.path[1])
    until_saved(keeper)
    assert store.page()[0].messages == 1
    conversation.undo()
    until_saved(keeper)
    assert store.page()[0].messages == 4


def test_a_deleted_session_can_be_brought_back(store: SessionStore):
    session = store.add(talk("Hello"))
    store.delete(session)
    assert titles(store) == []
    assert titles(store, deleted=True) == ["Hello"]
    assert store.page(Wanted(deleted=True))[0].deleted
    assert store.latest() is None
    store.restore(session)
    assert titles(store) == ["Hello"]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("lighthouse", True),
        ("LIGHT", True),  # the last word need not be typed to its end
        ("light keeper", False),  # the others must be
        ("keeper light", True),
        ("模型", True),
        ("模", True),
        ("型", True),
        ("言模", True),
        ("模言", False),
        ("语言模型的 keeper", True),
        ("café", True),
        ("cafe", True),
        ("don't", True),
        ("\"don't", True),
        ('"lighthouse', True),
        ("light*", True),
        ("keeper OR nothing", False),
        ("NOT keeper", False),
        ("text: keeper", False),
        ("NEAR(lighthouse keeper)", False),
        ("(keeper)", True),
        ("-keeper", True),
        ("^keeper", True),
        ("keeper — lighthouse", True),  # a dash is no word
        ("C++", True),
        ("?!", False),
        ("한국", True),
    ],
)
def test_words_are_found_and_nothing_is_syntax(store: SessionStore, query: str, found: bool):
    text = "The lighthouse keeper says: don't use C++ in a café. 语言模型的训练 한국어"
    store.add(talk("Hello", text))
    store.add(talk("Something else", "of no interest"))
    assert titles(store, query) == (["Hello"] if found else [])


@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.text(alphabet=st.characters(), max_size=30)
    | st.text("\"'*^():-+{} ANDORTNEa模", max_size=20)
)
def test_no_query_is_an_error(tmp_path: Path, query: str):
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.execute("CREATE VIRTUAL TABLE words USING fts5 (text, content='', prefix='1')")
        match = match_of(query)
        if match:
            connection.execute("SELECT rowid FROM words WHERE words MATCH ?", (match,)).fetchall()


def test_a_very_long_query_is_cut(store: SessionStore):
    store.add(talk("word " * 50))
    assert len(titles(store, "word " * 5000)) == 1


def test_titles_are_found_too(store: SessionStore):
    session = store.add(talk("Hello"), title="我的模型 and pirates")
    assert titles(store, "模型") == ["我的模型 and pirates"]
    assert store.page(Wanted("pirate"))[0].excerpt == ""
    store.rename(session, "Sailors")
    assert titles(store, "pirates") == []
    assert titles(store, "sail") == ["Sailors"]


def test_an_edited_message_is_found_by_what_it_says_now(store: SessionStore):
    conversation, keeper = talk("the albatross", "an answer"), Keeper(store)
    keeper.follow(conversation)
    keeper.rename("Birds")
    until_saved(keeper)
    conversation.edit(conversation.path[0], "the pelican")
    until_saved(keeper)
    assert titles(store, "albatross") == []
    assert titles(store, "pelican") == ["Birds"]
    conversation.undo()
    until_saved(keeper)
    assert titles(store, "albatross") == ["Birds"]
    assert titles(store, "pelican") == []


def test_a_deleted_message_is_not_found_nor_what_follows_it(store: SessionStore):
    conversation = talk("a heron", "an albatross", "and a pelican?", "a gull")
    keeper = Keeper(store)
    keeper.follow(conversation)
    keeper.rename("Birds")
    conversation.rate(conversation.tip, "good")
    conversation.note(conversation.path[2], "birds")
    until_saved(keeper)

    def found() -> list[str]:
        words = [word for word in ("heron", "albatross", "pelican", "gull") if titles(store, word)]
        return words + titles(store, rating="good") + titles(store, noted=True)

    everything = ["heron", "albatross", "pelican", "gull", "Birds", "Birds"]
    assert found() == everything
    conversation.delete(conversation.path[1])
    until_saved(keeper)
    assert found() == ["heron"]
    assert store.page(Wanted("heron"))[0].excerpt == "a heron"
    conversation.undo()
    until_saved(keeper)
    assert found() == everything
    conversation.delete(conversation.path[0])
    until_saved(keeper)
    assert found() == []
    assert store.page()[0].messages == 0


def test_a_message_that_says_something_else_while_it_is_deleted(store: SessionStore):
    conversation, keeper = talk("a heron", "an albatross"), Keeper(store)
    keeper.follow(conversation)
    node = conversation.tip
    conversation.delete(node)
    until_saved(keeper)
    conversation.edit(node, "a pelican")
    until_saved(keeper)
    assert titles(store, "albatross") == titles(store, "pelican") == []
    conversation.undo()
    conversation.redo()
    conversation.undo()
    conversation.undo()
    until_saved(keeper)
    assert titles(store, "albatross") == ["a heron"]


def test_a_deleted_message_comes_in_unfound(store: SessionStore, file: Path):
    conversation = talk("a heron", "an albatross")
    conversation.delete(conversation.tip)
    store.add(conversation)
    with closing(sqlite3.connect(file)) as connection:
        indexing.index_cut(connection, before=time.time() + 1)  # as at the next start
        connection.commit()
    assert titles(store, "albatross") == []
    assert titles(store, "heron") == ["a heron"]


def test_a_reply_that_was_cut_is_found_and_what_comes_later_too(
    store: SessionStore, file: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("mlxchat.conversation.storage.keeper.GROWTH_SECONDS", 0.0)
    conversation, keeper = talk("Hello"), Keeper(store)
    keeper.follow(conversation)
    draw = random.Random(1)
    writing = reply(draw, 0)
    writing.reason, writing.prefill, writing.given, writing.unspoken = None, "", 0, 0
    conversation.add(writing)
    writing.tokens.append(record(draw, SETTINGS[0], "an albatross"))
    until_saved(keeper)
    keeper.tick()
    until_saved(keeper)
    assert titles(store, "albatross") == []
    # Another program starts later and takes the reply for a cut one.
    with closing(sqlite3.connect(file, isolation_level=None)) as connection:
        indexing.index_cut(connection, time.time() + 1)
    assert titles(store, "albatross") == ["Hello"]
    # It was not: it goes on.
    writing.tokens.append(record(draw, SETTINGS[0], " and a pelican"))
    writing.reason = "stop"
    until_saved(keeper)
    assert titles(store, "albatross pelican") == ["Hello"]
    conversation.edit(conversation.path[-1], "nothing of that")
    until_saved(keeper)
    assert titles(store, "albatross") == titles(store, "pelican") == []


def test_ratings_and_notes_narrow_the_list(store: SessionStore):
    rated, noted = talk("rated", "x"), talk("noted", "x")
    rated.rate(rated.path[1], "good")
    noted.note(noted.path[1], "for the next training")
    for conversation in (rated, noted, talk("plain", "x")):
        store.add(conversation)
    assert titles(store, rating="good") == ["rated"]
    assert titles(store, rating="bad") == []
    assert titles(store, noted=True) == ["noted"]
    assert titles(store, "x", noted=True) == ["noted"]


def test_an_excerpt_shows_the_newest_place(store: SessionStore):
    filler = "word " * 40
    store.add(talk(f"{filler} the albatross came first", f"{filler} an Albatross, then {filler}"))
    (row,) = store.page(Wanted("albat"))
    assert "an Albatross, then" in row.excerpt
    assert row.excerpt.startswith("…")
    assert row.excerpt.endswith("…")
    assert len(row.excerpt) <= EXCERPT + 1
    assert "\n" not in excerpt("one\n\ntwo three", "two")


def test_a_session_is_found_by_number_id_and_title(store: SessionStore):
    ids = [store.add(talk(text)) for text in ("Lighthouse", "Light", "A house", "Sea 模型")]
    assert store.find("2") == ids[1]
    assert store.find(str(ids[2])) == ids[2]
    assert store.find(" light ") == ids[1]
    assert store.find("lighth") == ids[0]
    assert store.find("模型") == ids[3]
    for name, part in (("ouse", "2 sessions"), ("", "No session"), ("99", "No session")):
        with pytest.raises(MlxchatError, match=part):
            store.find(name)


def test_what_is_not_there_is_said(store: SessionStore):
    with pytest.raises(MlxchatError, match="not saved"):
        store.read(5)
    with pytest.raises(MlxchatError, match="at least one character"):
        store.rename(store.add(talk("Hello")), " \n ")


def test_the_title_follows_the_first_message_until_it_is_named(store: SessionStore):
    conversation, keeper = talk("\n  What   is this?\nmore"), Keeper(store)
    keeper.follow(conversation)
    assert (keeper.session_id, keeper.number, keeper.title) == (None, None, "")
    until_saved(keeper)
    assert (keeper.number, keeper.title) == (1, "What is this?")
    conversation.edit_as_version(conversation.path[0], "w" * 100)
    until_saved(keeper)
    assert store.page()[0].title == "w" * 59 + "…"
    keeper.rename("Mine")
    until_saved(keeper)
    conversation.edit_as_version(conversation.path[0], "other")
    until_saved(keeper)
    assert store.page()[0].title == keeper.title == "Mine"


def test_a_name_given_elsewhere_stays(store: SessionStore):
    conversation, keeper = talk("Hello"), Keeper(store)
    keeper.follow(conversation)
    until_saved(keeper)
    store.rename(store.find("1"), "Named in the list")
    conversation.edit_as_version(conversation.path[0], "other")
    until_saved(keeper)
    assert titles(store) == ["Named in the list"]


def test_without_messages_there_is_no_session(store: SessionStore):
    keeper = Keeper(store)
    conversation = talk()
    keeper.follow(conversation)
    conversation.system = "Be brief."
    until_saved(keeper)
    assert store.page() == []
    assert keeper.close()
    conversation.add(UserMessage("Hello"))
    assert keeper.close()
    assert store.read(store.latest() or 0).conversation.system == "Be brief."
