"""What lanes wrote: measured on each other, saved, and written again, over a scripted engine."""

from __future__ import annotations

from pathlib import Path

import pytest

from mlxchat.conversation.storage.keeper import Keeper
from mlxchat.conversation.storage.store import SessionStore
from mlxchat.engine.interface import ReplyRequest
from mlxchat.engine.samples import ScoreFailed, TokensRequest, TokensScored
from mlxchat.errors import MlxchatError
from mlxchat.session.lane import OtherView
from tests.conversation.storage.conftest import until_saved
from tests.scripted import ScriptedEngine
from tests.session.lanes import OTHER, PIRATE, answer_all, compare


def scores(engine: ScriptedEngine) -> list[TokensRequest]:
    return engine.called("score_tokens")  # type: ignore[return-value]


def test_two_lanes_are_measured_on_each_other(session, engine):
    compare(session, engine, "base")
    session.send("Hello")
    answer_all(session, engine, "Arr me hearty", "Hi")
    first, second = scores(engine)
    assert (first.adapter, second.adapter) == (None, PIRATE)
    assert (first.reply_ids, second.reply_ids) == ((0, 1, 2), (0,))
    assert [m.content for m in first.messages] == ["Be brief.", "Hello"]
    engine.tell(
        TokensScored(first.request_id, (-1.0, -2.0, -3.0)), ScoreFailed(second.request_id, "No.")
    )
    assert len(session.pump()) == 2
    pirate, base = session.lanes
    assert pirate.other_views == {
        pirate.reply: OtherView("pirate ×1.00", "base", (-1.0, -2.0, -3.0))
    }
    assert base.other_views == {}
    cancelled = len(engine.called("cancel"))
    session.send("More")
    assert len(engine.called("cancel")) == cancelled  # nothing was being measured


def test_a_view_keeps_the_names_of_the_models_that_it_is_of(session, engine):
    compare(session, engine, "base")
    session.send("Hello")
    answer_all(session, engine, "Arr", "Hi")
    session.change(session.settings.with_value("adapter_strength", 0.5))
    engine.tell(*[TokensScored(asked.request_id, (-1.0,)) for asked in scores(engine)])
    session.pump()
    session.take_adapter_off()
    [view] = session.lanes[0].other_views.values()
    assert (view.writer, view.other) == ("pirate ×1.00", "base")


def test_a_message_comes_before_the_measuring(session, engine):
    compare(session, engine, "base")
    session.send("Hello")
    answer_all(session, engine, "Arr", "Hi")
    cancelled = len(engine.called("cancel"))
    session.send("More")
    assert len(engine.called("cancel")) == cancelled + 1
    answer_all(session, engine, "Arr", "Hi")
    assert len(scores(engine)) == 4


def test_lanes_that_cannot_be_measured(session, engine, tmp_path):
    session.open_lane(str(tmp_path))
    engine.beside_ends(OTHER, same_vocabulary=False)
    session.pump()
    session.send("Hello")
    answer_all(session, engine, "Arr", "Hi")
    session.close_lanes()
    compare(session, engine, "base", "poet")
    session.send("Hello")
    answer_all(session, engine, "Arr", "Hi", "O")
    assert scores(engine) == []


def test_a_token_in_another_lane_is_asked_of_its_model(session, engine):
    compare(session, engine, "base")
    session.send("Hello")
    answer_all(session, engine, "Arr", "Hi you there")
    base = session.lanes[1]
    request = session.ask_token(1, base.reply, 1)
    assert (request.adapter, request.reply_ids, request.also) == (None, (0,), (1,))
    assert session.ask_token(2, session.reply, 0).adapter == PIRATE


# Afterwards


def test_a_lanes_reply_can_be_written_again_by_its_model(session, engine):
    compare(session, engine, "base")
    session.send("Hello")
    answer_all(session, engine, "Arr", "Hi")
    session.close_lanes()
    session.show_version(session.conversation.tip, 1)
    assert (session.reply.adapter, session.reply.spec.adapter_path) == (None, None)
    with pytest.raises(MlxchatError, match="written without an adapter"):
        session.replay()
    session.take_adapter_off()
    session.replay()
    replayed = engine.called("reply")[-1]
    assert isinstance(replayed, ReplyRequest)
    assert replayed.seed == session.reply.seed


def test_what_another_model_wrote_is_not_gone_on_with_by_tokens(session, engine, tmp_path):
    session.open_lane(str(tmp_path))
    engine.beside_ends(OTHER)
    session.pump()
    session.send("Hello")
    answer_all(session, engine, "Arr", "Hi you", reason="length")
    session.close_lanes()
    session.show_version(session.conversation.tip, 1)
    assert not session.speaks(session.reply)
    session.continue_reply()
    assert (engine.request.prefill, engine.request.reply_ids) == ("Hi you", ())


def test_all_lanes_are_saved_while_they_grow(session, engine, tmp_path: Path):
    store = SessionStore(tmp_path / "sessions.sqlite3")
    session.keeper = Keeper(store)
    session.keeper.follow(session.conversation)
    compare(session, engine, "base")
    session.send("Hello")
    for lane, text in enumerate(("Arr me", "Hi you")):
        engine.turn_to(lane)
        engine.begin()
        engine.say(text)
    engine.finish()
    session.pump()
    assert session.keeper.flush()
    saved = store.read(session.keeper.session_id).conversation
    nodes = saved.path[0].versions
    assert [(n.entry.text, n.entry.reason) for n in nodes] == [
        ("Arr me", "interrupted"),
        ("Hi you", "stop"),
    ]
    engine.turn_to(0)
    engine.finish()
    session.pump()
    session.vote(session.lanes[1])
    until_saved(session.keeper)
    saved = store.read(session.keeper.session_id).conversation
    assert [node.vote.outcome for node in saved.path[0].versions] == ["lost", "won"]
    [row] = store.page()
    assert row.adapter == PIRATE
    store.close()
