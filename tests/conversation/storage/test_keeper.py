"""The keeper of a running chat: what it saves when, and what it never loses."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest

from mlxchat.conversation.conversation import Conversation
from mlxchat.conversation.entries import Reply, UserMessage
from mlxchat.conversation.storage import keeper as keeping
from mlxchat.conversation.storage.keeper import Keeper
from mlxchat.conversation.storage.store import SessionStore
from mlxchat.conversation.summary import reply_footer
from tests.conversation.storage.conftest import until_saved
from tests.scripted import ScriptedEngine
from tests.sessions import answer, ready_session
from tests.trees import SETTINGS, record, reply, same_tree, talk


class Counted(SessionStore):
    """Counts what is sent to the thread that writes."""

    batches = 0

    def submit(self, work):  # type: ignore[no-untyped-def]
        self.batches += 1
        return super().submit(work)


def writing() -> Reply:
    made = reply(random.Random(1), 0)
    return replace(made, reason=None, prefill="", given=0, unspoken=0)


def test_a_reply_that_grows_is_saved_now_and_then_and_its_end_at_once(
    file, monkeypatch: pytest.MonkeyPatch
):
    now = 100.0
    monkeypatch.setattr(keeping.time, "monotonic", lambda: now)
    store = Counted(file)
    conversation, keeper, draw = talk("Hello"), Keeper(store), random.Random(1)
    keeper.follow(conversation)
    growing = writing()
    conversation.add(growing)

    def ticks(count: int) -> int:
        """How many batches are sent in so many twentieths of a second, a token in each."""
        nonlocal now
        before = store.batches
        for _ in range(count):
            now += 0.05
            growing.tokens.append(record(draw, SETTINGS[0]))
            keeper.tick()
            if keeper._saving._job is not None:  # type: ignore[union-attr]
                assert keeper._saving._job.done.wait(30)  # type: ignore[union-attr]
        return store.batches - before

    assert ticks(1) == 1  # what was said goes at once
    assert 9 <= ticks(100) <= 11  # five seconds
    growing.reason = "stop"
    assert ticks(1) == 1
    before = store.batches
    for _ in range(100):
        now += 0.05
        keeper.tick()
    assert store.batches == before  # nothing new, nothing to do
    store.close()


def test_a_conversation_that_is_left_is_saved_to_its_end(store: SessionStore):
    first, second, keeper = talk("first"), talk("second"), Keeper(store)
    keeper.follow(first)
    keeper.follow(second)
    until_saved(keeper)
    assert keeper.title == "second"
    first.add(UserMessage("said when nobody follows"))
    until_saved(keeper)
    assert {row.title: row.messages for row in store.page()} == {"first": 1, "second": 1}


def test_what_was_left_unsaved_is_saved_later(store: SessionStore, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(keeping, "RETRY_SECONDS", 0.01)
    fails = [True] * 3
    real = keeping.write

    def write(connection, batch):  # type: ignore[no-untyped-def]
        if fails:
            fails.pop()
            raise OSError(28, "No space left on device")
        return real(connection, batch)

    monkeypatch.setattr(keeping, "write", write)
    first, second, keeper = talk("first", "answer"), talk("second"), Keeper(store)
    keeper.follow(first)
    keeper.follow(second)
    until_saved(keeper)
    same_tree(first, store.read(store.find("first")).conversation)
    same_tree(second, store.read(store.find("second")).conversation)


def test_a_whole_chat_on_the_real_session(store: SessionStore):
    engine = ScriptedEngine()
    session, keeper = ready_session(engine), Keeper(store)
    keeper.follow(session.conversation)
    session.send("Who are you?")
    keeper.tick()
    answer(session, engine, "I am a model")
    session.retry()
    answer(session, engine, "I am another")
    session.edit(session.conversation.path[0], "And who are you?")
    answer(session, engine, "The same")
    session.undo_step()
    session.delete(session.conversation.path[-1])
    session.set_system("Be long.")
    until_saved(keeper)
    assert keeper.session_id is not None
    same_tree(session.conversation, store.read(keeper.session_id).conversation)
    fork = session.conversation.tip
    session.fork(fork)
    keeper.follow(session.conversation)
    until_saved(keeper)
    assert (keeper.number, len(store.page())) == (2, 2)


def test_what_a_kill_left_of_a_reply_is_told_and_counted_as_it_was(store: SessionStore):
    engine = ScriptedEngine()
    session, keeper = ready_session(engine), Keeper(store)
    keeper.follow(session.conversation)
    session.send("Who are you?")
    engine.begin(reused=4, total=10)
    session.pump()
    until_saved(keeper)
    engine.say("I am a")
    session.pump()
    used = session.context.used
    keeper.flush()
    assert keeper.session_id is not None
    again = ready_session(ScriptedEngine())
    again.open_saved(store.read(keeper.session_id))
    assert again.reply is not None
    footer = reply_footer(again.reply).splitlines()[0]
    assert footer == "3 tok · 4 in cache, 10 read · cut off when the program ended"
    assert again.context.used == used == 17


def test_a_kill_before_the_prompt_was_read_leaves_nothing_to_count(store: SessionStore):
    session, keeper = ready_session(ScriptedEngine()), Keeper(store)
    keeper.follow(session.conversation)
    session.send("Who are you?")
    until_saved(keeper)
    assert keeper.session_id is not None
    cut = store.read(keeper.session_id).conversation.last_reply
    assert cut is not None
    assert reply_footer(cut).startswith("0 tok · cut off when the program ended\n")


def test_a_reply_that_was_never_begun_is_saved(store: SessionStore):
    conversation, keeper = Conversation(), Keeper(store)
    keeper.follow(conversation)
    conversation.add(UserMessage("Hello"))
    failed = writing()
    conversation.add(failed)
    until_saved(keeper)
    failed.reason, failed.failure = "failed", "It broke off."
    until_saved(keeper)
    assert keeper.session_id is not None
    same_tree(conversation, store.read(keeper.session_id).conversation)


def test_what_is_done_where_it_does_not_fit_is_saved(store: SessionStore):
    conversation, keeper = talk("Hello", "Hi"), Keeper(store)
    keeper.follow(conversation)
    until_saved(keeper)
    changed = store.page()[0].updated
    conversation.overflow = "window"
    until_saved(keeper)
    assert keeper.session_id is not None
    opened = store.read(keeper.session_id).conversation
    assert opened.overflow == "window"
    assert store.page()[0].updated == changed  # nothing was said
    keeper.follow(opened, keeper.session_id)
    assert keeper.saved
    opened.overflow = "ask"
    until_saved(keeper)
    assert store.read(keeper.session_id).conversation.overflow == "ask"


def test_a_choice_made_before_the_first_message_is_saved_with_it(store: SessionStore):
    conversation, keeper = Conversation(), Keeper(store)
    keeper.follow(conversation)
    conversation.overflow = "stop"
    until_saved(keeper)
    assert store.page() == []
    conversation.add(UserMessage("Hello"))
    until_saved(keeper)
    assert store.read(store.latest() or 0).conversation.overflow == "stop"


# The session that is open is deleted


def test_what_is_said_after_that_is_a_session_of_its_own(store: SessionStore):
    conversation, keeper = talk("Hello", "Hi"), Keeper(store)
    keeper.follow(conversation)
    keeper.rename("Birds")
    until_saved(keeper)
    old = keeper.session_id
    assert old is not None
    before = store.read(old).conversation
    store.delete(old)
    conversation.add(UserMessage("And?"))
    conversation.add(reply(random.Random(1)))
    assert until_saved(keeper) == [keeping.DELETED]
    (row,) = store.page()
    assert (row.id, row.title, row.messages) == (keeper.session_id, "Birds", 4)
    assert keeper.number == row.number == 2
    same_tree(conversation, store.read(row.id).conversation)
    store.restore(old)
    same_tree(before, store.read(old).conversation)
    conversation.rate(conversation.tip, "good")
    assert until_saved(keeper) == []
    same_tree(before, store.read(old).conversation)
    same_tree(conversation, store.read(row.id).conversation)


def test_looking_around_in_it_brings_nothing_back(store: SessionStore):
    conversation, keeper = talk("Hello", "Hi"), Keeper(store)
    conversation.add_version(conversation.tip, reply(random.Random(1)))
    keeper.follow(conversation)
    until_saved(keeper)
    assert keeper.session_id is not None
    store.delete(keeper.session_id)
    assert conversation.show_version(conversation.tip, -1) is not None
    assert until_saved(keeper) == []
    assert store.page() == []
    store.restore(keeper.session_id)
    conversation.add(UserMessage("It is back."))
    assert until_saved(keeper) == []
    assert [row.id for row in store.page()] == [keeper.session_id]
    same_tree(conversation, store.read(keeper.session_id).conversation)


def test_it_is_deleted_while_a_reply_is_written(
    store: SessionStore, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(keeping, "GROWTH_SECONDS", 0.0)
    conversation, keeper, draw = talk("Hello"), Keeper(store), random.Random(1)
    keeper.follow(conversation)
    growing = writing()
    conversation.add(growing)
    growing.tokens.append(record(draw, SETTINGS[0]))
    until_saved(keeper)
    assert keeper.session_id is not None
    store.delete(keeper.session_id)
    for _ in range(3):
        growing.tokens.append(record(draw, SETTINGS[0]))
        assert keeper.flush()
    growing.reason = "stop"
    assert until_saved(keeper) == [keeping.DELETED]
    assert len(store.page()) == 1
    same_tree(conversation, store.read(store.page()[0].id).conversation)
