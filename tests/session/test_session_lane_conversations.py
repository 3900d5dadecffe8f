"""Comparisons and the conversations that they are held in: new ones, others, old ones taken up."""

from __future__ import annotations

from dataclasses import replace

import pytest

from mlxchat.conversation.conversation import Conversation
from mlxchat.errors import MlxchatError
from tests.conversation.gestures import exported, imported
from tests.session.lanes import OTHER, PIRATE, answer_all, asked, compare, texts
from tests.sessions import answer


def test_a_new_conversation_keeps_the_lanes(session, engine):
    compare(session, engine, "base")
    session.send("Hello")
    answer_all(session, engine, "Arr", "Hi")
    left = session.conversation
    session.clear()
    assert [lane.path for lane in session.lanes] == [[], []]
    assert session.undo_step() is None
    session.send("Anew")
    assert [[m.content for m in r.messages[1:]] for r in asked(engine)] == [["Anew"]] * 2
    answer_all(session, engine, "Arr", "Hi")
    assert session.lanes[1].tip.path()[0] is session.conversation.root is not left.root
    assert len(list(left.nodes())) == 3


@pytest.mark.parametrize(
    "gesture", [lambda s: s.fork(), lambda s: s.open(Conversation("Be brief."))]
)
def test_another_conversation_ends_it_and_says_so(session, engine, tmp_path, gesture):
    session.open_lane(str(tmp_path))
    engine.beside_ends(OTHER)
    session.pump()
    gesture(session)
    assert not session.comparing
    assert session.comparison_ended == (
        "Another conversation is open, so the comparison is closed."
    )
    assert engine.called("give_up")
    session.open_lane("base")
    session.close_lanes()
    session.fork()
    assert session.comparison_ended == ""


def test_a_reply_is_headed_by_what_wrote_it(session, engine):
    session.send("Hello")
    answer(session, engine, "Arr")
    compare(session, engine, "base", "pirate@0.5", "same")
    session.send("More")
    answer_all(session, engine, "Arr", "Hi", "Ar", "Arr")
    first = session.conversation.path[1].entry
    assert [session.writer_words(lane, lane.reply) for lane in session.lanes] == [
        "pirate ×1.00", "base", "pirate ×0.50", "pirate ×1.00 #2",
    ]  # fmt: skip
    assert session.writer_words(session.lanes[1], first) == "pirate ×1.00"
    session.change(session.settings.with_value("adapter_strength", 0.8))
    assert session.writer_words(session.lanes[0], first) == "pirate ×1.00"


def test_a_comparison_that_was_left_is_taken_up_again(session, engine):
    session.spec = replace(session.spec, model="/models/scripted")
    compare(session, engine, "base", "poet@0.5")
    session.change(session.settings.with_value("temp", 0.3))
    for said in ("Hello", "More"):
        session.send(said)
        answer_all(session, engine, "Arr", "Hi", "O world")
    before = [texts(lane) for lane in session.lanes]
    conversation = imported(exported(session.conversation, "json"))
    session.open(conversation)
    assert session.earlier_words == (
        "pirate ×1.00, scripted and poet ×0.50 answered the same messages here: "
        "/compare again takes these lanes up."
    )
    session.show_version(conversation.path[1], 1)  # another lane's branch is shown
    session.compare_again()
    engine.adapter_ends()
    session.pump()
    assert [lane.words for lane in session.lanes] == ["pirate ×1.00", "base", "poet ×0.50"]
    assert [texts(lane) for lane in session.lanes] == before
    assert session.earlier_words == ""
    session.send("And?")
    assert [request.adapter for request in asked(engine)] == [PIRATE, None, "/runs/4/adapters"]
    assert [request.messages[2].content for request in asked(engine)] == ["Arr", "Hi", "O world"]


def test_one_model_alone_is_no_comparison(session, engine):
    session.spec = replace(session.spec, model="/models/scripted")
    session.send("Hello")
    answer(session, engine, "Arr")
    session.retry()
    answer(session, engine, "Ahoy")
    assert session.earlier_words == ""
    with pytest.raises(MlxchatError, match="nothing to compare again"):
        session.compare_again()
    assert not session.comparing


def test_an_adapter_of_another_model_is_not_put_on_this_one(session, engine):
    session.spec = replace(session.spec, model="/models/scripted")
    compare(session, engine, "base")
    session.send("Hello")
    answer_all(session, engine, "Arr", "Hi")
    session.close_lanes()
    session.spec = replace(session.spec, model="/models/other")
    with pytest.raises(MlxchatError, match="an adapter on /models/scripted"):
        session.compare_again()
    assert not session.comparing
