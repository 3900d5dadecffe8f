"""The headless core, over a scripted engine."""

from __future__ import annotations

from dataclasses import replace

import pytest

from mlxchat.conversation.entries import UserMessage
from mlxchat.conversation.exports.message_rows import written_reply
from mlxchat.conversation.storage.sessions import SavedSession, SessionRow
from mlxchat.conversation.summary import reply_footer, reply_label
from mlxchat.engine.interface import LoadFailed, Message, ModelSpec
from mlxchat.errors import MlxchatError
from mlxchat.session.chat import ChatSession
from tests.conversation.exports.chats import talk
from tests.scripted import ScriptedEngine
from tests.sessions import answer, last_request, ready_session


@pytest.fixture
def session(engine: ScriptedEngine) -> ChatSession:
    return ready_session(engine, max_tokens=50)


def test_the_models_settings_are_the_defaults_and_given_ones_stay(session):
    assert (session.settings.temp, session.settings.top_p) == (0.7, 0.9)
    assert session.settings.max_tokens == 50
    assert session.defaults.max_tokens != 50


def test_a_turn(session, engine):
    session.send("Hello")
    assert session.busy
    request = last_request(engine)
    assert list(request.messages) == [Message("system", "Be brief."), Message("user", "Hello")]
    answer(session, engine, "Hi there")
    assert not session.busy
    assert session.reply.text == "Hi there"
    session.send("Again")
    messages = last_request(engine).messages
    assert messages[2] == Message("assistant", "Hi there", (0, 1))


def test_what_a_reply_does_not_say_is_no_part_of_the_next_prompt(session, engine):
    """An end token, or a stop string; one that begins within a token leaves a part of its text."""
    session.send("Hello")
    engine.begin()
    engine.say("Hi there you")
    engine.finish(unspoken=2)
    session.pump()
    assert session.reply.spoken_ids == (0,)
    session.ask_next(1)
    assert engine.called("inspect")[-1].reply_ids == (0,)
    session.send("Again")
    assert last_request(engine).messages[2] == Message("assistant", "Hi there you", (0,))


def test_words_are_settings_like_the_others(session, engine):
    session.set_parameter("logit_bias", [("Paris", -5)])
    session.send("Hello")
    assert last_request(engine).settings.logit_bias == (("Paris", -5.0),)
    engine.begin()
    engine.say("one")
    session.set_parameter("stop_strings", ("x" * 60, "\n"))
    assert engine.settings.stop_strings == ("x" * 60, "\n")
    engine.say("two")
    engine.finish()
    session.pump()
    assert "logit_bias Paris -5" in reply_label(session.reply)
    assert f"stop_strings none→{'x' * 39}…" in reply_footer(session.reply)
    session.reset_settings()
    assert session.settings.logit_bias == ()


def saved(system: str) -> SavedSession:
    conversation = talk("Hello", "Hi", system=system)
    row = SessionRow(1, 1, "Title", 0.0, 0.0, 2)
    return SavedSession(row, conversation)


def test_a_session_goes_on_under_the_system_prompt_of_the_start(session):
    session.system_to_resume = "Be long."
    session.open_saved(saved("Be wet."))
    assert session.conversation.system == "Be long."
    session.undo_step()
    assert session.conversation.system == "Be wet."
    session.open_saved(saved("Be dry."))
    assert session.conversation.system == "Be dry."


def test_a_session_that_is_opened_later_keeps_its_system_prompt(session, engine):
    session.system_to_resume = "Be long."
    session.send("Hello")
    answer(session, engine, "Hi")
    session.open_saved(saved("Be wet."))
    assert session.conversation.system == "Be wet."


def test_no_model_is_said_to_have_written_what_was_imported(session, engine):
    wanted = saved("")
    wanted.conversation.add(UserMessage("Bye"))
    wanted.conversation.add(written_reply("Ciao"))
    assert session.open_saved(wanted) == ""
    session.retry()
    assert last_request(engine).prefill == ""


def test_a_message_sent_while_loading_waits(engine):
    session = ChatSession(engine)
    session.load(ModelSpec("scripted"))
    session.send("Hello")
    assert session.busy
    assert engine.called("reply") == []
    engine.load_ends()
    session.pump()
    assert last_request(engine).settings.temp == 0.7


def test_a_message_without_a_model_is_refused_and_not_kept(engine):
    session = ChatSession(engine)
    with pytest.raises(MlxchatError, match="No model is loaded"):
        session.send("Hello")
    assert session.conversation.entries == []


def test_a_stop_that_comes_as_the_load_ends_stops_the_waiting_message(engine):
    session = ChatSession(engine)
    session.load(ModelSpec("scripted"))
    session.send("hello")
    session.stop()
    engine.load_ends()
    session.pump()
    assert (session.state, session.busy) == ("ready", False)
    assert engine.request is None
    session.retry()
    assert session.busy


def test_a_failed_load_leaves_the_message_for_a_retry(engine):
    session = ChatSession(engine)
    session.load(ModelSpec("nowhere"))
    session.send("Hello")
    engine.load_fails("It is not there.")
    session.pump()
    assert not session.busy
    session.load(ModelSpec("scripted"))
    engine.load_ends()
    session.pump()
    session.retry()
    assert [m.content for m in last_request(engine).messages] == ["Hello"]


def test_a_second_message_has_to_wait(session, engine):
    session.send("Hello")
    with pytest.raises(MlxchatError, match="still being written"):
        session.send("And another")
    assert len(session.conversation.entries) == 2


def test_retry_asks_for_the_same_with_another_seed(session, engine):
    session.send("Hello")
    answer(session, engine, "Hi")
    first = last_request(engine)
    session.retry()
    again = last_request(engine)
    assert again.messages == first.messages
    assert again.seed != first.seed
    assert again.reply_id != first.reply_id


def test_a_retry_on_another_path_goes_there(session, engine):
    session.send("Hello")
    answer(session, engine, "Hi")
    there = session.conversation.tip
    session.set_system("Be kind.")
    session.edit(session.conversation.path[0], "Bye")
    answer(session, engine, "Ciao")
    session.set_system("Be rude.")
    session.retry(there)
    said = [(message.role, message.content) for message in last_request(engine).messages]
    assert said == [("system", "Be kind."), ("user", "Hello")]
    assert session.reply.system == session.conversation.system == "Be kind."


def test_events_of_a_reply_that_was_given_up_are_ignored(session, engine):
    session.send("Hello")
    old = engine.request
    answer(session, engine, "Hi")
    session.retry()
    new = engine.request
    engine.request = old
    engine.say("stale")
    assert session.pump() == []
    engine.request = new
    answer(session, engine, "fresh")
    assert session.reply.text.strip() == "fresh"


def test_a_reply_that_ended_by_itself_is_not_gone_on_with(session, engine):
    session.send("Hello")
    answer(session, engine, "Hi")
    with pytest.raises(MlxchatError, match="ended by itself"):
        session.continue_reply()
    assert len(session.conversation.path[0].versions) == 1
    session.conversation.edit(session.conversation.tip, "Hi, and")
    session.continue_reply()
    assert last_request(engine).prefill == "Hi, and"
    answer(session, engine, " so on", "length")
    ids = session.reply.spoken_ids
    session.continue_reply()
    assert last_request(engine).reply_ids == ids != ()


def test_a_fixed_seed_is_used_and_recorded(session, engine):
    session.set_parameter("seed", 21)
    session.send("Hello")
    assert last_request(engine).seed == session.reply.seed == 21


def test_a_change_reaches_the_engine_at_once_and_the_footer_tells(session, engine):
    session.send("Hello")
    engine.begin()
    engine.say("one")
    session.set_parameter("temp", 1.1)
    assert engine.settings.temp == 1.1
    engine.say("two")
    engine.finish()
    session.pump()
    assert "temp 0.70" in reply_label(session.reply)
    assert "temp 0.70→1.10" in reply_footer(session.reply)


def test_a_stopped_reply_stays_in_the_conversation(session, engine):
    session.send("Hello")
    answer(session, engine, "Half a", "cancelled")
    assert "stopped by you" in reply_footer(session.reply)
    session.send("Go on")
    assert last_request(engine).messages[-2].content == "Half a"


def test_a_reply_that_failed_at_once_is_not_sent_again(session, engine):
    session.send("Hello")
    engine.fail("Out of memory.")
    session.pump()
    assert session.reply.failure == "Out of memory."
    session.send("Again")
    messages = last_request(engine).messages
    assert [m.role for m in messages] == ["system", "user"]
    assert messages[-1].content == "Hello\n\nAgain"


def test_a_load_stops_the_reply_and_the_next_message_waits(session, engine):
    session.send("Hello")
    engine.begin()
    engine.say("Half a")
    session.pump()
    session.load(ModelSpec("another"))
    assert engine.called("cancel")
    assert session.state == "loading"
    with pytest.raises(MlxchatError, match="still being written"):
        session.send("Next")
    engine.finish("cancelled")
    session.pump()
    assert session.state == "loading"
    assert session.reply.reason == "cancelled"
    session.send("Next")
    asked = len(engine.called("reply"))
    engine.load_ends()
    session.pump()
    assert len(engine.called("reply")) == asked + 1
    assert [m.content for m in last_request(engine).messages][-2:] == ["Half a", "Next"]


def test_a_load_makes_way_for_the_next(engine):
    session = ChatSession(engine)
    session.load(ModelSpec("first"))
    session.send("Hello")
    session.load(ModelSpec("second"))
    engine.tell(LoadFailed("Loading was stopped.", cancelled=True))
    assert session.pump() == []
    assert session.state == "loading"
    engine.load_ends()
    session.pump()
    assert [m.content for m in last_request(engine).messages] == ["Hello"]


def test_a_reset_value_does_not_follow_to_the_next_model(session, engine):
    session.set_parameter("temp", 1.1)
    session.reset_parameter("temp")
    assert session.settings.temp == 0.7
    engine.info = replace(engine.info, recommended={"temp": 1.0})
    session.load(ModelSpec("another"))
    engine.load_ends()
    session.pump()
    assert session.settings.temp == 1.0
    assert session.settings.max_tokens == 50


def test_retry_keeps_the_prefill(session, engine):
    session.prefill = "Sure, "
    session.send("Hello")
    answer(session, engine, "here")
    session.retry()
    assert last_request(engine).prefill == "Sure, "


def test_clear_keeps_the_system_prompt(session, engine):
    session.send("Hello")
    answer(session, engine, "Hi")
    session.clear()
    assert session.conversation.messages() == [Message("system", "Be brief.")]


def test_the_prefill_counts_for_one_reply(session, engine):
    session.prefill = "Sure, "
    session.send("Hello")
    assert last_request(engine).prefill == "Sure, "
    answer(session, engine, "here")
    assert session.reply.text == "Sure, here"
    session.send("More")
    assert last_request(engine).prefill == ""


def test_a_fork_does_the_same_where_it_does_not_fit_and_a_new_conversation_asks(session, engine):
    session.send("Hello")
    answer(session, engine, "Hi there")
    session.choose_overflow("window")
    session.fork()
    assert session.conversation.overflow == "window"
    session.clear()
    assert session.conversation.overflow == "ask"
