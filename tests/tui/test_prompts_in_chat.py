"""System prompts in the app: along a branch, in the library, in the person's own editor."""

from __future__ import annotations

from contextlib import nullcontext

import pytest
from textual.widgets import TextArea

from mlxchat.errors import MlxchatError
from mlxchat.files.prompt_library import Prompt, read_prompts, recent_prompts, save_prompt
from mlxchat.tui.screens.prompt_picker import PromptPicker
from mlxchat.tui.themes import ThemedApp
from mlxchat.tui.widgets.message_editor import MessageEditor
from mlxchat.tui.widgets.system_prompt import SystemPromptEditor
from tests.person import Person, chatting
from tests.tui.test_text_dialog import editor


def panel(person: Person) -> SystemPromptEditor:
    return person.chat.query_one(SystemPromptEditor)


def said(person: Person) -> list[str]:
    return [entry.text for entry in person.session.conversation.entries]


async def write_prompt(person: Person, text: str) -> None:
    """Type a system prompt over the one in the panel, and leave its editor."""
    await person.press("f2", "f7", *text, "tab")
    assert person.session.conversation.system == text


async def test_a_prompt_is_remembered_when_a_reply_starts_under_it():
    async with chatting(system="You are a poet.") as person:
        await write_prompt(person, "You are a pir")
        await write_prompt(person, "You are a pirate.")
        await person.send("Hello")
        assert recent_prompts() == []
        await person.hear("Arr")
        assert recent_prompts() == ["You are a pirate."]
        await write_prompt(person, "You are a nur")
        await write_prompt(person, "You are a nurse.")
        await person.press("ctrl+r")
        await person.hear("There, there")
        assert recent_prompts() == ["You are a nurse.", "You are a pirate."]


async def test_a_replay_remembers_nothing():
    async with chatting(system="You are a poet.") as person:
        await person.send("Hello")
        await person.hear("Lo!")
        await write_prompt(person, "You are a pirate.")
        await person.send("Hello")
        await person.hear("Arr")
        await person.send("/replay")
        await person.hear("Arr")
        assert recent_prompts() == ["You are a pirate.", "You are a poet."]


async def test_it_changes_along_a_branch():
    async with chatting(system="Be brief.") as person:
        await person.send("Hello")
        await person.hear("Hi")
        await write_prompt(person, "Be rude.")
        assert "edited: 38 tokens to re-read" in await person.look()
        await person.press("ctrl+r")
        assert person.requests[-1].messages[0].content == "Be rude."
        await person.hear("Go away")
        person.transcript.focus()
        await person.press("left")
        assert said(person)[-1] == "Hi"
        await person.press("right")
        assert (said(person)[-1], panel(person).text) == ("Go away", "Be rude.")


async def test_one_out_of_the_library_by_keys():
    save_prompt(Prompt("pirate", "You are a pirate."))
    async with chatting(system="Be brief.") as person:
        await person.send("/prompts")
        assert isinstance(person.app.screen, PromptPicker)
        await person.press("down", "enter")
        assert person.app.screen is person.chat
        assert panel(person).text == "You are a pirate."
        await person.send("Hello")
        assert person.requests[-1].messages[0].content == "You are a pirate."


async def test_one_out_of_the_library_by_mouse():
    save_prompt(Prompt("pirate", "You are a pirate."))
    async with chatting(system="Be brief.") as person:
        await person.send("/prompts")
        await person.click("  pirate")
        await person.click("  pirate")
        assert panel(person).text == "You are a pirate."


async def test_saving_the_one_in_the_panel():
    async with chatting() as person:
        await write_prompt(person, "You are a nurse.")
        await person.send("/prompts")
        await person.press("s", *"nurse", "enter", "escape")
        assert person.app.screen is person.chat
        assert read_prompts().prompts == (Prompt("nurse", "You are a nurse."),)
        await person.send("/prompts save kind one")
        assert [prompt.name for prompt in read_prompts().prompts] == ["nurse", "kind one"]


@pytest.fixture
def suspendable(monkeypatch: pytest.MonkeyPatch) -> None:
    """A screen that is drawn nowhere has no terminal to give away."""
    monkeypatch.setattr(ThemedApp, "suspend", lambda self: nullcontext())


async def test_the_prompt_and_the_message_in_an_editor_of_ones_own(
    tmp_path, monkeypatch, suspendable
):
    editor(tmp_path, monkeypatch, "path.write_text(path.read_text().upper() + '\\n')")
    async with chatting(system="Be brief.") as person:
        await person.press("f2", "ctrl+g")
        assert panel(person).text == person.session.conversation.system == "BE BRIEF."
        await person.type("hello")
        await person.press("ctrl+g")
        assert person.chat.query_one(MessageEditor).text == "HELLO"
        await person.press("enter")
        assert [m.content for m in person.requests[-1].messages] == ["BE BRIEF.", "HELLO"]


async def test_a_hostile_prompt_is_made_visible():
    async with chatting(system="\x1b]52;c;AAAA\x07 you") as person:
        assert person.chat.query_one("SystemPromptEditor TextArea", TextArea).text
        assert not any(mark in person.screen for mark in "\x1b\x07")
        assert "]52;c;AAAA" in person.screen


@pytest.mark.parametrize("size", [(120, 40), (80, 24), (60, 16), (40, 15)])
async def test_what_is_typed_after_f2_is_seen(size):
    async with chatting(size) as person:
        screen = await person.press("f2", *"Be brief.")
        assert "Be brief." in screen
        assert "SYSTEM PROMPT" in screen


async def test_what_an_editor_of_ones_own_gives_is_seen(tmp_path, monkeypatch, suspendable):
    editor(tmp_path, monkeypatch, "path.write_text('Be kind.')")
    async with chatting((80, 24)) as person:
        await person.press("f2", "tab")
        person.chat.query_one("#panel").scroll_home(animate=False)
        await person.press("f2")
        assert "Be kind." in await person.press("ctrl+g")


async def test_a_prompt_that_grows_stays_in_sight():
    async with chatting((80, 24)) as person:
        screen = await person.press("f2", *(key for _ in range(6) for key in ("a", "enter")), "z")
        assert "│ z" in screen or "┃ z" in screen


@pytest.mark.parametrize("by", ["key", "mouse"])
async def test_a_saved_one_is_edited_in_an_editor_of_ones_own(
    tmp_path, monkeypatch, suspendable, by
):
    editor(tmp_path, monkeypatch, "path.write_text(path.read_text().upper())")
    save_prompt(Prompt("pirate", "You are a pirate."))
    async with chatting(system="Be brief.") as person:
        await person.send("/prompts")
        await person.press("down")
        await (person.press("ctrl+g") if by == "key" else person.click("^G edit"))
        assert isinstance(person.app.screen, PromptPicker)
        assert read_prompts().prompts == (Prompt("pirate", "YOU ARE A PIRATE."),)
        await person.press("u")
        assert read_prompts().prompts == (Prompt("pirate", "You are a pirate."),)
        assert panel(person).text == "Be brief."


async def test_one_that_is_not_saved_is_used_as_the_editor_left_it(
    tmp_path, monkeypatch, suspendable
):
    editor(tmp_path, monkeypatch, "path.write_text(path.read_text().upper())")
    async with chatting(system="Be brief.") as person:
        await person.send("/prompts")
        await person.press("ctrl+g")
        assert person.app.screen is person.chat
        assert panel(person).text == "BE BRIEF."


async def test_what_cannot_be_saved_is_used(tmp_path, monkeypatch, suspendable):
    editor(tmp_path, monkeypatch, "path.write_text('New words')")
    save_prompt(Prompt("pirate", "You are a pirate."))

    def fail(prompt: Prompt) -> bool:
        raise MlxchatError("prompts.toml cannot be written.")

    async with chatting() as person:
        await person.send("/prompts")
        monkeypatch.setattr("mlxchat.tui.screens.prompt_picker.save_prompt", fail)
        await person.press("ctrl+g")
        assert "prompts.toml cannot be written." in person.notes
        assert panel(person).text == "New words"
