"""Replaying a reply, over a scripted engine."""

from __future__ import annotations

from dataclasses import replace

import pytest

from mlxchat.conversation.entries import Reply
from mlxchat.conversation.replay import steps_read_in, verdict
from mlxchat.conversation.summary import reply_footer
from mlxchat.conversation.token_list import TokenList
from mlxchat.engine.interface import DEMO, Message, ModelSpec, Repeated, TokenSampled
from mlxchat.engine.server.records import text_record
from mlxchat.errors import MlxchatError
from mlxchat.session.chat import ChatSession
from tests.scripted import INFO, ScriptedEngine
from tests.sessions import answer, last_request, ready_session


@pytest.fixture
def engine() -> ScriptedEngine:
    return ScriptedEngine()


@pytest.fixture
def session(engine: ScriptedEngine) -> ChatSession:
    return ready_session(engine, seed=21)


def outcome(session: ChatSession) -> str:
    assert session.replayed is not None
    assert session.current is not None
    return verdict(session.replayed, session.current, lambda i: f"·t{i}")


def test_a_replay_asks_for_the_same_once_more(session, engine):
    session.prefill = "Hey"
    session.send("Hello")
    first = last_request(engine)
    engine.begin()
    engine.say("one two")
    session.set_parameter("temp", 1.5)
    engine.say("three")
    engine.finish("cancelled")
    session.pump()
    session.set_parameter("seed", 5)
    session.set_system("Be long.")
    session.replay()
    again = last_request(engine)
    assert list(again.messages) == [Message("system", "Be brief."), Message("user", "Hello")]
    assert (again.messages, again.seed, again.prefill) == (first.messages, 21, "Hey")
    assert [settings.temp for settings in again.schedule] == [0.7, 0.7, 1.5]
    assert again.settings == session.settings


def test_the_conversation_stays_as_it_is(session, engine):
    session.send("Hello")
    answer(session, engine, "Hi there")
    entries = list(session.conversation.entries)
    reply = session.reply
    session.replay()
    assert session.busy
    answer(session, engine, "Ho there")
    assert not session.busy
    assert session.conversation.entries == entries
    assert session.reply is reply
    assert session.reply.text == "Hi there"
    session.send("Again")
    assert last_request(engine).messages[2].content == "Hi there"
    assert session.replayed is None
    assert last_request(engine).schedule == ()


def test_the_same_tokens_are_identical(session, engine):
    session.send("Hello")
    answer(session, engine, "a b c")
    session.replay()
    answer(session, engine, "a b c")
    assert outcome(session) == "identical: 3 tokens"
    session.replay()
    answer(session, engine, "a b c")
    assert outcome(session) == "identical: 3 tokens"


def became(reply: Reply, place: int, token_id: int) -> None:
    records = list(reply.tokens)
    records[place] = replace(records[place], token_id=token_id)
    reply.tokens = TokenList(records)


def test_another_token_is_named(session, engine):
    session.send("Hello")
    answer(session, engine, "a b c")
    session.replay()
    replayed = session.current
    answer(session, engine, "a b c")
    became(replayed, 1, 9)
    assert outcome(session) == "differs from token 2: ·t1 became ·t9"


def test_a_prompt_that_was_read_otherwise_is_told_where_the_tokens_differ(session, engine):
    session.send("Hello")
    answer(session, engine, "a b")
    session.replay()
    replayed = session.current
    answer(session, engine, "a b")
    became(replayed, 0, 7)
    replayed.statistics = replace(replayed.statistics, reused_tokens=0)
    assert outcome(session) == "differs from token 1: ·t0 became ·t7 · 4 in cache then, 0 now"


def test_a_prompt_that_was_edited_since_is_told_where_the_tokens_differ(session, engine):
    session.send("Hello")
    answer(session, engine, "a b")
    session.edit(session.conversation.path[0], "Hello you", in_place=True)
    session.replay()
    replayed = session.current
    answer(session, engine, "a b")
    became(replayed, 0, 7)
    replayed.statistics = replace(replayed.statistics, prompt_tokens=15)
    told = "differs from token 1: ·t0 became ·t7 · prompt of 14 tokens then, 15 now"
    assert outcome(session) == told


def test_a_replay_that_was_stopped(session, engine):
    session.send("Hello")
    answer(session, engine, "a b c")
    session.replay()
    answer(session, engine, "a b", "cancelled")
    assert outcome(session) == "stopped after 2 tokens, identical so far"


def test_a_replay_that_went_on_beyond_the_end(session, engine):
    session.send("Hello")
    answer(session, engine, "a")
    session.replay()
    answer(session, engine, "a b")
    assert outcome(session) == "differs from token 2: ·t1"


def test_a_replay_that_is_too_long_takes_no_message_back(session, engine):
    session.send("Hello")
    answer(session, engine, "a b")
    session.replay()
    engine.fail("It is too long.", too_long=True)
    session.pump()
    assert session.take_back() == ""
    assert [entry.text for entry in session.conversation.entries] == ["Hello", "a b"]


def test_nothing_to_replay(session, engine):
    with pytest.raises(MlxchatError, match="no reply to replay yet"):
        session.replay()
    session.send("Hello")
    with pytest.raises(MlxchatError, match="still being written"):
        session.replay()
    engine.begin()
    engine.fail("It broke.")
    session.pump()
    with pytest.raises(MlxchatError, match="no reply to replay yet"):
        session.replay()


@pytest.mark.parametrize(
    ("other", "words"),
    [
        (ModelSpec("another/model"), "scripted wrote this reply: load it"),
        (ModelSpec("scripted", adapter_path="pirate"), "without an adapter"),
        (ModelSpec("scripted", kv_bits=4), "type /kv_bits off to replay"),
        (ModelSpec("scripted", max_kv_size=64), "with other options"),
    ],
)
def test_another_model_is_refused(session, engine, other, words):
    session.send("Hello")
    answer(session, engine, "Hi")
    session.load(other)
    with pytest.raises(MlxchatError):
        session.replay()
    engine.load_ends()
    session.pump()
    with pytest.raises(MlxchatError, match=words):
        session.replay()
    session.load(ModelSpec("scripted"))
    engine.load_ends()
    session.pump()
    session.replay()
    assert session.busy


def test_a_load_that_fails_leaves_the_model_that_can_replay(session, engine):
    session.send("Hello")
    answer(session, engine, "Hi")
    session.load(ModelSpec("another/model"))
    engine.load_fails("No such model.")
    session.pump()
    session.replay()
    assert session.busy


def test_changes_under_a_draft_model_are_refused_and_a_steady_reply_is_not(engine):
    session = ChatSession(engine)
    session.load(ModelSpec("scripted", draft_model="small"))
    engine.load_ends()
    session.pump()
    session.send("Hello")
    answer(session, engine, "Hi")
    session.replay()
    answer(session, engine, "Hi")
    session.send("Hello")
    engine.begin()
    engine.say("a")
    session.set_parameter("temp", 1.5)
    engine.say("b")
    engine.finish()
    session.pump()
    with pytest.raises(MlxchatError, match="draft model"):
        session.replay()


def test_the_demo_is_remembered_by_its_folder(tmp_path):
    engine = ScriptedEngine(replace(INFO, path=tmp_path, prefill_step_size=128))
    session = ChatSession(engine)
    session.load(ModelSpec(DEMO))
    engine.load_ends()
    session.pump()
    assert session.spec == ModelSpec(str(tmp_path), prefill_step_size=128)


def test_the_steps_in_which_a_prompt_came_about(session, engine):
    """Prompts in steps, replies token by token, and again from where the cache was cut."""
    for text, prompt, reused in (("one", 14, 0), ("two", 40, 17), ("three", 60, 12)):
        session.send(text)
        answer(session, engine, "a b c")
        reply = session.reply
        reply.spec = replace(reply.spec, prefill_step_size=8)
        reply.statistics = replace(reply.statistics, prompt_tokens=prompt, reused_tokens=reused)
    replies = session.conversation.entries[1::2]
    steps = [steps_read_in(session.conversation, reply) for reply in replies]
    assert steps[0] == (8, 5)
    assert steps[1] == (8, 5, 1, 1, 1, 1, 8, 8, 6)
    assert steps[2] == (8, 4, 8, 8, 8, 8, 8, 7)
    assert [sum(s) for s in steps] == [13, 39, 59]


def test_what_was_written_under_other_switches_lies_in_other_caches(session, engine):
    for text, prompt, reused, bits in (("1", 14, 0, None), ("2", 40, 0, 8), ("3", 60, 17, None)):
        session.send(text)
        answer(session, engine, "a b c")
        reply = session.reply
        reply.spec = replace(reply.spec, prefill_step_size=8, kv_bits=bits)
        reply.statistics = replace(reply.statistics, prompt_tokens=prompt, reused_tokens=reused)
    replies = session.conversation.entries[1::2]
    steps = [steps_read_in(session.conversation, reply) for reply in replies]
    assert steps[1] == (8, 8, 8, 8, 7)
    assert steps[2] == (8, 5, 1, 1, 1, 1, *[8] * 5, 2)


# Of a reply whose tokens nobody sent


@pytest.fixture
def served() -> ScriptedEngine:
    return ScriptedEngine(replace(INFO, server="http://desk:8080"))


def text_of(session: ChatSession, engine: ScriptedEngine, reason: str, *texts: str) -> None:
    """A reply of which only the text comes."""
    engine.begin()
    for text in texts:
        record = text_record(text, session.settings)
        engine.tell(TokenSampled(last_request(engine).reply_id, record))
    engine.finish(reason)
    session.pump()


@pytest.mark.parametrize(
    ("was", "texts", "reason", "told"),
    [
        ("cancelled", "ab", "length", "identical text: 2 tokens"),
        ("cancelled", "abc", "length", "differs from character 7"),
        ("stop", "abc", "length", "differs from character 7"),
        ("stop", "ax", "stop", "differs from character 6"),
        ("stop", "", "cancelled", "stopped"),
        ("stop", "a", "cancelled", "stopped after 1 token, identical so far"),
        ("stop", "ax", "cancelled", "differs from character 6"),
    ],
)
def test_a_replay_of_a_text_is_held_against_it(served, was, texts, reason, told):
    session = ready_session(served, seed=21)
    session.prefill = "Well"
    session.send("Hello")
    text_of(session, served, was, "a", "b")
    session.replay()
    assert last_request(served).repeats == Repeated("ab", was == "stop")
    text_of(session, served, reason, *texts)
    assert outcome(session).startswith(told)
    assert "max_tokens" not in reply_footer(session.current)
