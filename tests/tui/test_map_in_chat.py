"""The map of the tree in the app: where it leads, and what comes back by it."""

from __future__ import annotations

import pytest

from mlxchat.tui.screens.text_dialog import TextDialog
from mlxchat.tui.screens.tree_map import TreeMap
from tests.person import Person, chatting
from tests.tui.test_tree import SIZES, picked, said, two_turns


async def two_branches(person: Person) -> None:
    """Two turns, and another answer to the first question, which is shown."""
    await two_turns(person)
    await person.press("shift+up", "shift+up", "shift+up", "ctrl+r")
    await person.hear("Other answer")
    person.transcript.focus()


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("by", ["keys", "mouse", "command"])
async def test_it_leads_to_another_branch(size, by):
    async with chatting(size) as person:
        await two_branches(person)
        assert said(person) == ["First question", "Other answer"]
        if by == "command":
            await person.send("/map")
        elif by == "mouse" and "f3 map" in person.screen:
            await person.click("f3 map")
        else:
            await person.press("f3")
        assert isinstance(person.app.screen, TreeMap)
        if by == "mouse":
            screen = await person.click("Second question")
        else:
            assert "◆ model ‹2/2› Other answer" in person.screen
            screen = await person.press("up", "up", "enter")
        assert person.app.screen is person.chat
        assert said(person)[1:] == ["First answer", "Second question", "Second answer"]
        assert picked(person) == "Second question"
        assert "Second question" in screen
        assert "Moved: the next turn reads 38 tokens anew." in person.notes


async def test_the_keys_mean_the_message_that_it_led_to():
    async with chatting() as person:
        await two_turns(person)
        await person.type("")
        await person.press("f3", "home", "enter", "e")
        assert isinstance(person.app.screen, TextDialog)
        assert person.app.screen.text == "First question"


async def test_no_new_text_is_told_of_where_none_came():
    async with chatting((80, 24)) as person:
        await two_turns(person)
        await person.send("Tell me all")
        await person.hear("\n\n".join(f"Line {n}" for n in range(40)))
        screen = await person.press("f3", "home", "enter")
        assert "First question" in screen
        assert "new text below" not in screen
        await person.press("shift+down", "plus")
        screen = await person.press("shift+up", "t", *"odd", "ctrl+s")
        assert "note: odd" in screen
        assert "new text below" not in screen


async def test_escape_leaves_everything_as_it_was():
    async with chatting() as person:
        await two_branches(person)
        await person.press("f3", "home", "escape")
        assert said(person) == ["First question", "Other answer"]
        assert person.app.focused is person.transcript


@pytest.mark.parametrize("by", ["keys", "mouse"])
async def test_what_was_deleted_comes_back_and_goes_again(by):
    async with chatting() as person:
        await two_turns(person)
        await person.press("shift+up", "shift+up", "d")
        assert said(person) == ["First question", "First answer"]
        await person.press("f3")
        assert "Second" not in person.screen
        if by == "keys":
            screen = await person.press("h", "end")
            assert "× model Second answer" in screen
            assert "Enter bring back" in screen
            await person.press("enter")
        else:
            screen = await person.click("show deleted")
            await person.click("Second answer")
        assert person.app.screen is person.chat
        assert said(person)[2:] == ["Second question", "Second answer"]
        assert picked(person) == "Second answer"
        assert any(note.startswith("Brought back") for note in person.notes)
        await person.send("And now?")
        assert [m.content for m in person.requests[-1].messages][-2:] == [
            "Second answer", "And now?",
        ]  # fmt: skip
        await person.hear("Now this")
        await person.press("f3")
        assert "×" not in person.screen


async def test_filters_by_rating_and_note():
    async with chatting() as person:
        await two_turns(person)
        await person.press("shift+up", "plus", "shift+up", "shift+up", "minus")
        await person.send("/note look here")
        await person.press("f3")
        screen = await person.press("f")
        assert "question" not in screen.split("Map")[1]
        assert "+ Second answer" in screen
        assert "− ✎ First answer" in screen or "− First answer" in screen
        screen = await person.click("show: rated")
        assert "show: noted" in screen
        assert "look here" in screen
