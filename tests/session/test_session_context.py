"""What a session does about the model's limit, over a scripted engine and over a tiny model."""

from __future__ import annotations

import pytest

from mlxchat.conversation.code.as_code import as_code
from mlxchat.conversation.entries import UserMessage
from mlxchat.conversation.replay import verdict
from mlxchat.conversation.summarizing import SUMMARY_HEAD
from mlxchat.conversation.summary import prefill_status, reply_footer
from mlxchat.engine.interface import ContextExceeded, PrefillProgress
from mlxchat.errors import MlxchatError
from mlxchat.session.chat import ChatSession
from tests.scripted import ScriptedEngine
from tests.sessions import RealSession, answer, last_request, ready_session


@pytest.fixture
def session(engine: ScriptedEngine) -> ChatSession:
    """With one turn behind it."""
    session = ready_session(engine)
    session.send("Hello")
    answer(session, engine, "Hi there")
    return session


@pytest.fixture
def held(session: ChatSession, engine: ScriptedEngine) -> ChatSession:
    """With a second message whose reply is held."""
    session.send("Again")
    engine.exceed()
    assert any(isinstance(event, ContextExceeded) for event in session.pump())
    return session


def texts(session: ChatSession) -> list[str]:
    return [entry.text for entry in session.conversation.entries]


class TestHowFull:
    def test_it_follows_the_conversation(self, session, engine):
        assert (session.context.used, session.context.limit) == (16, 2048)
        session.send("Again")
        engine.begin(reused=1000, total=600)
        engine.say("one two three")
        session.pump()
        assert session.context.used == 1603
        assert session.context.level == "near"
        engine.finish()
        session.pump()
        session.clear()
        assert session.context.used == 0

    def test_what_is_typed_counts_until_the_conversation_goes_on(self, session, engine):
        engine.counted = 1900
        session.ask_context(5, "   ")
        assert engine.called("count") == []
        session.ask_context(6, "a long text")
        session.pump()
        assert session.context.level == "full"
        session.send("short")
        answer(session, engine, "Yes")
        assert session.context.used == 15

    def test_no_limit_is_never_full(self):
        engine = ScriptedEngine(replace_limit(None))
        session = ready_session(engine)
        session.send("Hello")
        engine.begin(total=10**7)
        session.pump()
        assert session.context.level == "fine"


def replace_limit(limit):
    from dataclasses import replace

    from tests.scripted import INFO

    return replace(INFO, context_limit=limit)


class TestHeld:
    def test_nothing_is_lost_and_nothing_else_begins(self, held, engine):
        assert (held.state, held.busy) == ("held", True)
        assert texts(held) == ["Hello", "Hi there", "Again", ""]
        assert held.context.used == 2000
        assert held.context.level == "full"
        with pytest.raises(MlxchatError, match="still being written"):
            held.send("More")

    @pytest.mark.parametrize("overflow", ["window", "stop"])
    def test_the_reply_goes_on_as_was_chosen(self, held, engine, overflow):
        before = last_request(engine)
        assert before.overflow == "ask"
        reply = held.current
        held.choose_overflow(overflow)
        request = last_request(engine)
        assert (request.overflow, request.seed) == (overflow, before.seed)
        assert request.messages == before.messages
        engine.begin(left_out=2 if overflow == "window" else 0)
        engine.say("Yes")
        engine.finish()
        held.pump()
        assert held.reply is reply
        assert texts(held)[-1] == "Yes"
        assert not held.busy
        held.send("And now?")
        assert last_request(engine).overflow == overflow

    def test_a_stop_gives_it_up_and_a_retry_asks_again(self, held, engine):
        held.stop()
        assert (held.state, held.busy, held.held) == ("ready", False, None)
        assert texts(held) == ["Hello", "Hi there", "Again", ""]
        held.retry()
        assert last_request(engine).overflow == "ask"
        assert last_request(engine).messages[-1].content == "Again"

    def test_another_model_gives_it_up(self, held, engine):
        from mlxchat.engine.interface import ModelSpec

        held.load(ModelSpec("larger"))
        assert held.held is None
        engine.load_ends()
        held.pump()
        assert held.state == "ready"

    def test_the_choice_belongs_to_the_conversation(self, session, engine):
        session.choose_overflow("window")
        assert engine.called("reply")[-1].overflow == "ask"
        session.send("Again")
        assert last_request(engine).overflow == "window"
        session.stop()
        engine.finish("cancelled")
        session.pump()
        session.clear()
        assert session.conversation.overflow == "ask"


class TestLeftOut:
    def test_what_is_out_of_sight(self, session, engine):
        session.choose_overflow("window")
        session.send("Again")
        engine.begin(left_out=2)
        session.pump()
        assert [n.entry.text for n in session.conversation.left_out] == ["Hello", "Hi there"]
        engine.say("Yes")
        engine.finish()
        session.pump()
        assert "2 messages out of sight" in reply_footer(session.reply)
        messages = [m.content for m in session.conversation.before(session.reply)]
        assert messages == ["Be brief.", "Again"]
        session.ask_token(1, session.reply, 0)
        assert [m.content for m in engine.called("inspect")[-1].messages] == messages
        code = as_code("python", session.conversation).text
        assert "Again" in code
        assert "Hello" not in code

    def test_it_stays_known_while_the_next_reply_is_waited_for(self, session, engine):
        session.choose_overflow("window")
        session.send("Again")
        engine.begin(left_out=2)
        engine.say("Yes")
        engine.finish()
        session.pump()
        session.send("More")
        assert len(session.conversation.left_out) == 2

    def test_a_message_that_nothing_answered_is_part_of_the_next_one(self, session, engine):
        session.send("One")
        engine.fail("It broke.")
        session.pump()
        session.choose_overflow("window")
        session.send("Two")
        engine.begin(left_out=2)
        session.pump()
        assert [n.entry.text for n in session.conversation.left_out] == ["Hello", "Hi there"]

    def test_words(self):
        progress = PrefillProgress(1, 0, 5, 10, left_out=1)
        assert prefill_status(progress).endswith("1 message out of sight")


class TestSummary:
    def write(self, session, engine, text="They said hello.", reason="stop") -> None:
        engine.begin()
        engine.say(text)
        engine.finish(reason)
        assert session.pump() == []

    def test_it_is_written_beside_the_conversation(self, session, engine):
        session.set_parameter("temp", 2.0)
        before = texts(session)
        session.summarize()
        assert session.busy
        request = last_request(engine)
        assert [m.role for m in request.messages] == ["system", "user", "assistant", "user"]
        assert (request.overflow, request.room) == ("window", request.settings.max_tokens)
        assert request.settings.temp < 1
        engine.begin()
        engine.say("They")
        session.pump()
        assert session.summary_text == "They"
        with pytest.raises(MlxchatError):
            session.send("Now")
        engine.finish()
        session.pump()
        assert texts(session) == before
        assert session.settings.temp == 2.0
        assert not session.busy

    def test_a_new_conversation_begins_with_it(self, session, engine):
        old = session.conversation
        session.summarize()
        self.write(session, engine)
        session.begin_from_summary(session.summary_text + " And more.")
        assert session.conversation is not old
        assert session.conversation.system == "Be brief."
        assert texts(session) == [f"{SUMMARY_HEAD}\n\nThey said hello. And more."]
        assert [e.text for e in old.entries] == ["Hello", "Hi there"]
        session.send("Go on")
        rows = last_request(engine).messages
        assert [m.role for m in rows] == ["system", "user"]
        assert rows[1].content.startswith(SUMMARY_HEAD)
        assert rows[1].content.endswith("Go on")

    def test_a_held_message_is_sent_there(self, held, engine):
        old = held.conversation
        held.summarize()
        assert "Again" not in "".join(m.content for m in last_request(engine).messages)
        self.write(held, engine)
        assert held.held is not None
        held.begin_from_summary(held.summary_text)
        assert texts(held)[1:] == ["Again", ""]
        assert last_request(engine).messages[-1].content.endswith("Again")
        assert last_request(engine).overflow == "ask"
        assert [e.text for e in old.entries] == ["Hello", "Hi there"]
        assert old.undo().label == "delete"
        assert [e.text for e in old.entries][2] == "Again"
        answer(held, engine, "Yes")
        assert held.reply.text == "Yes"

    def test_a_held_retry_leaves_the_older_version_in_place(self, session, engine):
        old = session.conversation
        session.send("Again")
        answer(session, engine, "Once")
        session.retry()
        engine.exceed()
        session.pump()
        session.summarize()
        self.write(session, engine)
        session.begin_from_summary(session.summary_text)
        assert [e.text for e in old.entries] == ["Hello", "Hi there", "Again", "Once"]
        assert texts(session)[1] == "Again"

    def test_a_cancel_leaves_everything_as_it_was(self, held, engine):
        held.summarize()
        engine.begin()
        engine.say("They")
        held.pump()
        held.stop()
        engine.finish("cancelled")
        held.pump()
        assert not held.summarizing
        assert held.held is not None
        assert texts(held) == ["Hello", "Hi there", "Again", ""]
        held.choose_overflow("window")
        engine.begin(left_out=2)
        engine.say("Yes")
        engine.finish()
        held.pump()
        assert texts(held)[-1] == "Yes"

    def test_what_a_model_thinks_is_no_part_of_it(self, engine):
        from dataclasses import replace

        from tests.scripted import INFO

        engine.info = replace(INFO, think_tags=("<think>", "</think>"))
        session = ready_session(engine)
        session.send("Hello")
        answer(session, engine, "Hi")
        session.summarize()
        engine.begin(opens_in_thought=True)
        engine.say("hm")
        session.pump()
        assert session.summary_text == ""
        engine.say("</think> They met.")
        engine.finish()
        session.pump()
        assert session.summary_text == "They met."

    def test_what_cannot_be_done_is_said(self, session, engine):
        with pytest.raises(MlxchatError, match="empty"):
            session.begin_from_summary("  ")
        session.summarize()
        with pytest.raises(MlxchatError):
            session.summarize()
        with pytest.raises(MlxchatError):
            session.begin_from_summary("Something")
        self.write(session, engine)
        session.clear()
        with pytest.raises(MlxchatError, match="nothing to sum up"):
            session.summarize()


class TestReal:
    @pytest.fixture
    def short(self, tiny_short):
        real = RealSession()
        real.load(tiny_short)
        real.start("Be brief.", temp=0.8, seed=3, max_tokens=30)
        yield real
        real.close()

    def fill(self, real: RealSession) -> None:
        """Talk until a reply is held."""
        for number in range(30):
            real.session.send(f"Question {number}: what do you think of the sea and of the hills?")
            while real.session.busy and real.session.held is None:
                real.session.engine.wait(1.0)
                real.session.pump()
            if real.session.held:
                return
        raise AssertionError("it never was full")

    def test_a_windowed_reply_is_replayed(self, short):
        self.fill(short)
        short.session.choose_overflow("window")
        short.wait()
        reply = short.session.reply
        assert reply.left_out > 0
        for _ in range(2):
            replayed = short.replay()
            assert verdict(reply, replayed, str).startswith("identical: ")
            assert replayed.left_out == reply.left_out
            short.load(short.session.model)
            short.session.change(reply.settings)

    def test_a_reply_cut_by_the_limit_is_replayed(self, short):
        self.fill(short)
        short.session.set_parameter("max_tokens", -1)
        short.session.choose_overflow("stop")
        short.wait()
        reply = short.session.reply
        assert reply.reason == "context"
        assert "where the context is full" in reply_footer(reply)
        assert verdict(reply, short.replay(), str).startswith("identical: ")

    def test_a_summary_of_a_full_conversation(self, short):
        self.fill(short)
        old = short.conversation
        short.session.summarize()
        while short.session.summarizing:
            short.session.engine.wait(1.0)
            short.session.pump()
        assert short.session.summary.reason in ("stop", "length")
        short.session.begin_from_summary("They spoke of the sea.")
        short.wait()
        assert short.session.reply.text
        assert short.session.reply.left_out == 0
        assert isinstance(short.conversation.entries[0], UserMessage)
        assert short.conversation is not old
