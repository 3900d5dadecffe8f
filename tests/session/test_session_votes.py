"""Votes on the replies of lanes, blind or not, over a scripted engine."""

from __future__ import annotations

import pytest

from mlxchat.errors import MlxchatError
from mlxchat.session.chat import ChatSession
from mlxchat.session.lane import Lane
from tests.scripted import ScriptedEngine
from tests.session.lanes import answer_all, compare
from tests.sessions import answer


def voted(session: ChatSession) -> list[tuple[str, str | None]]:
    return [(lane.tip.vote.outcome, lane.tip.rating) for lane in session.lanes]


def test_a_vote_rates_and_is_one_step(session, engine):
    compare(session, engine, "base")
    session.send("Hello")
    with pytest.raises(MlxchatError, match="still being written"):
        session.vote(None)
    answer_all(session, engine, "Arr", "Hi")
    session.vote(session.lanes[0])
    assert voted(session) == [("won", "good"), ("lost", "bad")]
    assert session.lanes[0].tip.vote.among == ("pirate ×1.00", "base")
    with pytest.raises(MlxchatError, match="voted on already"):
        session.vote(None)
    assert session.undo_step() == "vote"
    assert [(lane.tip.vote, lane.tip.rating) for lane in session.lanes] == [(None, None)] * 2
    session.redo_step()
    session.send("More")
    answer_all(session, engine, "Arr", "Hi")
    session.vote(None)
    assert voted(session) == [("tie", None), ("tie", None)]
    session.retry()
    answer_all(session, engine, "Arr", "Hi")
    session.vote(session.lanes[1])
    assert session.votes_summary == "pirate ×1.00 1 · base 1 · ties 1"


def test_there_is_nothing_to_vote_on(session, engine):
    with pytest.raises(MlxchatError, match="compare models first"):
        session.vote(None)
    session.send("Hello")
    answer(session, engine, "Arr")
    compare(session, engine, "base")
    with pytest.raises(MlxchatError, match="not answered yet"):
        session.vote(None)


def test_an_empty_reply_is_not_voted_on(session, engine):
    compare(session, engine, "base")
    session.send("Hello")
    for lane in session.lanes:
        engine.turn_to(lane.number)
        engine.begin()
    engine.finish()
    engine.turn_to(0)
    engine.say("Arr")
    engine.finish()
    session.pump()
    with pytest.raises(MlxchatError, match="without a token"):
        session.vote(session.lanes[0])


def columns(session: ChatSession) -> list[Lane]:
    return [session.lane(number) for number in session.order]


def test_which_lane_is_which_is_hidden_until_a_vote(session, engine):
    compare(session, engine, "base")
    session.blind = True
    assert session.hidden
    session.send("Hello")
    answer_all(session, engine, "Arr", "Hi")
    assert [session.name_of_lane(lane) for lane in columns(session)] == ["A", "B"]
    session.vote(columns(session)[0])
    assert not session.hidden
    assert {session.name_of_lane(lane) for lane in session.lanes} == {"pirate ×1.00", "base"}
    assert session.lanes[0].tip.vote.blind
    session.send("More")
    assert session.hidden
    answer_all(session, engine, "Arr", "Hi")
    session.blind = False
    assert session.order == [0, 1]
    assert not session.hidden


def shown_before(session: ChatSession, engine: ScriptedEngine) -> None:
    """The names are shown while the first token comes."""
    session.send("Hello")
    session.blind = True
    answer_all(session, engine, "Arr", "Hi")


def shown_between(session: ChatSession, engine: ScriptedEngine) -> None:
    session.blind = True
    session.send("Hello")
    answer_all(session, engine, "Arr", "Hi")
    session.blind = False
    session.blind = True


def shown_by_a_vote(session: ChatSession, engine: ScriptedEngine) -> None:
    session.blind = True
    session.send("Hello")
    answer_all(session, engine, "Arr", "Hi")
    session.vote(None)
    session.undo_step()


@pytest.mark.parametrize("shown", [shown_before, shown_between, shown_by_a_vote])
def test_a_vote_is_not_blind_where_names_were_shown(session, engine, shown):
    compare(session, engine, "base")
    shown(session, engine)
    assert session.hidden
    session.vote(session.lanes[0])
    assert not session.lanes[0].tip.vote.blind
    session.retry()
    answer_all(session, engine, "Yo", "Hey")
    session.vote(session.lanes[0])
    assert session.lanes[0].tip.vote.blind


def test_a_turn_stays_blind_where_the_next_one_is_undone(session, engine):
    compare(session, engine, "base")
    session.blind = True
    for said in ("Hello", "More"):
        session.send(said)
        answer_all(session, engine, "Arr", "Hi")
    session.undo_step()
    session.vote(session.lanes[0])
    assert session.lanes[0].tip.vote.blind


def test_columns_are_dealt_anew_after_a_vote(session, engine):
    compare(session, engine, "base", "poet", "same")
    session.blind = True
    orders = set()
    for _ in range(12):
        session.send("Hello")
        orders.add(tuple(session.order))
        answer_all(session, engine, "a", "b", "c", "d")
        before = session.order
        session.vote(None)
        assert session.order == before
    assert len(orders) > 1  # one chance in 24 ** 11 that a right program fails here


def test_hidden_after_a_vote_the_next_turn_is_dealt_anew(session, engine):
    compare(session, engine, "base")
    session.send("Hello")
    answer_all(session, engine, "Arr", "Hi")
    session.vote(session.lanes[0])
    session.blind = True  # the turn that is voted on tells which column is which
    assert not session.hidden
    deals = session.deals
    session.send("More")
    assert session.deals == deals + 1
    answer_all(session, engine, "Arr", "Hi")
    session.send("More, without a vote")
    assert session.deals == deals + 1


def test_lanes_of_one_name_are_numbered(session, engine):
    compare(session, engine, "same")
    names = [session.name_of_lane(lane) for lane in session.lanes]
    assert names == ["pirate ×1.00", "pirate ×1.00 #2"]
