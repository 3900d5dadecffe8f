"""The slider: what keys and mouse do, what is drawn, what is told."""

from __future__ import annotations

from typing import Any

import pytest
from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.events import MouseScrollDown, MouseScrollUp, Paste
from textual.pilot import Pilot
from textual.widgets import Button, Static

from mlxchat.settings.parameters import PARAMETERS, Number
from mlxchat.settings.slider_scale import SliderScale
from mlxchat.tui.themes import ThemedApp
from mlxchat.tui.widgets.slider import Slider

SLIDERS = [name for name, parameter in PARAMETERS.items() if parameter.slider]


class SliderApp(ThemedApp):
    """One slider of 21 cells in a scrolling column."""

    AUTO_FOCUS = ""

    def __init__(self, name: str = "temp", width: int = 21, **arguments: Any) -> None:
        super().__init__()
        self.slider = Slider(PARAMETERS[name], **arguments)
        self.slider.styles.width = width
        self.moves: list[Number] = []

    def compose(self) -> ComposeResult:
        with VerticalScroll(can_focus=False):
            yield self.slider
            yield Button("next")
            yield Static("\n" * 100)

    def on_slider_moved(self, message: Slider.Moved) -> None:
        assert message.control is self.slider
        self.moves.append(message.value)

    @property
    def drawn(self) -> str:
        return self.slider.render().plain


class PointerAt:
    """The part of a mouse event that tells where the pointer is."""

    def __init__(self, slider: Slider, x: float) -> None:
        self.pointer_x = x
        self.x = int(x)


async def type_in(pilot: Pilot[None], text: str) -> None:
    await pilot.press(*(character if character != "." else "full_stop" for character in text))


async def test_keys_move_by_steps_pages_and_to_the_ends() -> None:
    app = SliderApp(value=0.7)
    async with app.run_test() as pilot:
        app.slider.focus()
        await pilot.press("right", "left", "left", "shift+right", "pageup", "shift+left")
        await pilot.press("pagedown", "end", "end", "right", "home", "left")
    assert app.moves == [0.71, 0.7, 0.69, 0.79, 0.89, 0.79, 0.69, 2.0, 0.0]


async def test_setting_the_value_from_outside_tells_nobody() -> None:
    app = SliderApp()
    async with app.run_test() as pilot:
        app.slider.value = 1.5
        await pilot.pause()
        assert app.drawn.index("●") == 15
    assert app.moves == []


@pytest.mark.parametrize("key", ["backspace", "delete"])
async def test_a_key_goes_back_to_the_default(key: str) -> None:
    app = SliderApp(value=1.5, default=0.6)
    async with app.run_test() as pilot:
        app.slider.focus()
        await pilot.press(key, key)
    assert app.moves == [0.6]


async def test_a_double_click_goes_back_to_the_default() -> None:
    app = SliderApp(value=1.5, default=0.6)
    async with app.run_test() as pilot:
        await pilot.double_click(Slider, offset=(15, 0))
    assert app.moves == [0.6]


@pytest.mark.parametrize("name", SLIDERS)
async def test_clicks_reach_both_ends(name: str) -> None:
    parameter = PARAMETERS[name]
    scale = SliderScale(parameter)
    app = SliderApp(name)
    async with app.run_test() as pilot:
        for width in (6, 21):
            app.slider.styles.width = width
            # A step from an end is drawn in the end's own cell, and a click there still counts.
            app.slider.value = scale.moved(parameter.high, -1)
            await pilot.click(Slider, offset=(scale.cell(parameter.high, width), 0))
            assert app.slider.value == parameter.high
            app.slider.value = scale.moved(parameter.low, 1)
            await pilot.click(Slider, offset=(0, 0))
            assert app.slider.value == parameter.low


async def test_a_click_on_the_knob_changes_nothing() -> None:
    app = SliderApp(value=0.73)
    async with app.run_test() as pilot:
        await pilot.click(Slider, offset=(7, 0))
        assert app.slider.has_focus
    assert app.moves == []


async def test_dragging_follows_the_pointer_and_may_leave_the_track() -> None:
    app = SliderApp(value=0.5)
    async with app.run_test() as pilot:
        await pilot.mouse_down(Slider, offset=(5, 0))
        await pilot.hover(Slider, offset=(9, 0))
        await pilot.hover(Slider, offset=(9, 3))
        await pilot.hover(Slider, offset=(12, 0))
        await pilot.hover(Slider, offset=(50, 2))
        await pilot.hover(Slider, offset=(0, 0))
        await pilot.mouse_up(Slider, offset=(0, 0))
        await pilot.hover(Slider, offset=(10, 0))
        assert app.mouse_captured is None
    assert app.moves == [0.9, 1.2, 2.0, 0.0]


async def test_a_terminal_that_reports_pixels_reaches_finer_values() -> None:
    app = SliderApp(width=11, value=0.0)
    async with app.run_test() as pilot:
        app.supports_smooth_scrolling = True
        event = PointerAt(app.slider, 5.8)
        app.slider._follow(event)
        await pilot.pause()
    assert app.moves == [1.06]


async def test_the_wheel_without_the_focus_moves_no_knob() -> None:
    app = SliderApp(value=0.5)
    async with app.run_test() as pilot:
        app.screen.set_focus(None)
        await pilot._post_mouse_events([MouseScrollUp], Slider, offset=(3, 0))
        await pilot.pause()
    assert app.moves == []


async def test_the_wheel_with_the_focus_moves_the_knob_and_not_the_column() -> None:
    app = SliderApp(value=0.5)
    async with app.run_test() as pilot:
        app.slider.focus()
        await pilot._post_mouse_events([MouseScrollUp], Slider, offset=(3, 0))
        await pilot._post_mouse_events([MouseScrollUp], Slider, offset=(3, 0), shift=True)
        await pilot._post_mouse_events([MouseScrollDown], Slider, offset=(3, 0))
        await pilot._post_mouse_events([MouseScrollDown], Slider, offset=(3, 0))
        await pilot.pause()
        assert app.query_one(VerticalScroll).scroll_offset.y == 0
    assert app.moves == [0.51, 0.61, 0.6, 0.59]


async def test_a_number_is_typed_in() -> None:
    app = SliderApp(value=0.5)
    async with app.run_test() as pilot:
        app.slider.focus()
        await type_in(pilot, "1.2345")
        assert app.drawn.startswith("1.2345▏")
        assert app.slider.value == 0.5
        await pilot.press("enter")
        assert app.slider.entry is None
    assert app.moves == [1.2345]


async def test_escape_leaves_the_old_value_and_stays_with_the_slider() -> None:
    app = SliderApp(value=0.5)
    escapes: list[str] = []
    app.action_stop = lambda: escapes.append("stop")  # type: ignore[attr-defined]
    app.bind("escape", "stop")
    async with app.run_test() as pilot:
        app.slider.focus()
        await pilot.press("9", "escape")
        assert app.slider.entry is None
        assert escapes == []
        await pilot.press("escape")
        assert escapes == ["stop"]
    assert app.moves == []


async def test_a_bad_number_gets_a_sentence_and_can_be_mended() -> None:
    app = SliderApp("top_p", value=0.5)
    async with app.run_test() as pilot:
        app.slider.focus()
        await pilot.press("9", "enter")
        assert app.slider.problem == "top_p must be from 0 to 1, not “9”."
        assert app.slider.entry == "9"
        assert app.moves == []
        await pilot.press("backspace")
        assert app.slider.problem is None
        assert app.slider.entry is None
        await pilot.press("1", "left", "home", "enter")
    assert app.moves == [1.0]


async def test_what_was_typed_counts_when_the_focus_moves_on() -> None:
    app = SliderApp("top_p", value=0.5)
    async with app.run_test() as pilot:
        app.slider.focus()
        await pilot.press("1", "tab")
        assert not app.slider.has_focus
        app.slider.focus()
        await pilot.press("9", "tab")
        assert app.slider.entry is None
        assert app.slider.problem is None
    assert app.moves == [1.0]


async def test_a_value_above_the_range_stays_when_the_knob_is_touched() -> None:
    app = SliderApp("top_k")
    async with app.run_test() as pilot:
        app.slider.focus()
        await pilot.press(*"5000", "enter")
        assert app.drawn.endswith("◉")
        await pilot.click(Slider, offset=(20, 0))
        await pilot.press("right")
        assert app.slider.value == 5000
        await pilot.press("left")
    assert app.moves == [5000, 1000]


async def test_words_and_negative_numbers_can_be_entered() -> None:
    app = SliderApp("max_tokens")
    async with app.run_test() as pilot:
        app.slider.focus()
        await pilot.press("minus", "1", "enter")
        app.slider.post_message(Paste("default\nand more"))
        await pilot.pause()
        await pilot.press("enter")
    assert app.moves == [-1, 2048]


@pytest.mark.parametrize("name", ["temp", "top_k", "presence_penalty", "max_tokens"])
async def test_every_width_is_filled(name: str) -> None:
    app = SliderApp(name)
    async with app.run_test() as pilot:
        app.slider.focus()
        for width in (*range(6, 12), 70):
            app.slider.styles.width = width
            await pilot.pause()
            assert len(app.drawn) == width
            assert app.drawn.count("◉") == 1
            app.slider.entry = "123456789012"
            assert len(app.drawn) <= width
            app.slider.entry = None


async def test_what_the_characters_say_without_colour() -> None:
    app = SliderApp(value=1.0, default=0.5)
    async with app.run_test() as pilot:
        assert app.drawn == "━━━━━┿━━━━●──────────"
        app.slider.focus()
        await pilot.pause()
        assert app.drawn == "━━━━━┿━━━━◉──────────"
        app.slider.value = 0.2
        assert app.drawn == "━━◉──┼───────────────"
        app.slider.idle_reason = "no effect"
        assert app.drawn == "╍╍◎╌╌┼╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌"
        app.screen.set_focus(None)
        await pilot.pause()
        assert app.drawn == "╍╍○╌╌┼╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌"


async def test_an_idle_slider_works_all_the_same() -> None:
    app = SliderApp(value=1.0)
    app.slider.idle_reason = "no effect"
    async with app.run_test() as pilot:
        app.slider.focus()
        await pilot.press("right")
    assert app.moves == [1.01]


async def test_a_penalty_is_filled_from_where_it_does_nothing() -> None:
    app = SliderApp("presence_penalty", value=1.0)
    async with app.run_test():
        assert app.drawn == "──────────┿━━━━●─────"
        app.slider.value = -1.0
        assert app.drawn == "─────●━━━━┿──────────"
