"""Lists of words in the sampler panel: typed, refused, reset, and what the model makes of them."""

from __future__ import annotations

import math

import pytest
from textual.pilot import Pilot

from mlxchat.engine.interface import WordsNoted
from mlxchat.settings.parameters import Settings
from mlxchat.tui.transcript.fold import Fold
from mlxchat.tui.widgets.sampler_panel import SamplerPanel
from mlxchat.tui.widgets.text_field import TextField
from tests.person import Person, chatting
from tests.tui.test_sampler_panel import MODEL, PanelApp

SIZE = (46, 40)


async def field(pilot: Pilot[None], app: PanelApp, name: str) -> TextField:
    app.query_one("#fold-text", Fold).fold_title.is_open = True
    await pilot.pause()
    control = app.panel.rows[name].control
    assert isinstance(control, TextField)
    return control


async def test_words_are_typed_and_taken_by_enter() -> None:
    app = PanelApp()
    async with app.run_test(size=SIZE) as pilot:
        (await field(pilot, app, "logit_bias")).focus()
        await pilot.press(*'Paris -5, " the" ban', "enter")
        await pilot.pause()
        wanted = (("Paris", -5.0), (" the", -math.inf))
        assert app.told == [("logit_bias", MODEL.with_value("logit_bias", wanted))]
        assert app.line("logit_bias").endswith("*")
        assert 'Paris -5, " the" ban' in "\n".join(app.lines)
        await pilot.press("enter")
        assert len(app.told) == 1


async def test_what_is_typed_is_taken_when_the_mouse_goes_elsewhere() -> None:
    app = PanelApp()
    async with app.run_test(size=SIZE) as pilot:
        stop = await field(pilot, app, "stop_strings")
        await pilot.pause()
        await pilot.click(stop)
        await pilot.press(*r"END, \n")
        await pilot.click(await field(pilot, app, "extra_eos_token"))
        assert [s.stop_strings for _, s in app.told] == [("END", "\n")]
        assert stop.value == r'END, "\n"'


async def test_a_mistake_is_said_under_the_field_and_stays_to_be_put_right() -> None:
    app = PanelApp()
    async with app.run_test(size=SIZE) as pilot:
        bias = await field(pilot, app, "logit_bias")
        bias.focus()
        await pilot.press(*"Paris", "enter")
        await pilot.pause()
        assert "belong together" in " ".join(line.strip() for line in app.lines)
        await pilot.press("tab")
        await pilot.pause()
        assert bias.value == "Paris"
        assert app.told == []
        bias.focus()
        await pilot.press("end", *" 2", "enter")
        await pilot.pause()
        assert "✗" not in "".join(app.lines)
        assert [s.logit_bias for _, s in app.told] == [(("Paris", 2.0),)]


async def test_escape_brings_the_old_words_back() -> None:
    app = PanelApp(MODEL.with_value("stop_strings", ("END",)))
    async with app.run_test(size=SIZE) as pilot:
        stop = await field(pilot, app, "stop_strings")
        stop.focus()
        await pilot.press("end", *', "x', "enter", "escape")
        await pilot.pause()
        assert stop.value == "END"
        assert "✗" not in "".join(app.lines)
    assert app.told == []


async def test_backspace_in_the_empty_field_and_a_double_click_reset() -> None:
    app = PanelApp(MODEL.with_value("stop_strings", ("END",)))
    async with app.run_test(size=SIZE) as pilot:
        stop = await field(pilot, app, "stop_strings")
        stop.focus()
        await pilot.press("end", "backspace", "backspace", "backspace")
        assert app.told == []
        await pilot.press("backspace")
        assert [s.stop_strings for _, s in app.told] == [()]
        await pilot.press("x", "enter")
        await pilot.double_click(stop)
        assert [s.stop_strings for _, s in app.told] == [(), ("x",), ()]


@pytest.mark.parametrize("width", [24, 36, 40, 120])
async def test_a_field_has_a_line_of_its_own(width: int) -> None:
    app = PanelApp()
    async with app.run_test(size=(width, 40)) as pilot:
        fields = [
            await field(pilot, app, n) for n in ("logit_bias", "stop_strings", "extra_eos_token")
        ]
        await pilot.pause()
        for one in fields:
            assert one.region.width >= width - 8
            row = app.lines[one.region.y]
            assert row.strip().startswith("none · such as"[: width - 8])
            assert app.lines[one.region.y - 1].strip() == one.parameter.name


async def test_hostile_words_are_shown_as_visible_characters() -> None:
    words = ("\x1b[31m", "[bold]x[/]", "\u202eabc", "\x07", "\N{REPLACEMENT CHARACTER}")
    app = PanelApp(MODEL.with_value("stop_strings", words))
    async with app.run_test(size=(120, 40), tooltips=True) as pilot:
        stop = await field(pilot, app, "stop_strings")
        await pilot.pause()
        assert stop.value.isprintable()
        assert "[bold]x[/]" in "\n".join(app.lines)
        assert "\\u001b[31m" in "\n".join(app.lines)
        stop.focus()
        await pilot.press("enter")
    assert app.told == []


async def test_a_closed_fold_tells_of_them() -> None:
    app = PanelApp(MODEL.with_value("extra_eos_token", ("END",)))
    async with app.run_test(size=SIZE) as pilot:
        await pilot.pause()
        assert "extra_eos_token END*" in app.line("bias · stop")


class TestInTheApp:
    NOTE = '"xylophone" is 3 tokens ("x" 1 · "ylo" 2 · "phone" 3): it gets no bias.'

    @staticmethod
    def settings(person: Person) -> Settings:
        return person.chat.query_one(SamplerPanel).settings

    async def test_commands_change_what_the_panel_shows(self) -> None:
        async with chatting() as person:
            await person.send("/logit_bias Paris -5")
            assert self.settings(person).logit_bias == (("Paris", -5.0),)
            assert person.engine.settings.logit_bias == (("Paris", -5.0),)
            assert "logit_bias Paris -5" in person.notes[-1]
            await person.send("/stop_strings")
            assert "stop_strings none" in person.notes[-1]
            await person.send("/logit_bias Paris much")
            assert "from -100 to 100, or ban" in person.notes[-1]
            await person.send("/logit_bias default")
            assert self.settings(person).logit_bias == ()

    async def test_a_note_of_the_model_stands_under_the_field_and_is_said_once(self) -> None:
        async with chatting() as person:
            person.chat.query_one("#fold-text", Fold).fold_title.is_open = True
            noted = WordsNoted({"logit_bias": (self.NOTE,)})
            for _ in range(2):
                person.engine.tell(noted)
                screen = await person.look()
            assert '! "xylophone" is 3 tokens' in screen
            assert person.notes == [f"logit_bias: {self.NOTE}"]
            person.engine.tell(WordsNoted({}))
            assert "! " not in await person.look()
