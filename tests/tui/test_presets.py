"""Presets and undo in the app, by keyboard and by mouse."""

from __future__ import annotations

import pytest
from rich.cells import cell_len
from textual.geometry import Offset
from textual.widgets import Input, OptionList

from mlxchat.settings.parameters import Settings
from mlxchat.settings.preset_file import presets_file, read_presets, save_preset, set_default_preset
from mlxchat.settings.presets import MODELS_OWN, Preset
from mlxchat.tui.screens.preset_picker import PresetPicker
from mlxchat.tui.widgets.message_editor_area import EditorArea
from mlxchat.tui.widgets.sampler_title import SamplerTitle
from mlxchat.tui.widgets.slider import Slider
from tests.person import Person, chatting, starting

MINE = Preset("my own", {"temp": 1.3}, "for a test")
OWN = Settings.from_mapping({"temp": 0.7, "top_p": 0.9})


def picking(person: Person) -> bool:
    return isinstance(person.app.screen, PresetPicker)


def spot(person: Person, text: str) -> Offset:
    """Where a text stands on the screen."""
    y = next(y for y, line in enumerate(person.lines) if text in line)
    line = person.lines[y]
    return Offset(cell_len(line[: line.index(text)]) + 1, y)


async def click(person: Person, text: str) -> str:
    await person.pilot.click(offset=spot(person, text))
    return await person.look()


async def highlight(person: Person, name: str) -> str:
    """Walk to a preset of the open picker."""
    await person.press("home")
    for _ in range(20):
        if person.app.screen._preset and person.app.screen._preset.name == name:
            break
        await person.press("down")
    return person.screen


def slider(person: Person, name: str = "temp") -> Slider:
    return person.chat.query_one(f"#row-{name} Slider", Slider)


# The title


async def test_the_title_names_the_preset_and_what_was_changed():
    async with chatting() as person:
        assert "preset: model's own ▾" in person.screen
        await person.send("/preset precise")
        assert "preset: precise ▾" in person.screen
        assert "Preset precise: temp 0.30, top_p 0.90." in person.notes[-1]
        await person.send("/temp 0.4")
        assert "preset: precise ▾  modified" in person.screen
        await click(person, "modified")
        assert person.engine.settings.temp == 0.3
        assert "modified" not in person.screen


async def test_enter_or_a_click_on_the_title_opens_the_choice():
    async with chatting() as person:
        person.chat.query_one(SamplerTitle).focus()
        await person.press("enter")
        assert picking(person)
        await person.press("escape")
        assert not picking(person)
        await click(person, "model's own ▾")
        assert picking(person)


async def test_backspace_on_the_title_goes_back_to_the_models_own():
    async with chatting() as person:
        await person.send("/preset wild")
        await person.send("/seed 4")
        person.chat.query_one(SamplerTitle).focus()
        await person.press("backspace")
        assert person.session.settings == person.engine.settings == OWN
        assert "preset: model's own ▾" in person.screen


@pytest.mark.parametrize("size", [(120, 40), (80, 24), (40, 15)])
async def test_the_title_and_the_choice_fit(size):
    async with chatting(size) as person:
        await person.send("/preset wild")
        await person.send("/temp 1.1")
        person.app.clear_notifications()
        if not person.chat.panel_shown:
            await person.press("ctrl+s")
        assert "wild but coherent" in person.screen
        assert "▾ *" in person.screen or "modified" in person.screen
        await person.send("/preset")
        screen = await highlight(person, "creative")
        for text in ("creative", "temp", "1.10 → 1.00", "Enter take", "Esc back", "m default"):
            assert text in screen, text
        assert all(cell_len(line) <= size[0] for line in person.lines)


# The choice


async def test_moving_tries_in_the_running_reply_and_escape_goes_back():
    async with chatting() as person:
        await person.send("Go on")
        person.engine.begin()
        person.engine.say("cold")
        await person.look()
        await person.send("/preset")
        screen = await highlight(person, "wild but coherent (min_p)")
        assert person.engine.settings.temp == 1.5
        person.engine.say("wild")
        await person.look()
        assert "0.70 → 1.50" in screen
        assert "cold wild" in person.screen
        await person.press("escape")
        assert person.session.settings == person.engine.settings == OWN
        assert not person.session.undo()
        temps = [record.settings.temp for record in person.session.reply.tokens]
        assert temps == [0.7, 1.5]


async def test_enter_takes_it_as_one_step():
    async with chatting() as person:
        await person.send("/preset")
        await highlight(person, "creative")
        await person.press("enter")
        assert not picking(person)
        assert person.session.preset.name == "creative"
        assert (person.engine.settings.temp, person.engine.settings.top_p) == (1.0, 0.95)
        assert "preset: creative ▾" in person.screen
        slider(person).focus()
        await person.press("ctrl+z")
        assert person.engine.settings == OWN
        assert "preset: model's own ▾" in person.screen
        await person.press("ctrl+z")
        assert "nothing to undo" in person.notes[-1]


async def test_a_click_tries_and_a_second_one_takes():
    async with chatting() as person:
        await person.send("/preset")
        await click(person, "  no clichés")
        assert picking(person)
        assert person.engine.settings.xtc_probability == 0.5
        await click(person, "  no clichés")
        assert not picking(person)
        assert person.session.preset.name == "no clichés (XTC)"


async def test_changed_settings_are_an_entry_of_their_own():
    async with chatting() as person:
        await person.send("/temp 1.25")
        await person.send("/preset")
        assert "● model's own, modified" in person.screen
        assert person.engine.settings.temp == 1.25
        await person.press("down")
        assert person.engine.settings.temp == 0.7
        await person.press("up")
        assert person.engine.settings.temp == 1.25
        await person.press("enter")
        assert person.engine.settings.temp == 1.25
        assert person.session.modified


async def test_what_is_the_same_is_said():
    async with chatting() as person:
        await person.send("/preset")
        assert "The same values as now" in person.screen


async def test_saving_renaming_deleting_and_bringing_back_by_keyboard():
    async with chatting() as person:
        await person.send("/temp 1.25")
        await person.send("/preset")
        await highlight(person, "precise")
        await person.press("s", *"dm 1", "enter")
        assert [p.name for p in read_presets().presets] == ["dm 1"]
        assert read_presets().presets[0].values["temp"] == 1.25
        assert person.session.preset.name == "dm 1"
        assert "● dm 1" in person.screen
        await person.press("r", "backspace", "2", "enter")
        assert [p.name for p in read_presets().presets] == ["dm 2"]
        await person.press("d")
        assert read_presets().presets == ()
        assert "u brings it back" in person.notes[-1]
        await person.press("u")
        assert [p.name for p in read_presets().presets] == ["dm 2"]
        await person.press("enter")
        assert person.session.preset.name == "dm 2"
        assert person.engine.settings.temp == 1.25


async def test_the_same_by_mouse():
    save_preset(MINE)
    async with chatting() as person:
        await person.send("/preset")
        await click(person, "my own")
        await click(person, "rename")
        await person.press(*"er", "enter")
        assert read_presets().presets[0].name == "my owner"
        await click(person, "m default")
        assert list(read_presets().defaults.values()) == ["my owner"]
        assert "my owner  default" in person.screen
        await click(person, "d delete")
        assert read_presets().presets == ()
        await click(person, "u undo")
        assert list(read_presets().defaults.values()) == ["my owner"]
        await click(person, "s save")
        assert person.app.screen.query_one(Input).has_focus
        await person.press("escape")
        assert picking(person)
        await click(person, "Enter take")
        assert person.session.preset.name == "my owner"
        await person.send("/preset")
        await click(person, "precise")
        await click(person, "Esc back")
        assert not picking(person)
        assert person.engine.settings.temp == 1.3


async def test_what_cannot_be_done_is_said():
    async with chatting() as person:
        await person.send("/preset")
        await highlight(person, "precise")
        await person.press("d")
        assert "Only your own" in person.notes[-1]
        await person.press("r")
        assert "Only your own" in person.notes[-1]
        await person.press("u")
        assert "No preset was deleted" in person.notes[-1]
        await person.press("s", *"precise", "enter")
        assert "built in" in person.notes[-1]
        assert person.app.screen.query_one(Input).has_focus
        await person.press("escape", "escape")
        assert person.engine.settings == OWN


async def test_a_deleted_preset_that_is_in_force_leaves_the_settings():
    save_preset(MINE)
    async with chatting() as person:
        await person.send("/preset my own")
        await person.send("/preset")
        await highlight(person, "my own")
        await person.press("d", "escape")
        assert person.engine.settings.temp == 1.3
        assert "preset: model's own ▾  modified" in person.screen


async def test_a_load_closes_the_choice():
    async with starting() as person:
        person.chat.preset("")
        await person.look()
        await highlight(person, "wild but coherent (min_p)")
        person.engine.load_ends()
        await person.look()
        await person.pilot.pause()
        assert not picking(person)
        assert person.session.settings == person.engine.settings == OWN


async def test_hostile_names_and_wrong_files_are_shown_as_text():
    save_preset(Preset("[red]x[/] [@click=app.quit]", {"temp": 1.0}, "[/nonsense]"))
    presets_file().write_text(presets_file().read_text() + "[presets.bad]\ntemp = 999\n")
    async with chatting() as person:
        assert "“bad” of presets.toml is left out" in person.screen
        await person.send("/preset [red]x[/]")
        assert "[red]x[/]" in person.screen
        await person.send("/preset")
        assert "is left out" in person.notes[-1]
        person.app.clear_notifications()
        await highlight(person, "[red]x[/] [@click=app.quit]")
        assert "[/nonsense]" in await person.look()
        assert not person.app._exit


# Models


async def test_a_models_default_preset_is_in_force_when_it_is_loaded():
    save_preset(MINE)
    set_default_preset("scripted", "my own")
    async with chatting() as person:
        assert "preset: my own ▾" in person.screen
        assert person.engine.settings.temp == 1.3
        await person.send("/preset")
        assert "● my own" not in person.screen.splitlines()[0]
        assert "my own  default" in person.screen


async def test_a_missing_default_preset_is_said():
    set_default_preset("scripted", "gone")
    async with chatting() as person:
        assert "“gone”, which is not there" in person.notes[-1]
        assert person.engine.settings == OWN


# Completion


async def test_a_presets_name_is_completed():
    async with chatting() as person:
        person.chat.query_one(EditorArea).focus()
        await person.press("slash", *"preset", "space", "w")
        assert "wild but coherent (min_p)" in person.screen
        await person.press("tab", "enter")
        assert person.session.preset.name == "wild but coherent (min_p)"


# Undo


async def test_a_drag_is_one_step():
    async with chatting() as person:
        knob = slider(person)
        for start, end in ((2, 10), (12, 20)):
            await person.pilot.mouse_down(knob, offset=(start, 0))
            for x in range(start, end):
                await person.pilot.hover(knob, offset=(x, 0))
            await person.pilot.mouse_up(knob, offset=(end, 0))
        await person.look()
        dragged = person.engine.settings.temp
        await person.press("ctrl+z")
        first = person.engine.settings.temp
        assert OWN.temp != first != dragged
        await person.press("ctrl+z")
        assert person.engine.settings == OWN
        assert knob.value == 0.7
        await person.press("ctrl+y")
        assert person.engine.settings.temp == first
        await person.press("ctrl+shift+z")
        assert person.engine.settings.temp == dragged
        assert knob.value == dragged


async def test_a_burst_of_keys_is_one_step_and_another_slider_the_next():
    async with chatting() as person:
        slider(person).focus()
        await person.pilot.press(*["right"] * 8, "down", *["left"] * 3)
        await person.look()
        assert person.engine.settings.temp == pytest.approx(0.78)
        assert person.engine.settings.top_p == pytest.approx(0.87)
        await person.press("ctrl+z")
        assert person.engine.settings.top_p == 0.9
        assert person.engine.settings.temp == pytest.approx(0.78)
        await person.press("ctrl+z")
        assert person.engine.settings == OWN


async def test_keys_that_come_faster_than_the_screen_are_all_counted():
    async with chatting() as person:
        slider(person).focus()
        await person.pilot.press(*["right"] * 60)
        await person.look()
        assert person.engine.settings.temp == pytest.approx(1.3)


async def test_a_reset_and_a_command_can_be_undone():
    async with chatting() as person:
        await person.send("/top_k 40")
        await person.send("/reset")
        slider(person).focus()
        await person.press("ctrl+z")
        assert person.engine.settings.top_k == 40
        await person.press("ctrl+z")
        assert person.engine.settings == OWN


async def test_in_the_message_the_undo_is_the_messages():
    async with chatting() as person:
        await person.send("/temp 1.1")
        person.chat.query_one(EditorArea).focus()
        await person.press("h", "i", "ctrl+z")
        assert person.chat.query_one(EditorArea).text == ""
        assert person.engine.settings.temp == 1.1


async def test_the_models_own_stands_first_in_the_choice():
    async with chatting() as person:
        await person.send("/preset")
        choices = person.app.screen.query_one(OptionList)
        assert MODELS_OWN in str(choices.get_option_at_index(0).prompt)
        assert choices.highlighted == 0


async def test_what_is_saved_is_named_and_is_what_the_sliders_show():
    async with chatting() as person:
        person.chat.run_command("temp", "0.6")
        person.chat.run_command("preset")
        await person.look()
        await person.press("down", "down")
        assert person.session.settings.temp != 0.6
        await person.press("s")
        assert "Save temp 0.60" in person.screen
        assert person.session.settings.temp == 0.6
        await person.press("escape")
        assert "Save temp" not in person.screen
        assert person.session.settings.temp != 0.6
