"""Votes on the lanes of a comparison, blind ones too."""

from __future__ import annotations

import secrets

import pytest
from textual.widgets import OptionList

from mlxchat.tui.screens.vote_dialog import VoteDialog
from tests.tui.lanes_person import answered, columns, comparing, panes, transcript


async def test_a_vote_by_its_key_and_a_letter():
    async with comparing() as person:
        await answered(person, "Hi", "arr", "hello")
        await person.press("f7")
        assert isinstance(person.app.screen, VoteDialog)
        options = person.app.screen.query_one(OptionList).options
        begins = [str(option.prompt).split("\n")[1:] for option in options]
        assert begins == [["   arr"], ["   hello"], []]
        screen = await person.press("b")
        assert "base 1" in person.notes[-1]
        assert "+ good" in screen
        assert "− bad" in screen
        nodes = [lane.tip for lane in person.session.lanes]
        assert [node.vote.outcome for node in nodes] == ["lost", "won"]


async def test_by_mouse_and_only_once():
    async with comparing() as person:
        await answered(person, "Hi", "arr", "hello")
        await person.click("f7 vote")
        await person.pilot.pause()
        await person.click("none is better")
        assert "ties 1" in person.notes[-1]
        await person.send("/vote a")
        assert "voted on already" in person.notes[-1]


async def test_by_name_and_not_by_another_word():
    async with comparing() as person:
        await answered(person, "Hi", "arr", "hello")
        await person.send("/vote c")
        assert "a, b (the columns from the left) or tie" in person.notes[-1]
        await person.send("/vote base")
        assert "base 1" in person.notes[-1]


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
async def test_blind_lanes_tell_nothing_until_the_vote(order, monkeypatch):
    async with comparing() as person:
        person.transcript.add_notice("Only the chat itself has notices.")
        await person.send("/blind")
        person.session._dealt = order
        person.app.clear_notifications()
        screen = await answered(person, "Hi", "arr matey", "hello there")
        assert [pane.number for pane in panes(person)] == list(order)
        below = "\n".join(person.lines[1:])
        left = screen.split("\n")[1]
        assert left.index("A") < left.index("B")
        for telling in ("pirate", "base", "tok/s", "‹", "seed", "notices"):
            assert telling not in below.replace("length · seed", ""), telling
        words = ("arr matey", "hello there")
        line = next(line for line in person.lines if words[0] in line)
        assert line.index(words[order[0]]) < line.index(words[order[1]])
        await person.send("/vote a")
        won = person.session.lanes[order[0]]
        assert won.tip.vote.outcome == "won"
        assert won.tip.vote.blind
        assert "‹" in person.screen
        assert "base" in "\n".join(person.lines[1:])


async def test_blind_is_taken_back():
    async with comparing() as person:
        await answered(person, "Hi", "arr", "hello")
        await person.send("/blind")
        assert "base" not in "\n".join(person.lines[1:])
        await person.send("/blind")
        assert "base" in person.screen
        assert "arr" in person.screen


async def test_the_next_turn_after_a_blind_vote_hides_them_again():
    async with comparing() as person:
        await person.send("/blind")
        await answered(person, "Hi", "arr", "hello")
        await person.send("/vote tie")
        assert "seed" in person.screen.replace("length · seed", "")
        person.app.clear_notifications()
        await person.send("Go on")
        assert "adapter" not in "\n".join(person.lines[1:]).replace("adapter_strength", "")
        assert not any("base" in line for line in person.lines[1:])


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
async def test_where_the_chats_own_lane_stands_is_no_secret_that_the_screen_tells(order):
    async with comparing() as person:
        await person.send("/blind")
        person.session._dealt = order
        await person.look()
        screen = await answered(person, "Hi", "arr", "hello")
        line = screen.split("\n")[1]
        assert line.index("▸ A") < line.index("  B")
        title = screen.split("\n")[0]
        for telling in ("pirate", "ctx", "tok/s"):
            assert telling not in title
        assert not person.engine.called("inspect")
        await person.send("/vote b")
        assert "pirate" in person.lines[0]
        assert person.engine.called("inspect")
        await person.send("Go on")
        assert columns(person).active == person.session.order[0]
        assert "good" not in person.screen
        await person.send("/blind")
        assert "+ good" in person.screen


@pytest.mark.parametrize(
    "gesture", ["/lane own", "/lane close", "/copy python", "/copy shell", "/compare close b",
                "/export json", "/sessions",
                "/context"],
)  # fmt: skip
async def test_what_would_tell_which_lane_is_which_is_refused_until_the_vote(gesture):
    async with comparing() as person:
        await person.send("/blind")
        await answered(person, "Hi", "arr", "hello")
        await person.send(gesture)
        assert "vote first (/vote)" in person.notes[-1]
        assert len(panes(person)) == 2


async def test_what_there_is_to_know_of_an_adapter_stands_in_no_column_until_the_vote():
    async with comparing() as person:
        await person.send("/blind")
        await person.send("/compare pirate@0.5")
        person.engine.adapter_ends("It changes nothing.")
        await person.look()
        assert "It changes nothing." in person.notes
        assert not transcript(person, 0).entries


async def test_the_first_column_is_the_active_one_after_a_deal_of_the_same_order(monkeypatch):
    monkeypatch.setattr(secrets.SystemRandom, "shuffle", lambda self, numbers: None)
    async with comparing() as person:
        await person.send("/blind")
        await answered(person, "Hi", "arr", "hello")
        await person.press("f6")
        await person.send("/vote tie")
        assert columns(person).active == 1
        await person.send("Go on")
        assert person.session.order == [0, 1]
        assert columns(person).active == 0


async def test_before_the_first_message_hidden_lanes_look_the_same():
    async with comparing() as person:
        await person.send("/blind")
        shown = [pane.transcript.placeholder for pane in panes(person)]
        assert shown[0] == shown[1]
        await person.send("/compare off")
        assert "Say something below" in person.transcript.placeholder


async def test_a_rating_of_the_turn_that_is_judged_is_shown():
    async with comparing() as person:
        await person.send("/blind")
        await answered(person, "Hi", "arr", "hello")
        await person.send("/rate good")
        assert "+ good" in person.screen


async def test_undo_takes_a_vote_back():
    async with comparing() as person:
        await answered(person, "Hi", "arr", "hello")
        await person.send("/vote b")
        await person.send("/undo")
        assert "good" not in person.screen
        await person.send("/vote a")
        assert person.session.lanes[0].tip.vote.outcome == "won"


async def test_a_lane_is_rated_where_the_focus_is():
    async with comparing() as person:
        await answered(person, "Hi", "arr", "hello")
        transcript(person, 1).focus()
        await person.pilot.pause()
        await person.press("plus")
        assert [lane.tip.rating for lane in person.session.lanes] == [None, "good"]


async def test_lanes_that_answer_alike_are_told_once():
    async with comparing() as person:
        assert "its own seed" not in await person.look()
        await person.send("/adapter off")
        screen = await person.look()
        assert screen.count("its own seed") == 1
        await answered(person, "Hi", "hello", "hello")
        assert (await person.look()).count("its own seed") == 1
