"""The tree in the app: every gesture on messages, by keyboard, by mouse and by command."""

from __future__ import annotations

import pytest

from mlxchat.conversation.entries import Reply
from mlxchat.tui.screens.message_menu import MessageMenu
from mlxchat.tui.screens.text_dialog import TextDialog
from mlxchat.tui.widgets.message_editor import MessageEditor
from mlxchat.tui.widgets.system_prompt import SystemPromptEditor
from tests.person import Person, chatting

SIZES = [(120, 40), (80, 24), (40, 15)]


async def two_turns(person: Person, ended: str = "stop") -> None:
    await person.send("First question")
    await person.hear("First answer")
    await person.send("Second question")
    await person.hear("Second answer", ended)
    person.transcript.focus()
    await person.look()


def said(person: Person) -> list[str]:
    return [entry.text for entry in person.session.conversation.entries]


async def rewrite(person: Person, text: str) -> None:
    """Select all that stands in the dialog, and type over it."""
    assert isinstance(person.app.screen, TextDialog)
    await person.press("f7", *text)
    assert person.app.screen.text == text


def picked(person: Person) -> str:
    node = person.transcript.picked
    return node.entry.text if node is not None and node.entry is not None else ""


@pytest.mark.parametrize("size", SIZES)
async def test_picking_a_message_and_letting_go(size):
    async with chatting(size) as person:
        await two_turns(person)
        screen = await person.press("shift+up")
        assert picked(person) == "Second answer"
        assert "┃ " in screen
        await person.press("shift+up", "shift+up", "shift+up", "shift+up")
        assert picked(person) == "First question"
        await person.press("shift+down")
        assert picked(person) == "First answer"
        screen = await person.press("escape")
        assert picked(person) == ""
        assert "┃ " not in screen


async def test_retry_of_an_earlier_reply_is_a_version_with_a_path_of_its_own():
    async with chatting() as person:
        await two_turns(person)
        await person.press("shift+up", "shift+up", "shift+up", "ctrl+r")
        screen = await person.hear("Other answer")
        assert said(person) == ["First question", "Other answer"]
        assert "‹2/2›" in screen
        assert "Second" not in screen
        screen = await person.press("left")
        assert said(person)[1:] == ["First answer", "Second question", "Second answer"]
        assert "‹1/2›" in screen
        assert "Second answer" in screen


async def test_right_on_the_last_version_writes_another():
    async with chatting() as person:
        await two_turns(person)
        await person.press("right")
        assert person.session.busy
        screen = await person.hear("Third try")
        assert "‹2/2›" in screen
        await person.press("left", "left")
        assert said(person)[-1] == "Second answer"
        assert not person.session.busy


@pytest.mark.parametrize("picks", [True, False])
async def test_right_on_the_last_version_of_an_earlier_reply_writes_another_of_it(picks):
    async with chatting() as person:
        await two_turns(person)
        await person.press("shift+up", "shift+up", "shift+up", "ctrl+r")
        await person.hear("Other answer")
        await person.send("And then?")
        await person.hear("Then this")
        person.transcript.focus()
        await person.press("escape")
        if picks:
            await person.press("shift+up", "shift+up", "shift+up")
            assert picked(person) == "Other answer"
        await person.press("right")
        screen = await person.hear("Third answer")
        assert said(person) == ["First question", "Third answer"]
        assert "‹3/3›" in screen


async def test_right_on_the_last_version_of_ones_own_message_says_how_another_is_made():
    async with chatting() as person:
        await two_turns(person)
        await person.send("/edit Better question")
        await person.hear("Better answer")
        person.transcript.focus()
        await person.press("left")
        assert said(person)[-1] == "Second answer"
        await person.press("right")
        await person.pilot.pause(0.3)  # what the move costs is told a little later
        await person.press("right")
        assert said(person)[-1] == "Better answer"
        assert person.notes[-1].startswith("This is the last version of your message")
        assert not person.session.busy


async def test_what_the_last_move_costs_is_told_in_place_of_the_one_before():
    async with chatting() as person:
        await two_turns(person)
        await person.press("ctrl+r")
        await person.hear("Other answer")
        await person.press("left", "right", "left")
        await person.pilot.pause(0.2)
        assert [note for note in person.notes if note.startswith("Moved")] == [
            "Moved: the next turn reads 38 tokens anew."
        ]


async def test_versions_by_command():
    async with chatting() as person:
        await two_turns(person)
        await person.press("ctrl+r")
        await person.hear("Other answer")
        await person.send("/older")
        assert said(person)[-1] == "Second answer"
        await person.send("/newer")
        assert said(person)[-1] == "Other answer"


async def test_a_picked_message_stays_picked_in_its_next_version():
    async with chatting() as person:
        await two_turns(person, "length")
        await person.press("shift+up", "c")
        await person.press("escape")
        assert person.engine.called("cancel")
        await person.hear("and more", "cancelled")
        assert picked(person) == "Second answer and more"
        await person.press("e")
        assert isinstance(person.app.screen, TextDialog)


async def test_what_is_typed_while_a_version_is_written_is_a_message():
    async with chatting() as person:
        await two_turns(person, "length")
        await person.press("shift+up", "c", "e")
        await person.hear("and more")
        await person.press("d")
        assert person.chat.query_one(MessageEditor).text == "ed"
        assert len(said(person)) == 4


@pytest.mark.parametrize("size", SIZES)
async def test_shift_up_in_the_message_picks_the_last_one(size):
    async with chatting(size) as person:
        await two_turns(person)
        await person.type("")
        await person.press("shift+up")
        assert picked(person) == "Second answer"
        await person.press("shift+up", "e")
        assert isinstance(person.app.screen, TextDialog)
        assert person.app.screen.text == "Second question"


async def test_shift_up_in_a_text_selects():
    async with chatting() as person:
        await two_turns(person)
        await person.type("some words")
        await person.press("shift+up")
        assert picked(person) == ""
        await person.press("home", "shift+up")
        assert picked(person) == "Second answer"
        assert person.chat.query_one(MessageEditor).text == "some words"


async def test_editing_by_command_makes_a_version_that_is_answered():
    async with chatting() as person:
        await two_turns(person)
        await person.send("/edit Better question")
        assert [m.content for m in person.requests[-1].messages][-1] == "Better question"
        screen = await person.hear("Better answer")
        assert said(person)[2:] == ["Better question", "Better answer"]
        assert "‹2/2›" in screen


async def test_editing_a_reply_in_words_of_ones_own_asks_for_nothing():
    async with chatting() as person:
        await two_turns(person)
        requests = len(person.requests)
        await person.press("shift+up")
        person.chat.run_command("edit", "Words of mine")
        screen = await person.look()
        assert len(person.requests) == requests
        assert "written by you" in screen
        await person.send("Go on")
        assert person.requests[-1].messages[-2].content == "Words of mine"
        assert person.requests[-1].messages[-2].token_ids == ()


async def test_continuing_takes_the_exact_tokens():
    async with chatting() as person:
        await person.send("Question")
        person.engine.begin()
        person.engine.say("one two three")
        person.engine.finish("length")
        await person.look()
        ids = person.session.reply.spoken_ids
        await person.send("/continue")
        request = person.requests[-1]
        assert request.reply_ids == ids
        assert request.uncounted == 3
        person.engine.begin()
        person.engine.say("four")
        person.engine.finish()
        screen = await person.look()
        assert "one two three four" in screen
        assert "‹2/2›" in screen


async def test_prefill_begins_another_version_or_the_next_reply():
    async with chatting() as person:
        await person.send("/prefill Sure,")
        assert person.requests == []
        await person.send("Question")
        assert person.requests[-1].prefill == "Sure,"
        await person.hear(" yes")
        await person.send("/prefill No,")
        assert person.requests[-1].prefill == "No,"
        screen = await person.hear(" never")
        assert "‹2/2›" in screen
        await person.send("/prefill")
        assert "needs the start" in person.notes[-1]


@pytest.mark.parametrize("size", SIZES)
async def test_delete_undo_redo(size):
    async with chatting(size) as person:
        await two_turns(person)
        await person.press("shift+up", "shift+up", "d")
        assert said(person) == ["First question", "First answer"]
        assert "Second" not in person.transcript.entries[-1].text
        await person.press("ctrl+z")
        assert said(person)[-1] == "Second answer"
        await person.press("ctrl+y")
        assert said(person)[-1] == "First answer"
        await person.send("/undo")
        assert said(person)[-1] == "Second answer"
        assert any("reads" in note for note in person.notes)


async def test_undo_of_everything_and_beyond():
    async with chatting() as person:
        await two_turns(person)
        await person.press("ctrl+z", "ctrl+z")
        assert said(person) == []
        await person.press("ctrl+z")
        assert "nothing to undo" in person.notes[-1]
        await person.press("ctrl+y", "ctrl+y", "ctrl+y")
        assert said(person)[-1] == "Second answer"
        assert "nothing to do again" in person.notes[-1]


async def test_rating_with_plus_and_minus():
    async with chatting() as person:
        await two_turns(person)
        screen = await person.press("plus")
        assert person.session.conversation.tip.rating == "good"
        assert "+ good" in screen
        screen = await person.press("minus")
        assert "− bad" in screen
        screen = await person.press("minus")
        assert person.session.conversation.tip.rating is None
        assert "bad" not in screen


async def test_a_note_stands_below_its_message():
    async with chatting() as person:
        await two_turns(person)
        await person.send("/note too [short]")
        assert person.session.conversation.tip.note == "too [short]"
        assert "note: too [short]" in await person.look()


async def test_a_fork_is_a_new_conversation():
    async with chatting() as person:
        await two_turns(person)
        before = person.session.conversation
        await person.press("shift+up", "shift+up", "shift+up", "f")
        assert person.session.conversation is not before
        assert said(person) == ["First question", "First answer"]
        assert len(before.entries) == 4


async def test_keys_mean_text_while_no_message_is_picked():
    async with chatting() as person:
        await two_turns(person)
        await person.press("d", "e")
        assert person.chat.query_one(MessageEditor).text == "de"
        assert len(said(person)) == 4


@pytest.mark.parametrize("size", SIZES)
async def test_the_menu_of_a_message(size):
    async with chatting(size) as person:
        await two_turns(person)
        await person.press("shift+up", "enter")
        assert isinstance(person.app.screen, MessageMenu)
        assert "Call it good" in person.screen
        await person.press("escape")
        assert not isinstance(person.app.screen, MessageMenu)
        await person.press("enter", "down", "down", "down", "enter")
        assert not isinstance(person.app.screen, MessageMenu)


async def test_the_menu_by_mouse():
    async with chatting() as person:
        await two_turns(person)
        row = next(y for y, line in enumerate(person.lines) if "scripted" in line and y > 1)
        await person.pilot.click("Transcript", offset=(4, row - 1))
        assert picked(person) == "First answer"
        await person.pilot.click("Transcript", offset=(4, row - 1))
        assert isinstance(person.app.screen, MessageMenu)
        line = next(y for y, text in enumerate(person.lines) if "Call it good" in text)
        await person.pilot.click(offset=(60, line))
        await person.look()
        assert person.session.conversation.path[1].rating == "good"


async def test_versions_of_what_the_person_said_are_walked_by_mouse():
    async with chatting() as person:
        await two_turns(person)
        await person.send("/edit Better question")
        await person.hear("Better answer")
        row = next(y for y, line in enumerate(person.lines) if "You" in line and "‹2/2›" in line)
        column = person.lines[row].index("‹2/2›")
        await person.pilot.click(offset=(column, row))
        await person.look()
        assert said(person)[-1] == "Second answer"


async def test_the_panel_shows_the_system_prompt_of_the_branch():
    async with chatting(system="Be brief.") as person:
        await two_turns(person)
        await person.send("/system Be rude.")
        await person.press("ctrl+r")
        await person.hear("Rude answer")
        editor = person.chat.query_one(SystemPromptEditor)
        await person.send("/undo")
        await person.send("/undo")
        assert editor.text == "Be brief."
        assert said(person)[-1] == "Second answer"


async def test_nothing_of_the_tree_is_changed_while_a_reply_is_written():
    async with chatting() as person:
        await two_turns(person)
        await person.send("Third")
        person.engine.begin()
        await person.look()
        await person.send("/undo")
        await person.send("/delete")
        assert all("still being written" in note for note in person.notes[-2:])
        person.engine.finish()
        await person.look()


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("by", ["key", "mouse"])
async def test_an_edit_in_place_keeps_what_follows(size, by):
    async with chatting(size) as person:
        await two_turns(person)
        node = person.session.conversation.path[1]
        await person.press("shift+up", "shift+up", "shift+up", "e")
        await rewrite(person, "Changed")
        assert all(word in person.screen for word in ("as a new version", "in its place", "cancel"))
        screen = await (person.press("ctrl+o") if by == "key" else person.click("in its place"))
        assert said(person) == ["First question", "Changed", "Second question", "Second answer"]
        assert "Changed" in screen
        assert "First answer" not in screen
        assert "Edited: the next turn reads 38 tokens anew." in person.notes
        assert isinstance(node.entry, Reply)
        assert node.entry.edited
