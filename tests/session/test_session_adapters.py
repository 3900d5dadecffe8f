"""Adapters in the headless core: put on, stepped through, taken off, and what replies record."""

from __future__ import annotations

from pathlib import Path

import pytest

from mlxchat.conversation.summary import reply_footer
from mlxchat.engine.interface import ModelSpec
from mlxchat.errors import MlxchatError
from mlxchat.session.adapters import WITHOUT
from mlxchat.session.chat import ChatSession
from mlxchat.settings.presets import BUILT_IN, preset_of
from tests.scripted import ScriptedEngine
from tests.sessions import answer, last_request, ready_session


@pytest.fixture
def session(engine: ScriptedEngine) -> ChatSession:
    session = ready_session(engine)
    session.adapters = {"pirate": "/runs/3/adapters", "poet": "/runs/4/adapters"}
    return session


def put_on(session: ChatSession, engine: ScriptedEngine, wanted: str) -> None:
    session.use_adapter(wanted)
    engine.adapter_ends()
    session.pump()


def run_of(folder: Path, *names: str) -> Path:
    folder.mkdir()
    for name in ("adapter_config.json", *names):
        (folder / name).write_text("{}")
    return folder


def test_a_reply_is_asked_for_with_the_adapter_that_is_on(session, engine):
    session.send("Hello")
    assert last_request(engine).adapter is None
    answer(session, engine, "Hi")
    put_on(session, engine, "pirate")
    assert session.adapter == "/runs/3/adapters"
    assert session.adapter_words == "pirate ×1.00"
    session.retry()
    assert last_request(engine).adapter == "/runs/3/adapters"
    answer(session, engine, "Arr")
    assert session.reply.adapter == "/runs/3/adapters"
    session.take_adapter_off()
    session.retry()
    assert last_request(engine).adapter is None


def test_questions_are_asked_of_the_model_that_is_on(session, engine):
    session.send("Hello")
    answer(session, engine, "Hi there")
    put_on(session, engine, "/some/where")
    session.ask_next(1)
    session.ask_token(2, session.reply, 0)
    assert [request.adapter for request in engine.called("inspect")] == ["/some/where"] * 2


def test_a_reply_waits_for_the_adapter(session, engine):
    session.use_adapter("pirate")
    assert session.state == "loading"
    session.send("Hello")
    assert engine.called("reply") == []
    engine.adapter_ends()
    session.pump()
    assert last_request(engine).adapter == "/runs/3/adapters"


def test_a_reply_is_not_written_by_another_adapter_than_was_asked_for(session, engine):
    session.use_adapter("pirate")
    session.send("Hello")
    engine.adapter_fails("No.")
    session.pump()
    assert engine.called("reply") == []
    assert session.state == "ready"
    assert session.adapter is None
    session.retry()
    assert last_request(engine).messages[-1].content == "Hello"


def test_it_does_not_change_under_a_reply(session, engine):
    session.send("Hello")
    for change in (lambda: session.use_adapter("pirate"), session.take_adapter_off):
        with pytest.raises(MlxchatError, match="still being written"):
            change()


def test_a_word_that_is_no_name_is_told_with_the_names(session, engine):
    with pytest.raises(MlxchatError, match=r"no adapter “priate”.*the names are pirate, poet"):
        session.use_adapter("priate")
    put_on(session, engine, "PIRATE")
    assert session.adapter == "/runs/3/adapters"


def test_without_a_model_there_is_nothing_to_put_it_on():
    session = ChatSession(ScriptedEngine())
    with pytest.raises(MlxchatError, match="No model is loaded"):
        session.use_adapter("pirate")


def test_the_strength_has_no_effect_without_one(session, engine):
    assert session.idle_reason("adapter_strength") == WITHOUT
    put_on(session, engine, "pirate")
    assert session.idle_reason("adapter_strength") is None
    session.set_parameter("adapter_strength", 0.8)
    assert session.adapter_words == "pirate ×0.80"


def test_a_footer_names_adapter_and_strength(session, engine):
    put_on(session, engine, "pirate")
    session.set_parameter("adapter_strength", 0.8)
    session.send("Hello")
    engine.begin()
    engine.say("one two")
    session.pump()
    assert "adapter pirate ×0.80 ·" in reply_footer(session.reply)
    session.set_parameter("adapter_strength", 1.2)
    engine.say("three")
    engine.finish()
    session.pump()
    footer = reply_footer(session.reply)
    assert "adapter pirate ×0.80→1.20 ·" in footer
    assert "adapter_strength" not in footer
    session.take_adapter_off()
    session.send("Hello")
    answer(session, engine, "Hi")
    assert "adapter" not in reply_footer(session.reply)


def test_a_run_is_stepped_through(session, engine, tmp_path):
    first, second = "0000100_adapters.safetensors", "0000200_adapters.safetensors"
    run = run_of(tmp_path / "run", first, second, "adapters.safetensors")
    with pytest.raises(MlxchatError, match="has no adapter"):
        session.step_adapter(1)
    put_on(session, engine, str(run))
    for step, expected in ((-1, run / second), (-1, run / first), (1, run / second), (1, run)):
        session.step_adapter(step)
        engine.adapter_ends()
        session.pump()
        assert session.adapter == str(expected)
    assert session.adapter_words == "run ×1.00"


def test_a_replay_wants_the_adapter_of_the_reply(session, engine):
    put_on(session, engine, "pirate")
    session.send("Hello")
    answer(session, engine, "Arr")
    session.take_adapter_off()
    with pytest.raises(MlxchatError, match="written with the adapter /runs/3/adapters"):
        session.replay()
    put_on(session, engine, "/runs/3/adapters")
    session.replay()
    assert last_request(engine).adapter == "/runs/3/adapters"


def test_a_replay_has_the_strength_of_each_draw(session, engine):
    put_on(session, engine, "pirate")
    session.send("Hello")
    engine.begin()
    engine.say("one")
    session.set_parameter("adapter_strength", 0.2)
    engine.say("two")
    engine.finish()
    session.pump()
    session.replay()
    schedule = last_request(engine).schedule
    assert [settings.adapter_strength for settings in schedule] == [1.0, 0.2]


def test_a_reply_goes_on_from_its_tokens_under_another_adapter(session, engine):
    session.send("Hello")
    answer(session, engine, "Hi there", "length")
    put_on(session, engine, "pirate")
    session.continue_reply()
    assert last_request(engine).reply_ids == (0, 1)


def test_a_model_that_is_loaded_brings_its_own(session, engine):
    put_on(session, engine, "pirate")
    session.load(ModelSpec("other"))
    engine.load_ends()
    session.pump()
    assert session.adapter is None


def test_presets_leave_the_strength_alone(session, engine):
    put_on(session, engine, "pirate")
    session.set_parameter("adapter_strength", 0.4)
    session.choose_preset(BUILT_IN[1])
    assert session.settings.adapter_strength == 0.4
    assert "adapter_strength" not in preset_of(session.settings, "mine").values
    assert not session.modified
