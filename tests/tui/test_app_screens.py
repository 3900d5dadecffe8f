"""Commands, palette, help, themes and models, through Textual's pilot."""

from __future__ import annotations

from dataclasses import replace

from textual.widgets import Input, OptionList

from mlxchat.engine.interface import (
    Loaded,
    LoadFailed,
)
from mlxchat.files.preferences import Preferences
from mlxchat.files.theme_files import load_themes
from mlxchat.tui.screens.help import HelpScreen
from mlxchat.tui.screens.model_picker import ModelPicker
from mlxchat.tui.screens.theme_picker import ThemePicker
from mlxchat.tui.widgets.completion_list import CompletionList
from mlxchat.tui.widgets.message_editor import MessageEditor
from mlxchat.tui.widgets.sampler_panel import SamplerPanel
from tests.person import chatting, starting
from tests.scripted import INFO

# Commands


async def test_an_unknown_command_names_the_nearest():
    async with chatting() as person:
        await person.send("/retri")
        assert "Did you mean /retry?" in person.notes[-1]
        assert person.requests == []


async def test_a_message_can_begin_with_a_slash():
    async with chatting() as person:
        await person.send("//usr/bin is a path")
        assert person.requests[0].messages[0].content == "/usr/bin is a path"


async def test_a_command_is_completed():
    async with chatting() as person:
        person.chat.query_one(MessageEditor).focus()
        screen = await person.press("slash", "t", "e")
        assert "/temp" in screen
        await person.press("tab")
        assert person.chat.query_one(MessageEditor).text == "/temp "


async def test_a_bad_value_is_said():
    async with chatting() as person:
        await person.send("/temp warm")
        assert "temp must be a number" in person.notes[-1]
        assert person.session.settings.temp == 0.7


async def test_what_was_completed_is_not_offered_again():
    async with chatting((40, 10)) as person:
        await person.press(*"/theme", "space", *"pap")
        assert "/theme paper" in person.screen
        screen = await person.press("tab")
        assert screen.count("/theme paper") == 1
        assert not person.app.screen.query_one(CompletionList).display


async def test_the_palette_runs_a_command():
    async with chatting() as person:
        await person.send("hi")
        await person.hear("ho")
        await person.pilot.press("ctrl+p")
        await person.pilot.pause()
        await person.pilot.press(*"clear")
        await person.pilot.pause(0.5)
        await person.pilot.press("enter")
        await person.pilot.pause(0.2)
        if person.session.conversation.entries:
            await person.pilot.press("enter")
            await person.pilot.pause(0.2)
        assert person.session.conversation.entries == []


async def test_help():
    async with chatting() as person:
        screen = await person.press("f1")
        assert isinstance(person.app.screen, HelpScreen)
        assert "Keys" in screen
        assert "^T" in screen
        screen = await person.press("pagedown")
        assert "/retry" in screen
        await person.press("escape")
        assert person.app.screen is person.chat


async def test_copying_the_reply(monkeypatch):
    copied: list[str] = []
    async with chatting() as person:
        monkeypatch.setattr(person.app, "copy_to_clipboard", copied.append)
        await person.send("hi")
        await person.hear("**bold** word")
        await person.send("/copy")
        assert copied == ["**bold** word"]


# Themes


async def test_a_theme_is_previewed_taken_and_remembered():
    async with chatting() as person:
        before = person.app.theme
        await person.send("/theme")
        assert isinstance(person.app.screen, ThemePicker)
        choices = person.app.screen.query_one(OptionList)
        await person.press("home")
        await person.press("down")
        shown = person.app.theme
        assert shown == choices.get_option_at_index(1).id
        await person.press("escape")
        assert person.app.theme == before
        assert Preferences.load().theme == ""
        await person.send("/theme")
        await person.press("home", "down", "enter")
        assert person.app.theme == shown == Preferences.load().theme
        assert person.app.screen is person.chat
    async with chatting() as person:
        assert person.app.theme == shown


async def test_a_theme_by_name():
    async with chatting() as person:
        names = [name for name in load_themes().themes if name != person.app.theme]
        await person.send(f"/theme {names[0]}")
        assert person.app.theme == names[0]
        await person.send("/theme [bold]no[/")
        assert "no theme" in person.notes[-1]


# Models


async def test_without_a_model_the_picker_opens(two_models):
    async with starting(model=None) as person:
        assert isinstance(person.app.screen, ModelPicker)
        screen = person.screen
        assert "one" in screen
        assert "1.8 GB" in screen
        await person.press("enter")
        (spec,) = person.engine.called("load")
        assert spec.model == "/models/one"
        assert person.app.screen is person.chat
        person.engine.load_ends()
        await person.look()
        await person.send("hi")
        assert len(person.requests) == 1


async def test_a_typed_model(two_models):
    async with starting(model=None) as person:
        person.app.screen.query_one(Input).focus()
        await person.press(*"org/x", "enter")
        assert person.engine.called("load")[-1].model == "org/x"


async def test_a_message_without_a_model_is_kept(two_models):
    async with starting(model=None) as person:
        await person.press("escape")
        await person.send("hello")
        assert "choose one first" in person.notes[-1]
        assert person.chat.query_one(MessageEditor).text == "hello"


async def test_a_failed_load_shows_the_sentence_and_the_picker(two_models):
    async with starting() as person:
        person.engine.load_fails("/x holds no model: it has no config.json.")
        await person.look()
        assert isinstance(person.app.screen, ModelPicker)
        screen = await person.press("escape")
        assert "/x holds no model: it has no config.json." in screen
        await person.press("ctrl+o")
        assert isinstance(person.app.screen, ModelPicker)
        await person.press("enter")
        person.engine.load_ends()
        await person.look()
        await person.send("hi")
        assert "ho" in await person.hear("ho")


async def test_a_failed_second_load_keeps_the_first_model(two_models):
    async with chatting() as person:
        await person.send("/model /nowhere")
        assert person.engine.called("load")[-1].model == "/nowhere"
        person.engine.load_fails("/nowhere does not exist.")
        assert "/nowhere does not exist." in await person.look()
        assert person.app.screen is person.chat
        await person.send("hi")
        assert "ho" in await person.hear("ho")


async def test_escape_stops_a_load(two_models):
    async with starting() as person:
        await person.press("escape")
        assert person.engine.called("cancel")
        person.engine.tell(LoadFailed("Loading was stopped.", cancelled=True))
        await person.look()
        await person.press("escape")
        assert "Loading was stopped." in person.screen


async def test_another_models_defaults():
    async with chatting() as person:
        await person.send("/model other")
        person.engine.tell(Loaded(replace(INFO, name="other", recommended={"temp": 0.2})))
        await person.look()
        assert "other" in person.lines[0]
        assert person.chat.query_one(SamplerPanel).settings.temp == 0.2
