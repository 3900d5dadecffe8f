"""The app, driven through Textual's pilot over a scripted engine: a conversation."""

from __future__ import annotations

import pytest

from mlxchat.engine.interface import (
    LoadProgress,
    PrefillProgress,
    Silent,
)
from mlxchat.tui.widgets.message_editor import MessageEditor
from mlxchat.tui.widgets.message_editor_area import EditorArea
from mlxchat.tui.widgets.sampler_panel import SamplerPanel
from mlxchat.tui.widgets.slider import Slider
from mlxchat.tui.widgets.system_prompt import SystemPromptEditor
from tests.person import chatting, starting

# A conversation


async def test_a_turn_is_streamed():
    async with chatting() as person:
        assert "Say something below" in person.screen
        assert "What is up?" in await person.send("What is up?")
        assert [m.content for m in person.requests[0].messages] == ["What is up?"]
        person.engine.begin()
        person.engine.say("The sky")
        screen = await person.look()
        assert "The sky" in screen
        assert "tok ·" not in screen
        person.engine.say("is up.")
        person.engine.finish()
        screen = await person.look()
        assert "The sky is up." in screen
        assert "4 tok · 3.0 tok/s · first 0.21 s · 4 in cache, 10 read" in screen
        assert "temp 0.70" in screen
        assert person.chat.query_one(MessageEditor).text == ""


async def test_a_second_turn_sends_the_first():
    async with chatting() as person:
        await person.send("one")
        await person.hear("uno")
        await person.send("two")
        screen = await person.hear("dos")
        assert [m.content for m in person.requests[1].messages] == ["one", "uno", "two"]
        places = [screen.index(text) for text in ("one", "uno", "two", "dos")]
        assert places == sorted(places)


async def test_escape_stops_and_what_was_written_stays():
    async with chatting() as person:
        await person.send("Go on")
        person.engine.begin()
        person.engine.say("once upon")
        assert "stop" in (await person.look()).splitlines()[-1]
        await person.press("escape")
        assert person.engine.called("cancel")
        person.engine.finish("cancelled")
        screen = await person.look()
        assert "once upon" in screen
        assert "stopped by you" in screen
        await person.send("More")
        assert len(person.requests) == 2


async def test_ctrl_c_stops_or_copies_or_says_how_to_leave(monkeypatch):
    copied: list[str] = []
    async with chatting() as person:
        monkeypatch.setattr(person.app, "copy_to_clipboard", copied.append)
        await person.press("ctrl+c")
        assert "Ctrl+Q" in person.notes[-1]
        await person.send("Go on")
        before = len(person.engine.called("cancel"))
        await person.press("ctrl+c")
        assert len(person.engine.called("cancel")) == before + 1
        await person.type("selected")
        person.chat.query_one(EditorArea).select_all()
        await person.press("ctrl+c")
        assert copied == ["selected"]
        assert len(person.engine.called("cancel")) == before + 1
        assert not person.app._exit


async def test_sending_during_a_reply_keeps_the_message():
    async with chatting() as person:
        await person.send("one")
        await person.send("two")
        assert person.chat.query_one(MessageEditor).text == "two"
        assert "stop it first" in person.notes[-1]
        assert len(person.requests) == 1


async def test_retry_replaces_the_reply():
    async with chatting() as person:
        await person.send("Name one")
        await person.hear("Anna")
        await person.press("ctrl+r")
        screen = await person.hear("Berta")
        assert "Berta" in screen
        assert "Anna" not in screen
        assert screen.count("Name one") == 1
        first, second = person.requests
        assert list(first.messages) == list(second.messages)


async def test_retry_after_a_failure():
    async with chatting() as person:
        await person.send("Name one")
        person.engine.begin()
        person.engine.say("An")
        person.engine.fail("There is not enough memory.")
        screen = await person.look()
        assert "There is not enough memory." in screen
        assert "broke off" in screen
        await person.press("ctrl+r")
        screen = await person.hear("Berta")
        assert "Berta" in screen
        assert "memory" not in screen


async def test_retry_with_nothing_said():
    async with chatting() as person:
        await person.press("ctrl+r")
        assert "nothing to retry" in person.notes[-1]


async def test_a_failure_before_the_first_token():
    async with chatting() as person:
        await person.send("Hello")
        person.engine.fail("The chat template cannot write this.")
        assert "The chat template cannot write this." in await person.look()
        await person.send("Again")
        assert "Fine." in await person.hear("Fine.")


async def test_clear_begins_anew():
    async with chatting(system="Be brief.") as person:
        await person.send("old words")
        await person.hear("older words")
        screen = await person.press("ctrl+l")
        assert "words" not in screen
        assert "ctx 0/2048" in screen
        await person.send("new")
        assert [m.content for m in person.requests[1].messages] == ["Be brief.", "new"]


async def test_a_message_sent_during_the_load_waits():
    async with starting() as person:
        assert "loading" in person.screen
        assert "Early" in await person.send("Early")
        assert person.requests == []
        person.engine.load_ends()
        await person.look()
        assert [m.content for m in person.requests[0].messages] == ["Early"]
        assert "Bird" in await person.hear("Bird")


async def test_quitting_during_a_reply():
    async with chatting() as person:
        await person.send("Go on")
        person.engine.begin()
        person.engine.say("once")
        await person.look()
        await person.pilot.press("ctrl+q")
        assert person.app._exit
        assert person.app.return_code == 0


# The state of things


async def test_the_prefill_is_shown():
    async with chatting() as person:
        await person.send("A long one")
        person.engine.tell(PrefillProgress(1, 100, 256, 900))
        assert "reading 256/900 tokens · 100 in cache" in await person.look()
        person.engine.begin()
        assert "reading" not in await person.look()


@pytest.mark.parametrize("size", [(120, 40), (40, 15)])
async def test_a_silent_server_is_shown_until_it_speaks(size):
    async with chatting(size) as person:
        await person.send("A long one")
        person.engine.begin()
        person.engine.say("Once")
        person.engine.tell(Silent(1, 20))
        screen = " ".join((await person.look()).split())
        assert "nothing from the server for 20 s · Esc stops" in screen
        person.engine.tell(Silent(1, 0))
        assert "nothing from the server" not in await person.look()


async def test_the_context_meter():
    async with chatting() as person:
        assert "ctx 0/2048 ▕░░░░░░░░▏" in person.lines[0]
        await person.send("hi")
        await person.hear("word " * 500)
        assert "ctx 515/2048 ▕███░░░░░▏" in person.lines[0]


async def test_the_load_is_shown():
    async with starting() as person:
        person.engine.tell(LoadProgress("Downloading x", 250_000_000, 1_000_000_000, "bytes"))
        assert "Downloading x 25% of 1000 MB" in await person.look()
        person.engine.load_ends()
        screen = await person.look()
        assert "Downloading" not in screen
        assert "scripted" in person.lines[0]


async def test_notes_on_the_model():
    async with chatting(notes=("This model has no chat template: plain text.",)) as person:
        assert "This model has no chat template: plain text." in person.screen


async def test_the_adapter_is_named():
    async with chatting(adapter="/somewhere/pirate") as person:
        assert "adapter pirate" in person.lines[0]


async def test_reasoning_can_be_read_and_folds():
    async with chatting(think_tags=("<think>", "</think>")) as person:
        await person.send("Think")
        person.engine.begin(opens_in_thought=True)
        person.engine.say("Deep in\nthe sum")
        assert "Deep in" in await person.look()
        person.engine.say("\n</think>\n\nIt is 4.")
        person.engine.finish()
        screen = await person.look()
        assert "It is 4." in screen
        assert "think>" not in screen
        person.transcript.focus()
        screen = await person.press("enter")
        assert "Deep in" not in screen
        assert "It is 4." in screen
        assert "Deep in" in await person.press("enter")


# Sampler


async def test_a_slider_reaches_the_engine_during_a_reply():
    async with chatting() as person:
        await person.send("Go on")
        person.engine.begin()
        person.engine.say("cold")
        await person.look()
        slider = person.chat.query_one("#row-temp Slider", Slider)
        await person.pilot.mouse_down(slider, offset=(2, 0))
        await person.pilot.hover(slider, offset=(slider.size.width - 1, 0))
        hot = person.engine.settings.temp
        await person.pilot.mouse_up(slider, offset=(slider.size.width - 1, 0))
        assert hot > 1.5
        assert person.session.settings.temp == hot
        person.engine.say("hot")
        person.engine.finish()
        screen = await person.look()
        assert f"temp 0.70→{hot:.2f}" in screen
        records = person.session.reply.tokens
        assert [record.settings.temp for record in records] == [0.7, hot]


async def test_the_models_own_settings_are_the_defaults():
    async with chatting() as person:
        panel = person.chat.query_one(SamplerPanel)
        assert (panel.settings.temp, panel.defaults.temp) == (0.7, 0.7)
        assert "modified" not in person.screen
        await person.send("/temp 1.25")
        assert person.engine.settings.temp == 1.25
        assert "1.25*" in person.screen
        assert "temp 1.25" in person.notes[-1]
        await person.send("/reset")
        assert person.engine.settings.temp == 0.7
        assert "modified" not in person.screen


async def test_temp_0_dims_the_others():
    async with chatting() as person:
        await person.send("/temp 0")
        assert person.chat.query_one("#row-top_p").idle_reason is not None
        assert person.chat.query_one("#row-temp").idle_reason is None


# System prompt


async def test_an_edited_system_prompt_shows_its_cost():
    async with chatting(system="Be brief.") as person:
        await person.send("hi")
        await person.hear("ho")
        await person.send("/system")
        await person.press("x", "y")
        await person.pilot.pause(0.4)
        screen = await person.look()
        assert "edited: 38 tokens to re-read" in screen
        assert "xy" in person.session.conversation.system
        await person.send("again")
        assert "xy" in person.requests[1].messages[0].content


async def test_a_system_prompt_by_command():
    async with chatting() as person:
        await person.send("/system Answer in French.")
        assert person.chat.query_one(SystemPromptEditor).text == "Answer in French."
        await person.send("hi")
        assert person.requests[0].messages[0].content == "Answer in French."


async def test_a_model_loaded_during_a_reply_stops_it_and_the_app_goes_on():
    async with chatting() as person:
        await person.send("Go on")
        person.engine.begin()
        person.engine.say("once upon")
        await person.look()
        await person.send("/model another")
        await person.send("and then?")
        assert "stop it first" in person.notes[-1]
        person.engine.finish("cancelled")
        person.engine.load_ends()
        assert "stopped by you" in await person.look()
        person.chat.query_one(MessageEditor).clear()
        await person.send("and now?")
        person.engine.begin()
        person.engine.say("the end")
        person.engine.finish()
        assert "the end" in await person.look()


async def test_what_is_typed_over_the_conversation_goes_to_the_message():
    async with chatting() as person:
        await person.send("Hello")
        await person.hear("Hi there")
        person.chat.transcript.focus()
        await person.press("w", "h", "y", "space", "c")
        assert person.chat.query_one(MessageEditor).text == "why c"


async def test_the_system_prompt_counts_as_applied_once_it_was_read():
    async with chatting() as person:
        person.chat.set_system("Be brief.")
        assert "38 tokens to re-read" in await person.look()
        await person.send("Hello")
        await person.hear("Hi")
        screen = await person.look()
        assert "applied" in screen
        assert "to re-read" not in screen


async def test_the_panel_key_goes_there_first_and_then_hides_it():
    async with chatting() as person:
        assert person.chat.panel_shown
        await person.press("ctrl+s")
        assert isinstance(person.chat.focused, Slider)
        await person.press("ctrl+s")
        assert not person.chat.panel_shown
        await person.press("ctrl+s")
        assert person.chat.panel_shown


async def test_what_is_typed_at_a_slider_goes_to_the_message_unless_it_is_a_value():
    async with chatting() as person:
        slider = person.chat.query_one("SamplerPanel Slider")
        slider.focus()
        await person.press("slash", "t", "h")
        editor = person.chat.query_one(MessageEditor)
        assert editor.text == "/th"
        assert person.app.focused is not slider
        slider.focus()
        await person.press("0")
        assert (editor.text, slider.entry) == ("/th", "0")


async def test_a_command_that_cannot_be_done_is_there_to_be_mended():
    async with chatting() as person:
        editor = person.chat.query_one(MessageEditor)
        await person.send("/temp 999")
        assert editor.text == "/temp 999"
        assert person.notes
        await person.send("/undo")
        assert editor.text == ""


async def test_the_choice_of_a_model_says_why_the_last_one_is_not_there():
    async with starting() as person:
        person.engine.load_fails("The folder [b] is empty.")
        screen = await person.look()
        assert "Choose a model" in screen
        assert "✗ The folder [b] is empty." in screen
