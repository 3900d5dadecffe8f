"""Each gesture on the tree by its key and by the mouse, what it says it cost, and its way back."""

from __future__ import annotations

import pytest

from mlxchat.conversation.entries import Reply
from mlxchat.tui.screens.message_menu import MessageMenu
from mlxchat.tui.screens.text_dialog import TextDialog
from tests.person import Person, chatting
from tests.tui.test_tree import SIZES, picked, rewrite, said, two_turns

READ = "4 in cache, 10 read"
"""What the scripted engine says of every reply that it writes."""
TALK = ["First question", "First answer", "Second question", "Second answer"]


async def menu(person: Person, words: str) -> str:
    """Click on the picked message's header, and on a line of the menu that opens."""
    person.transcript.action_message_menu()
    await person.look()
    assert isinstance(person.app.screen, MessageMenu)
    return await person.click(words)


async def undone_and_done_again(person: Person, before: list[str], after: list[str]) -> None:
    """Ctrl+Z and Ctrl+Y lead from what was done to what was before, and back; no word is lost."""
    person.transcript.focus()
    all_before = len(list(person.session.conversation.nodes()))
    await person.press("ctrl+z")
    assert said(person) == before
    await person.press("ctrl+y")
    assert said(person) == after
    assert len(list(person.session.conversation.nodes())) == all_before
    costs = [note for note in person.notes if "Undone" in note or "Done again" in note]
    assert all(note.endswith("the next turn reads 38 tokens anew.") for note in costs)
    assert costs


# Replies


@pytest.mark.parametrize("by", ["key", "footer", "menu", "right"])
async def test_retry(by):
    async with chatting() as person:
        await two_turns(person)
        if by == "key":
            await person.press("ctrl+r")
        elif by == "footer":
            await person.click("^r retry")
        elif by == "menu":
            await person.press("shift+up")
            await menu(person, "Write it again")
        else:
            await person.press("right")
        screen = await person.hear("Other answer")
        assert "‹2/2›" in screen
        assert READ in screen
        await undone_and_done_again(person, TALK, [*TALK[:3], "Other answer"])


async def test_versions_are_walked_by_keys_by_mouse_and_by_command():
    async with chatting() as person:
        await two_turns(person)
        for answer in ("Other answer", "Third answer"):
            await person.press("ctrl+r")
            await person.hear(answer)
        person.transcript.focus()
        assert "‹3/3›" in person.screen
        screen = await person.press("left")
        assert (said(person)[-1], "‹2/3›" in screen) == ("Other answer", True)
        screen = await person.click("‹2/3›")
        assert (said(person)[-1], "‹1/3›" in screen) == ("Second answer", True)
        await person.press("left")
        assert said(person)[-1] == "Second answer"
        await person.press("right", "right")
        assert said(person)[-1] == "Third answer"
        await person.send("/older")
        assert said(person)[-1] == "Other answer"
        column = 3
        y, line = next((y, text) for y, text in enumerate(person.lines) if "‹2/3›" in text)
        await person.pilot.click(offset=(line.index("‹2/3›") + column + 1, y))
        await person.look()
        assert said(person)[-1] == "Third answer"
        assert "Moved: the next turn reads 38 tokens anew." in person.notes
        assert len(person.requests) == 4


@pytest.mark.parametrize("by", ["key", "menu"])
async def test_continue(by):
    async with chatting() as person:
        await person.send("Question")
        await person.hear("one two", "length")
        ids = person.session.reply.spoken_ids
        person.transcript.focus()
        await person.press("shift+up")
        if by == "key":
            await person.press("c")
        else:
            await menu(person, "Go on where it ended")
        assert person.requests[-1].reply_ids == ids
        screen = await person.hear("three")
        assert "one two three" in screen
        assert f"{READ} · 2 kept" in screen
        await undone_and_done_again(person, ["Question", "one two"], ["Question", "one two three"])


async def test_prefill_goes_on_from_it():
    async with chatting() as person:
        await two_turns(person)
        await person.send("/prefill Sure, here is")
        assert person.requests[-1].prefill == "Sure, here is"
        screen = await person.hear(" one")
        assert "Sure, here is one" in screen
        assert READ in screen
        await undone_and_done_again(person, TALK, [*TALK[:3], "Sure, here is one"])


# Edits


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("by", ["key", "mouse"])
async def test_edit_of_what_one_said_is_a_branch_that_is_answered(size, by):
    async with chatting(size) as person:
        await two_turns(person)
        await person.press("shift+up", "shift+up", "e")
        assert person.app.screen.text == "Second question"
        await rewrite(person, "Better")
        await (person.press("ctrl+s") if by == "key" else person.click("as a new version"))
        assert person.app.screen is person.chat
        screen = await person.hear("Better answer")
        assert said(person) == [*TALK[:2], "Better", "Better answer"]
        assert READ in " ".join(screen.replace("▌", "").split())
        await undone_and_done_again(person, TALK, [*TALK[:2], "Better", "Better answer"])


@pytest.mark.parametrize("by", ["key", "mouse"])
async def test_edit_of_what_the_model_said_is_a_version(by):
    async with chatting() as person:
        await two_turns(person)
        await person.press("shift+up")
        if by == "key":
            await person.press("e")
            await rewrite(person, "My words")
            await person.press("ctrl+s")
        else:
            await menu(person, "Edit it")
            await rewrite(person, "My words")
            await person.click("as a new version")
        screen = await person.look()
        assert len(person.requests) == 2
        assert "‹2/2›" in screen
        assert "written by you" in screen
        assert "Edited: the next turn reads 38 tokens anew." in person.notes
        await undone_and_done_again(person, TALK, [*TALK[:3], "My words"])


@pytest.mark.parametrize(("steps", "place"), [(2, 2), (1, 3)])
async def test_edit_in_place_and_back(steps, place):
    async with chatting() as person:
        await two_turns(person)
        await person.press(*["shift+up"] * steps, "e")
        await rewrite(person, "Changed")
        await person.press("ctrl+o")
        changed = [*TALK[:place], "Changed", *TALK[place + 1 :]]
        assert said(person) == changed
        assert len(person.requests) == 2
        await undone_and_done_again(person, TALK, changed)


async def test_an_edit_that_is_left_is_there_again():
    async with chatting() as person:
        await two_turns(person)
        await person.press("shift+up", "e", "!", "escape")
        assert person.app.screen is person.chat
        assert said(person) == TALK
        assert picked(person) == "Second answer"
        screen = await person.press("e")
        assert isinstance(person.app.screen, TextDialog)
        assert "Second answer!" in screen


# Delete, fork


@pytest.mark.parametrize("by", ["d", "delete", "menu"])
async def test_delete(by):
    async with chatting() as person:
        await two_turns(person)
        await person.press("shift+up", "shift+up")
        if by == "menu":
            await menu(person, "Delete it")
        else:
            await person.press(by)
        assert said(person) == TALK[:2]
        assert any(n.startswith("Deleted (/undo brings it back): the next") for n in person.notes)
        await undone_and_done_again(person, TALK, TALK[:2])


@pytest.mark.parametrize("by", ["key", "menu"])
async def test_fork(by):
    async with chatting() as person:
        await two_turns(person)
        before = person.session.conversation
        await person.press("shift+up", "shift+up", "shift+up")
        if by == "key":
            await person.press("f")
        else:
            await menu(person, "Go on in a new conversation")
        assert said(person) == TALK[:2]
        assert "Second" not in person.screen
        await person.send("Elsewhere")
        assert [m.content for m in person.requests[-1].messages] == [*TALK[:2], "Elsewhere"]
        assert READ in await person.hear("Yes")
        assert [entry.text for entry in before.entries] == TALK


# Ratings and notes


async def test_ratings_and_notes_by_menu():
    async with chatting() as person:
        await two_turns(person)
        await person.press("shift+up")
        assert "+ good" in await menu(person, "Call it good")
        assert "− bad" in await menu(person, "Call it bad")
        await menu(person, "Keep a note about it")
        await rewrite(person, "odd")
        assert "note: odd" in await person.click("keep it")
        tip = person.session.conversation.tip
        assert (tip.rating, tip.note) == ("bad", "odd")


async def test_ratings_and_notes_of_a_picked_message_and_back():
    async with chatting() as person:
        await two_turns(person)
        node = person.session.conversation.path[1]
        assert isinstance(node.entry, Reply)
        await person.press("shift+up", "shift+up", "shift+up", "plus", "t")
        await rewrite(person, "good one")
        await person.press("ctrl+s")
        assert (node.rating, node.note) == ("good", "good one")
        screen = await person.press("ctrl+z")
        assert (node.rating, node.note) == ("good", "")
        assert "note:" not in screen
        screen = await person.press("ctrl+z")
        assert node.rating is None
        assert "+ good" not in screen
        screen = await person.press("ctrl+y", "ctrl+y")
        assert "note: good one" in screen


async def test_only_replies_are_rated():
    async with chatting() as person:
        await two_turns(person)
        await person.press("shift+up", "shift+up", "plus")
        assert picked(person) == "Second question"
        await person.send("/rate good")
        assert [node.rating for node in person.session.conversation.path] == [None] * 4
        refused = [note for note in person.notes if note.startswith("Only replies are rated")]
        assert len(refused) == 2


async def test_what_one_said_is_not_rated_where_it_is_the_last_in_sight():
    async with chatting() as person:
        await two_turns(person)
        await person.press("shift+up", "shift+up", "d", "escape")
        await person.press("shift+up", "d", "escape", "plus")
        assert said(person) == TALK[:1]
        assert "Only replies are rated" in person.notes[-1]


async def test_a_rating_by_command_stays_and_by_menu_is_taken_back():
    async with chatting() as person:
        await two_turns(person)
        tip = person.session.conversation.tip
        await person.send("/rate good")
        await person.send("/rate good")
        assert tip.rating == "good"
        await person.send("/rate none")
        assert tip.rating is None
        person.transcript.focus()
        await person.press("shift+up")
        await menu(person, "Call it bad")
        assert tip.rating == "bad"
        await menu(person, "Call it bad")
        assert tip.rating is None


# The menu


@pytest.mark.slow
async def test_every_line_of_the_menu_works_by_the_key_that_it_shows():
    lines = {"^R  Write it again": "ctrl+r", "c  Go on": "c", "e  Edit": "e", "d  Delete": "d",
             "+  Call it good": "plus", "-  Call it bad": "minus", "t  Keep a note": "t",
             "f  Go on in a new": "f"}  # fmt: skip
    for size in SIZES:
        async with chatting(size) as person:
            await two_turns(person)
            screen = await person.press("shift+up", "enter")
            assert all(line in screen for line in lines), screen
            assert len(person.app.screen._choices) == len(lines)
    for line, key in lines.items():
        async with chatting() as person:
            await two_turns(person)
            await person.press("shift+up", "enter")
            before = person.screen
            await person.press(key)
            assert not isinstance(person.app.screen, MessageMenu), line
            assert person.screen != before


async def test_the_menu_of_what_one_said_has_what_fits_it():
    async with chatting() as person:
        await two_turns(person)
        screen = await person.press("shift+up", "shift+up", "enter")
        assert "Edit it" in screen
        assert "Call it good" not in screen
        assert "Write it again" not in screen
        await person.press("plus")
        assert isinstance(person.app.screen, MessageMenu)
