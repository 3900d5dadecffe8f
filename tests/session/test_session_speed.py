"""Quantized caches and draft models in the headless core: switched, recorded, told, replayed."""

from __future__ import annotations

from dataclasses import replace

import pytest

from mlxchat.conversation.speed_words import replies_before
from mlxchat.conversation.summary import reply_footer
from mlxchat.engine.interface import ModelSpec
from mlxchat.errors import MlxchatError
from mlxchat.session.chat import ChatSession
from mlxchat.settings.speed import Speed
from tests.scripted import ScriptedEngine
from tests.sessions import answer, ready_session


@pytest.fixture
def session(engine: ScriptedEngine) -> ChatSession:
    session = ready_session(engine)
    session.load(ModelSpec("scripted", quantized_kv_start=0))
    engine.load_ends()
    session.pump()
    return session


def switch(session: ChatSession, engine: ScriptedEngine, name: str, value: int | str | None):
    session.set_speed(name, value)
    engine.switch_ends()
    session.pump()


def footer(session: ChatSession) -> str:
    assert session.reply is not None
    node = session.conversation.node_of(session.reply)
    return reply_footer(session.reply, replies_before(node))


def test_the_next_reply_is_written_with_it_and_records_it(session, engine):
    session.send("Hello")
    answer(session, engine, "Hi there")
    switch(session, engine, "kv_bits", 8)
    assert engine.called("switch") == [Speed(kv_bits=8)]
    session.retry()
    answer(session, engine, "Hi there")
    assert session.reply.spec.kv_bits == 8
    assert session.speed_words("kv_bits") == "kv_bits 8 (samples come one after the other)"
    switch(session, engine, "kv_bits", None)
    assert session.spec.speed == Speed()
    assert len(engine.called("load")) == 2


def test_a_reply_that_was_asked_for_meanwhile_waits_and_records_it(session, engine):
    session.set_speed("kv_bits", 4)
    session.send("Hello")
    assert not engine.called("reply")
    engine.switch_ends()
    session.pump()
    assert session.current.spec.kv_bits == 4
    assert len(engine.called("reply")) == 1


def test_while_a_reply_is_written_it_counts_from_the_next_one_on(session, engine):
    session.send("Hello")
    engine.begin()
    engine.say("Hi")
    session.pump()
    session.set_speed("kv_bits", 4)
    session.set_speed("kv_bits", 8)
    session.set_speed("num_draft_tokens", 5)
    assert session.state == "writing"
    assert session.speed == Speed(8, None, 5)
    assert not engine.called("switch")
    engine.finish()
    session.pump()
    assert engine.called("switch") == [Speed(8, None, 5)]
    assert session.reply.spec.kv_bits is None


def test_what_is_switched_back_meanwhile_asks_nothing(session, engine):
    session.send("Hello")
    session.set_speed("kv_bits", 4)
    session.set_speed("kv_bits", None)
    answer(session, engine, "Hi")
    assert not engine.called("switch")
    assert session.state == "ready"


def test_what_the_model_cannot_do_leaves_it_as_it_was(session, engine):
    session.set_speed("kv_bits", 4)
    session.send("Hello")
    engine.switch_fails("It keeps no such cache.")
    session.pump()
    assert session.speed == Speed()
    answer(session, engine, "Hi")
    assert session.reply.spec.kv_bits is None


def test_another_model_begins_with_its_own(session, engine):
    session.send("Hello")
    session.set_speed("kv_bits", 4)
    session.load(ModelSpec("other"))
    engine.finish("cancelled")
    engine.load_ends()
    session.pump()
    assert not engine.called("switch")
    assert session.speed == Speed()


def test_a_draft_folder_is_recorded_with_its_whole_path(session, engine, tmp_path, monkeypatch):
    (tmp_path / "draft").mkdir()
    monkeypatch.chdir(tmp_path)
    switch(session, engine, "draft_model", "draft")
    assert session.spec.draft_model == str((tmp_path / "draft").resolve())
    assert session.info.name == "scripted"


def test_the_adapter_stays_on(session, engine):
    session.use_adapter("/runs/3/adapters")
    engine.adapter_ends()
    session.pump()
    switch(session, engine, "kv_bits", 8)
    assert session.adapter == session.spec.adapter_path == "/runs/3/adapters"


def test_from_which_token_on_caches_are_quantized_is_told(session, engine):
    session.load(ModelSpec("scripted"))
    engine.load_ends()
    session.pump()
    assert session.speed_words("kv_bits") == "kv_bits off"
    switch(session, engine, "kv_bits", 8)
    assert "from token 5000" in session.speed_words("kv_bits")
    assert "samples in a batch" not in session.speed_words("draft_model")
    assert "without a draft model" in session.speed_words("num_draft_tokens")


def test_without_a_model_and_beside_lanes_it_is_refused(session, engine):
    with pytest.raises(MlxchatError, match="No model"):
        ChatSession(ScriptedEngine()).set_speed("kv_bits", 8)
    session.load(ModelSpec("scripted"))
    with pytest.raises(MlxchatError, match="being loaded"):
        session.set_speed("kv_bits", 8)
    engine.load_ends()
    session.pump()
    session.open_lane("same")
    with pytest.raises(MlxchatError, match="Close the comparison"):
        session.set_speed("kv_bits", 8)


def at_speed(session: ChatSession, speed: float, drafted: int = 0) -> None:
    reply = session.reply
    reply.statistics = replace(
        reply.statistics,
        reply_tokens=11,
        reply_seconds=10 / speed,
        accepted_draft_tokens=drafted,
    )


def test_the_footer_tells_what_was_drafted_and_what_it_brought(session, engine):
    switch(session, engine, "draft_model", "small")
    session.send("Hello")
    answer(session, engine, "One two")
    at_speed(session, 30.0, 7)
    assert "30.0 tok/s · 7 of 11 drafted" in footer(session)
    assert "without" not in footer(session)
    assert "draft small ×3" in footer(session)
    switch(session, engine, "draft_model", None)
    session.retry()
    answer(session, engine, "One two")
    at_speed(session, 20.0)
    assert "without" not in footer(session)
    assert "draft" not in footer(session)
    switch(session, engine, "draft_model", "small")
    for ask in (session.retry, lambda: session.send("And now?")):
        ask()
        answer(session, engine, "One two")
        at_speed(session, 30.0, 0)
        assert "30.0 tok/s · 1.5× the 20.0 tok/s without · 0 of 11 drafted" in footer(session)


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"context_tokens": 5001}, True),
        ({"context_tokens": 5000}, False),  # no cache was quantized yet
        ({"context_tokens": 5001, "written_at_once": 2}, False),
    ],
)
def test_a_speed_is_compared_only_where_the_switch_made_it(session, engine, changed, told):
    session.send("Hello")
    answer(session, engine, "One two")
    at_speed(session, 20.0)
    session.retry()
    answer(session, engine, "One two")
    at_speed(session, 1.0)
    session.reply.statistics = replace(session.reply.statistics, written_at_once=6)
    switch(session, engine, "kv_bits", 8)
    session.retry()
    answer(session, engine, "One two")
    at_speed(session, 30.0)
    session.reply.spec = replace(session.reply.spec, quantized_kv_start=5000)
    session.reply.statistics = replace(session.reply.statistics, **changed)
    assert ("1.5× the 20.0 tok/s without" in footer(session)) == told
    assert ("without" in footer(session)) == told


def test_a_replay_asks_for_the_switches_of_its_reply(session, engine):
    session.send("Hello")
    answer(session, engine, "Hi")
    session.set_speed("num_draft_tokens", 5)
    engine.switch_ends()
    session.pump()
    session.replay()  # without a draft model that changed nothing
    answer(session, engine, "Hi")
    switch(session, engine, "kv_bits", 8)
    with pytest.raises(MlxchatError, match="type /kv_bits off to replay"):
        session.replay()
    switch(session, engine, "kv_bits", None)
    session.replay()


def test_names_of_folders_are_told_without_their_path(session, engine, tmp_path):
    switch(session, engine, "draft_model", str(tmp_path / "small-draft"))
    session.send("Hello")
    answer(session, engine, "Hi")
    assert "draft small-draft ×3" in footer(session)


@pytest.mark.parametrize(("one_by_one", "draft"), [("", None), ("In turn.", "small")])
def test_samples_of_a_batch_record_no_draft_model(session, engine, one_by_one, draft):
    switch(session, engine, "draft_model", "small")
    session.send("Hello")
    answer(session, engine, "Hi")
    samples = session.sample_here(2)
    engine.begin_samples(one_by_one)
    session.pump()
    assert [sample.reply.spec.draft_model for sample in samples.samples] == [draft] * 2


def test_samples_wait_until_it_is_switched(session, engine):
    session.send("Hello")
    answer(session, engine, "Hi")
    session.set_speed("kv_bits", 8)
    with pytest.raises(MlxchatError, match="wait"):
        session.sample_here(2)
