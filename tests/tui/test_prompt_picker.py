"""The choice of a system prompt, by keyboard and by mouse."""

from __future__ import annotations

import pytest

from mlxchat.files.prompt_library import (
    Prompt,
    prompts_file,
    read_prompts,
    remember_prompt,
    save_prompt,
)
from mlxchat.tui.screens.prompt_picker import PromptPicker
from tests.tui.screen_person import SIZES, ScreenPerson, showing


@pytest.fixture(autouse=True)
def library() -> None:
    save_prompt(Prompt("pirate", "You are a pirate.\nSay Arr."))
    save_prompt(Prompt("nurse", "You are a kind nurse."))
    remember_prompt("You are a poet.")
    remember_prompt("You are a pirate.\nSay Arr.")


def names() -> list[str]:
    return [prompt.name for prompt in read_prompts().prompts]


def cursor(person: ScreenPerson) -> str:
    offer = person.app.screen._offer
    return offer.name or offer.text


@pytest.mark.parametrize("size", SIZES)
async def test_it_fits(size):
    async with showing(PromptPicker("Be brief."), size) as person:
        assert person.fits(size)
        for text in ("● not saved: Be brief.", "pirate", "nurse", "recent: You are a poet.",
                     "s save", "Esc close"):  # fmt: skip
            assert text in person.screen, text
        await person.press("down")
        assert "Say Arr." in person.screen


async def test_enter_takes_it_and_escape_nothing():
    async with showing(PromptPicker("")) as person:
        await person.press("down", "enter")
        assert person.result == "You are a kind nurse."
    async with showing(PromptPicker("")) as person:
        await person.press("down", "escape")
        assert person.result is None


async def test_it_starts_at_the_one_in_force():
    async with showing(PromptPicker("You are a kind nurse.\n")) as person:
        assert cursor(person) == "nurse"
        assert "● nurse" in person.screen


async def test_a_click_shows_and_a_second_one_takes():
    async with showing(PromptPicker("Be brief.")) as person:
        await person.click("  nurse")
        assert "You are a kind nurse." in person.screen
        assert person.open
        await person.click("  nurse")
        assert person.result == "You are a kind nurse."


async def test_save_under_a_name():
    async with showing(PromptPicker("Be brief.")) as person:
        await person.press("s", *'a"b', "enter")
        assert "without quotes" in person.notes[-1]
        await person.press("backspace", "backspace", "backspace", *"brief", "enter")
        assert names() == ["pirate", "nurse", "brief"]
        assert cursor(person) == "brief"
        assert "not saved" not in person.screen
        await person.press("end", "s", *"poet", "enter")
        assert read_prompts().prompts[-1] == Prompt("poet", "You are a poet.")
        await person.press("s")
        assert "saved already" in person.notes[-1]


async def test_rename_and_leave_it():
    async with showing(PromptPicker("Be brief.")) as person:
        await person.press("r")
        assert "no name yet" in person.notes[-1]
        await person.press("down", "r", *"s", "escape")
        assert names() == ["pirate", "nurse"]
        assert person.open
        await person.press("r", *"s", "enter")
        assert names() == ["pirates", "nurse"]
        assert cursor(person) == "pirates"


async def test_delete_and_undo():
    async with showing(PromptPicker("")) as person:
        await person.press("d")
        assert names() == ["nurse"]
        assert "“pirate” is deleted" in person.notes[-1]
        assert "recent: You are a pirate. Say Arr." in person.screen
        await person.click("bring back")
        assert names() == ["nurse", "pirate"]
        assert cursor(person) == "pirate"
        await person.press("end", "d")
        assert "Only saved prompts" in person.notes[-1]


async def test_a_damaged_file_is_said():
    prompts_file().write_text("[prompts")
    async with showing(PromptPicker("Be brief.")) as person:
        assert "not valid TOML" in person.notes[0]
        await person.press("s", "x", "enter")
        assert len(person.notes) == 2
        assert person.open
    assert prompts_file().read_text() == "[prompts"


async def test_hostile_prompts_stay_text():
    save_prompt(Prompt("evil", "\x1b]52;c;AAAA\x07[red]x[/red]\u202e"))
    async with showing(PromptPicker("")) as person:
        await person.press("down", "down")
        assert "[red]x[/red]⟨U+202E⟩" in person.screen
        assert not any(mark in person.screen for mark in "\x1b\x07\u202e")
