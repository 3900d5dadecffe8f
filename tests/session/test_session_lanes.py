"""Several models side by side in the headless core, over a scripted engine."""

from __future__ import annotations

from dataclasses import replace

import pytest

from mlxchat.conversation.node import Node
from mlxchat.engine.interface import Message, ModelSpec
from mlxchat.errors import MlxchatError
from mlxchat.session.chat import ChatSession
from tests.scripted import ScriptedEngine
from tests.session.lanes import OTHER, PIRATE, answer_all, asked, compare, texts
from tests.sessions import answer, ready_session


def test_one_message_goes_to_all_lanes_with_one_seed(session, engine):
    compare(session, engine, "base", "poet@0.5")
    session.send("Hello")
    requests = asked(engine)
    assert [(r.lane, r.adapter, r.settings.adapter_strength) for r in requests] == [
        (0, PIRATE, 1.0),
        (1, None, 1.0),
        (2, "/runs/4/adapters", 0.5),
    ]
    said = [Message("system", "Be brief."), Message("user", "Hello")]
    assert [list(request.messages) for request in requests] == [said] * 3
    assert len({request.seed for request in requests}) == 1
    assert (session.busy, session.state) == (True, "reading")
    answer_all(session, engine, "Arr", "Hi", "O world")
    assert not session.busy
    [question] = session.conversation.root.versions
    assert [node.entry.text for node in question.versions] == ["Arr", "Hi", "O world"]
    assert session.reply is session.lanes[0].reply is session.current
    assert session.conversation.undo().label == "message"
    assert session.conversation.entries == []


def test_each_lane_goes_on_from_its_own_reply(session, engine):
    compare(session, engine, "base")
    session.send("Hello")
    answer_all(session, engine, "Arr", "Hi")
    session.send("And?")
    contents = [[m.content for m in request.messages[1:]] for request in asked(engine)]
    assert contents == [["Hello", "Arr", "And?"], ["Hello", "Hi", "And?"]]
    answer_all(session, engine, "Rum", "Tea")
    assert texts(session.lanes[1]) == ["Hello", "Hi", "And?", "Tea"]
    assert [e.text for e in session.conversation.entries] == ["Hello", "Arr", "And?", "Rum"]
    session.close_lanes()
    session.show_version(session.conversation.path[1], 1)
    assert [e.text for e in session.conversation.entries] == ["Hello", "Hi", "And?", "Tea"]


def test_a_retry_goes_beside_the_reply_from_before_the_comparison(session, engine):
    session.send("Hello")
    answer(session, engine, "Arr")
    before = session.conversation.tip
    compare(session, engine, "base")
    session.retry()
    answer_all(session, engine, "Yo", "Hi")
    assert [node.entry.text for node in before.parent.versions] == ["Arr", "Yo", "Hi"]
    session.retry()
    answer_all(session, engine, "Ho", "Hey")
    assert len(before.parent.versions) == 5
    session.undo_step()
    assert [lane.reply.text for lane in session.lanes] == ["Yo", "Hi"]
    session.undo_step()
    assert [lane.tip for lane in session.lanes] == [before, before]
    session.redo_step()
    session.redo_step()
    assert [lane.reply.text for lane in session.lanes] == ["Ho", "Hey"]
    assert session.reply.text == "Ho"


def test_undo_in_the_middle_and_another_message_then(session, engine):
    compare(session, engine, "base")
    for said in ("One", "Two", "Three"):
        session.send(said)
        answer_all(session, engine, f"{said} arr", f"{said} hi")
    session.undo_step()
    session.undo_step()
    assert [lane.reply.text for lane in session.lanes] == ["One arr", "One hi"]
    session.send("Four")
    assert [m.content for m in asked(engine)[1].messages[1:]] == ["One", "One hi", "Four"]
    answer_all(session, engine, "a", "b")
    assert texts(session.lanes[1]) == ["One", "One hi", "Four", "b"]
    session.redo_step()
    assert texts(session.lanes[1]) == ["One", "One hi", "Four", "b"]


def test_a_rating_in_a_lane_that_is_undone_shows_lane_0(session, engine):
    compare(session, engine, "base")
    session.send("Hello")
    answer_all(session, engine, "Arr", "Hi")
    session.rate(session.lanes[1].tip, "good")
    session.undo_step()
    assert session.lanes[1].tip.rating is None
    assert session.reply.text == "Arr"
    assert session.lanes[1].reply.text == "Hi"


def test_what_was_before_the_comparison_is_not_undone_in_it(session, engine):
    session.send("Hello")
    answer(session, engine, "Arr")
    compare(session, engine, "base")
    with pytest.raises(MlxchatError, match="close it first"):
        session.undo_step()
    session.close_lanes()
    assert session.undo_step() == "message"


def test_what_was_undone_before_the_comparison_is_not_done_again_in_it(session, engine):
    session.send("Hello")
    answer(session, engine, "Arr")
    session.undo_step()
    compare(session, engine, "base")
    with pytest.raises(MlxchatError, match="close it first"):
        session.redo_step()
    session.send("Hi")
    answer_all(session, engine, "Arr", "Hi")
    session.undo_step()
    assert session.redo_step() == "message"
    session.close_lanes()


def test_a_lane_that_is_opened_later_begins_where_lane_0_is(session, engine):
    compare(session, engine, "base")
    session.send("Hello")
    answer_all(session, engine, "Arr", "Hi")
    compare(session, engine, "poet")
    assert texts(session.lane(2)) == ["Hello", "Arr"]
    session.undo_step()
    assert [lane.tip for lane in session.lanes] == [session.conversation.root] * 3


def test_replies_wait_for_the_lane(session, engine):
    session.open_lane("poet")
    assert session.lanes[1].state == session.state == "loading"
    session.send("Hello")
    assert not engine.called("reply_together")
    engine.adapter_ends()
    session.pump()
    assert session.adapter == PIRATE
    assert [request.adapter for request in asked(engine)] == [PIRATE, "/runs/4/adapters"]


def test_a_lane_that_cannot_be_opened_ends_and_nothing_is_written(session, engine):
    session.open_lane("poet")
    session.send("Hello")
    engine.adapter_fails("It is another model's.")
    assert session.pump()
    assert (session.comparing, session.busy, session.state) == (False, False, "ready")
    session.retry()
    assert engine.called("reply")[-1].messages[-1].content == "Hello"


def test_another_model_beside(session, engine, tmp_path):
    (tmp_path / "fused").mkdir()
    session.open_lane(str(tmp_path / "fused"))
    key, spec = engine.called("load_beside")[-1]
    assert (spec.model, spec.adapter_path) == (str(tmp_path / "fused"), None)
    engine.beside_ends(OTHER)
    session.pump()
    session.send("Hello")
    assert [request.model for request in asked(engine)] == [0, key]
    answer_all(session, engine, "Arr", "Hi")
    reply = session.lanes[1].reply
    assert (reply.model, reply.adapter, reply.spec.model) == ("other", None, spec.model)
    assert session.memory_words == "2 models of 807 MB and 1 adapter"
    session.close_lane(1)
    assert engine.called("give_up") == [key]
    assert not session.comparing


def test_an_adapter_that_came_with_the_model_is_counted(engine):
    engine.info = replace(engine.info, adapter=PIRATE, adapter_bytes=3_600_000)
    session = ready_session(engine)
    session.open_lane("base")
    assert session.memory_words == "one model of 538 MB and 1 adapter of 3.6 MB"


def test_a_model_beside_that_is_closed_while_it_loads(session, engine, tmp_path):
    session.open_lane(str(tmp_path))
    session.close_lane(1)
    engine.beside_ends(OTHER)
    assert session.pump() == []
    assert (session.state, session.comparing) == ("ready", False)
    session.open_lane(str(tmp_path))
    engine.beside_fails("It takes 80 GB, and 16 GB are there.")
    assert session.pump()
    assert (session.state, session.comparing) == ("ready", False)


def test_a_lane_without_a_model_is_refused(engine):
    session = ChatSession(ScriptedEngine())
    with pytest.raises(MlxchatError, match="No model is loaded"):
        session.open_lane("same")
    session.load(ModelSpec("scripted"))
    with pytest.raises(MlxchatError, match="being loaded"):
        session.open_lane("same")


def test_lanes_are_not_closed_while_they_write(session, engine):
    compare(session, engine, "base")
    session.send("Hello")
    for gesture in (lambda: session.close_lane(1), session.close_lanes, session.clear):
        with pytest.raises(MlxchatError, match="still being written"):
            gesture()
    assert session.comparing


def test_a_stop_ends_all_and_what_was_written_stands(session, engine):
    compare(session, engine, "base")
    session.send("Hello")
    engine.turn_to(0)
    engine.begin()
    engine.say("Arr me")
    session.pump()
    assert [lane.state for lane in session.lanes] == ["writing", "reading"]
    cancelled = len(engine.called("cancel"))
    session.stop()
    assert len(engine.called("cancel")) == cancelled + 1
    for lane in (0, 1):
        engine.turn_to(lane)
        engine.finish("cancelled")
    session.pump()
    assert not session.busy
    assert [lane.reply.text for lane in session.lanes] == ["Arr me", ""]
    session.send("Again")
    assert [m.content for m in asked(engine)[1].messages[1:]] == ["Hello\n\nAgain"]


def test_a_lane_that_fails_leaves_the_other_going(session, engine):
    compare(session, engine, "base")
    session.send("Hello")
    engine.turn_to(1)
    engine.fail("It does not fit.")
    session.pump()
    assert session.busy
    assert [lane.writing for lane in session.lanes] == [True, False]
    engine.turn_to(0)
    engine.begin()
    engine.say("Arr")
    engine.finish()
    session.pump()
    assert session.lanes[1].reply.failure == "It does not fit."
    with pytest.raises(MlxchatError, match="no reply to vote on"):
        session.vote(session.lanes[0])


def test_other_gestures_wait_until_it_is_closed(session, engine):
    session.send("Hello")
    answer(session, engine, "Arr", "length")
    compare(session, engine, "base")
    node = session.conversation.tip
    for gesture in (
        lambda: session.edit(node, "x"),
        lambda: session.delete(node),
        lambda: session.continue_reply(),
        lambda: session.replay(),
        lambda: session.prefill_reply("Sure"),
        lambda: session.show_node(node),
        lambda: session.show_version(node, 1),
        lambda: session.retry(node.parent),
        lambda: session.sample_here(2),
        lambda: session.summarize(),
    ):
        with pytest.raises(MlxchatError, match=r"Close the comparison first \(/compare off\)"):
            gesture()
    session.note(node, "seen")
    assert node.note == "seen"


def test_another_model_ends_it_and_the_person_is_told(session, engine):
    compare(session, engine, "base")
    session.send("Hello")
    answer_all(session, engine, "Arr", "Hi")
    session.load(ModelSpec("another"))
    assert session.comparing
    engine.load_ends()
    session.pump()
    assert not session.comparing
    assert "comparison is closed" in session.comparison_ended


def test_a_load_that_fails_leaves_it(session, engine):
    compare(session, engine, "base")
    session.load(ModelSpec("nowhere"))
    engine.load_fails("It is not there.")
    session.pump()
    assert session.comparing


def test_settings_are_shared_or_a_lanes_own(session, engine):
    compare(session, engine, "base", "same")
    base, same = session.lanes[1:]
    session.set_parameter("temp", 0.3)
    assert [lane.settings.temp for lane in session.lanes] == [0.3] * 3
    assert (session.settings, 1) in engine.called("change")
    session.own_settings(same)
    session.change_lane(same, same.settings.with_value("temp", 1.2))
    session.set_parameter("temp", 0.4)
    assert [lane.settings.temp for lane in session.lanes] == [0.4, 0.4, 1.2]
    session.send("Hello")
    assert [request.settings.temp for request in asked(engine)] == [0.4, 0.4, 1.2]
    answer_all(session, engine, "a", "b", "c")
    assert session.lanes[2].reply.settings.temp == 1.2
    session.share_settings(same)
    assert same.settings.temp == 0.4
    session.change_lane(base, base.settings.with_value("temp", 0.9))
    assert session.settings.temp == 0.9
    with pytest.raises(MlxchatError, match="has the shared settings"):
        session.own_settings(session.lanes[0])


def test_seeds_that_are_freed(session, engine):
    compare(session, engine, "base", "same")
    session.seeds_free = True
    session.send("Hello")
    assert len({request.seed for request in asked(engine)}) == 3
    answer_all(session, engine, "a", "b", "c")
    session.set_parameter("seed", 21)
    session.retry()
    assert [request.seed for request in asked(engine)] == [21, 22, 23]


def test_the_adapter_of_lane_0_can_change_in_between(session, engine):
    compare(session, engine, "base")
    session.use_adapter("poet")
    engine.adapter_ends()
    session.pump()
    session.send("Hello")
    assert [request.adapter for request in asked(engine)] == ["/runs/4/adapters", None]
    assert session.lanes[0].words == "poet ×1.00"


def test_a_system_prompt_holds_for_all_lanes(session, engine):
    compare(session, engine, "base")
    session.send("Hello")
    answer_all(session, engine, "Arr", "Hi")
    session.set_system("Be long.")
    session.retry()
    assert [request.messages[0].content for request in asked(engine)] == ["Be long."] * 2
    answer_all(session, engine, "Arr", "Hi")
    assert [lane.reply.system for lane in session.lanes] == ["Be long."] * 2


def test_a_conversation_that_would_ask_leaves_out_the_oldest(session, engine):
    compare(session, engine, "base")
    assert "oldest messages" in session.window_note
    session.send("Hello")
    assert {request.overflow for request in asked(engine)} == {"window"}
    answer_all(session, engine, "Arr", "Hi")
    session.choose_overflow("stop")
    session.send("Hello")
    assert {request.overflow for request in asked(engine)} == {"stop"}
    assert session.window_note == ""


def test_nodes_stay_whole(session, engine):
    """What is shown of a lane's branch is never a message that is hidden."""
    compare(session, engine, "base")
    for said in ("One", "Two"):
        session.send(said)
        answer_all(session, engine, "a", "b")
    session.undo_step()
    nodes: list[Node] = list(session.conversation.root.walk())
    assert all(node.shown is None or not node.shown.hidden for node in nodes)
