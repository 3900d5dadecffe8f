"""The sampler panel: every parameter by keyboard and by mouse, and what is told of it."""

from __future__ import annotations

import asyncio

import pytest
from rich.cells import cell_len
from textual.app import ComposeResult
from textual.content import Content
from textual.events import MouseScrollDown
from textual.message import Message
from textual.pilot import Pilot
from textual.widgets import Static

from mlxchat.settings.parameters import PARAMETERS, Settings
from mlxchat.settings.presets import Preset
from mlxchat.tui.themes import ThemedApp
from mlxchat.tui.transcript.fold import Fold, FoldTitle
from mlxchat.tui.widgets.number_field import NumberField
from mlxchat.tui.widgets.parameter_row import ParameterRow
from mlxchat.tui.widgets.sampler_panel import ALWAYS_SHOWN, SamplerPanel, SamplerTitle
from mlxchat.tui.widgets.slider import Slider
from tests.patience import until

MODEL = Settings.from_mapping({"temp": 0.6, "top_p": 0.9})
HOT = Settings.from_mapping({"temp": 0.7, "top_p": 0.9})


class PanelApp(ThemedApp):
    """A sampler panel that fills the screen."""

    AUTO_FOCUS = ""

    def __init__(self, settings: Settings = MODEL) -> None:
        super().__init__()
        self.panel = SamplerPanel(settings, MODEL)
        self.told: list[tuple[str | None, Settings]] = []
        self.asked: list[type[Message]] = []

    def compose(self) -> ComposeResult:
        yield self.panel

    def on_sampler_panel_settings_changed(self, message: SamplerPanel.SettingsChanged) -> None:
        self.told.append((message.name, message.settings))

    def on_sampler_title_preset_wanted(self, message: SamplerTitle.PresetWanted) -> None:
        self.asked.append(type(message))

    def on_sampler_title_revert_asked(self, message: SamplerTitle.RevertAsked) -> None:
        self.asked.append(type(message))

    def slider(self, name: str) -> Slider:
        control = self.panel.rows[name].control
        assert isinstance(control, Slider)
        return control

    @property
    def seed(self) -> NumberField:
        return self.query_one(NumberField)

    def open_all(self) -> None:
        for title in self.query(FoldTitle):
            title.is_open = True

    @property
    def lines(self) -> list[str]:
        """What is on the screen, without colours."""
        strips = self.screen._compositor.render_strips()
        return ["".join(segment.text for segment in strip).rstrip() for strip in strips]

    def line(self, word: str) -> str:
        return next(line for line in self.lines if word in line)

    @property
    def note(self) -> str:
        return str(self.query_one(".sampler--note", Static).content)


async def shown(app: PanelApp, pilot: Pilot[None]) -> set[str]:
    await pilot.pause()
    return {name for name, row in app.panel.rows.items() if row.region.height}


async def test_four_rows_are_always_shown_and_the_others_unfold() -> None:
    app = PanelApp()
    async with app.run_test(size=(46, 40)) as pilot:
        assert await shown(app, pilot) == set(ALWAYS_SHOWN)
        app.open_all()
        assert await shown(app, pilot) == set(PARAMETERS)


async def test_folds_open_by_keyboard_and_by_mouse() -> None:
    app = PanelApp()
    async with app.run_test(size=(46, 40)) as pilot:
        title = app.query_one("#fold-xtc", Fold).fold_title
        await pilot.click(title)
        assert "xtc_threshold" in await shown(app, pilot)
        await pilot.press("enter")
        assert "xtc_threshold" not in await shown(app, pilot)
        await pilot.press("right")
        assert "xtc_threshold" in await shown(app, pilot)
        await pilot.press("left")
        assert "xtc_threshold" not in await shown(app, pilot)


async def test_every_slider_changes_its_own_setting() -> None:
    app = PanelApp()
    async with app.run_test(size=(46, 40)) as pilot:
        app.open_all()
        await pilot.pause()
        for name in (name for name, parameter in PARAMETERS.items() if parameter.slider):
            app.panel.settings = MODEL
            app.told.clear()
            app.slider(name).focus()
            await pilot.press("home", "end")
            low, high = PARAMETERS[name].low, PARAMETERS[name].high
            lowest, highest = MODEL.with_value(name, low), MODEL.with_value(name, high)
            # Where the model's own value is the lowest, Home moves nothing.
            moves = [highest] if lowest == MODEL else [lowest, highest]
            assert app.told == [(name, settings) for settings in moves]
            assert app.panel.settings == highest


async def test_dragging_tells_each_value_once() -> None:
    app = PanelApp()
    async with app.run_test(size=(46, 40)) as pilot:
        slider = app.slider("temp")
        await pilot.mouse_down(slider, offset=(0, 0))
        for x in (5, 5, 12, slider.size.width - 1):
            await pilot.hover(slider, offset=(x, 0))
        await pilot.mouse_up(slider, offset=(slider.size.width - 1, 0))
    values = [settings.temp for _, settings in app.told]
    assert values[0] == 0.0
    assert values[-1] == 2.0
    assert values == sorted(set(values))
    assert len(values) == 4


async def test_setting_from_outside_moves_every_row_and_tells_nobody() -> None:
    app = PanelApp()
    other = Settings.from_mapping(
        {name: p.high for name, p in PARAMETERS.items() if p.slider} | {"seed": 7}
    )
    async with app.run_test(size=(46, 40)) as pilot:
        app.open_all()
        app.panel.settings = other
        await pilot.pause()
        for name, row in app.panel.rows.items():
            assert row.value == other.value(name)
            if isinstance(row.control, Slider):
                assert row.control.value == other.value(name)
        assert app.seed.value == "7"
        app.panel.settings = MODEL
        await pilot.pause()
        assert app.seed.value == ""
    assert app.told == []


async def test_the_marks_lie_at_the_models_own_values() -> None:
    app = PanelApp()
    async with app.run_test(size=(46, 40)) as pilot:
        app.slider("temp").focus()
        await pilot.press("end", "backspace")
        assert app.panel.settings == MODEL
        app.panel.defaults = MODEL.with_value("temp", 1.0)
        await pilot.press("end", "backspace")
        assert app.panel.settings.temp == 1.0


async def test_the_title_offers_a_reset_of_everything() -> None:
    app = PanelApp(HOT.with_value("seed", 3))
    async with app.run_test(size=(46, 40)) as pilot:
        assert app.line("SAMPLER").endswith("preset: model's own ▾  modified")
        app.query_one(SamplerTitle).focus()
        await pilot.press("backspace")
        assert app.told == [(None, MODEL)]
        await pilot.pause()
        assert app.line("SAMPLER").strip().startswith("› SAMPLER ")
        assert "modified" not in app.line("SAMPLER")
        await pilot.press("backspace")
        assert len(app.told) == 1


async def test_clicks_on_the_title_ask_for_the_presets_values_or_for_another_preset() -> None:
    app = PanelApp(HOT)
    async with app.run_test(size=(46, 40)) as pilot:
        title = app.query_one(SamplerTitle)
        for place in (2, title.size.width - 12, title.size.width - 3):
            await pilot.click(title, offset=(place, 0))
        title.focus()
        await pilot.press("enter")
        wanted, reverted = SamplerTitle.PresetWanted, SamplerTitle.RevertAsked
        assert app.asked == [wanted, wanted, reverted, wanted]
        assert app.told == []


async def test_up_and_down_walk_over_every_row() -> None:
    app = PanelApp()
    async with app.run_test(size=(46, 40)) as pilot:
        app.open_all()
        await pilot.pause()
        app.query_one(SamplerTitle).focus()
        await pilot.pause()
        visited = [app.focused]
        while True:
            await pilot.press("down")
            if app.focused is visited[-1]:
                break
            visited.append(app.focused)
        controls = [row.control for row in app.panel.rows.values()]
        assert [w for w in visited if w in controls] == controls
        assert sum(isinstance(w, FoldTitle) for w in visited) == len(app.query(FoldTitle))
        for expected in reversed(visited[:-1]):
            await pilot.press("up")
            assert app.focused is expected


async def test_at_temp_0_the_other_filters_are_idle_and_say_why() -> None:
    app = PanelApp()
    async with app.run_test(size=(46, 40)) as pilot:
        app.slider("temp").focus()
        await pilot.press("home")
        await pilot.pause()
        assert "╌" in app.line("top_p")
        assert "╌" not in app.line("temp")
        await pilot.press("down")
        assert app.note.startswith("No effect at temp 0")
        tooltip = app.panel.rows["top_p"].tooltip
        assert isinstance(tooltip, Content)
        assert "Now: no effect at temp 0" in tooltip.plain
        await pilot.press("left")
        assert app.panel.settings.top_p == 0.89
        await pilot.press("up", "right")
        await pilot.pause()
        assert "╌" not in app.line("top_p")


async def test_what_the_characters_say_without_colour() -> None:
    app = PanelApp(HOT)
    async with app.run_test(size=(46, 40)) as pilot:
        await pilot.pause()
        assert app.line("temp").endswith("0.70*")
        assert app.line("top_p").endswith("0.90")
        assert "›" not in "".join(app.lines)
        app.slider("top_p").focus()
        await pilot.pause()
        assert app.line("top_p").startswith(" › top_p")
        assert "◉" in app.line("top_p")
        assert sum("›" in line for line in app.lines) == 1
        app.query_one("#fold-penalties", Fold).fold_title.focus()
        await pilot.pause()
        assert app.line("▸ penalties").startswith(" › ▸")
        assert sum("›" in line for line in app.lines) == 1


async def test_a_closed_fold_tells_what_was_changed_in_it() -> None:
    app = PanelApp(MODEL.with_values({"presence_penalty": 0.3, "max_tokens": -1}))
    async with app.run_test(size=(46, 40)) as pilot:
        await pilot.pause()
        assert "presence 0.30*" in app.line("penalties")
        assert "max_tokens no limit*" in app.line("length")


async def test_a_bad_number_shows_its_sentence_under_the_row() -> None:
    app = PanelApp()
    async with app.run_test(size=(46, 15)) as pilot:
        app.open_all()
        app.slider("top_p").focus()
        await pilot.press("9", "enter")
        await pilot.pause()
        row = next(n for n, line in enumerate(app.lines) if "› top_p" in line)
        assert app.lines[row + 1].strip() == "✗ top_p must be from 0 to 1, not “9”."
        assert app.panel.settings == MODEL
        await pilot.press("escape")
        await pilot.pause()
        assert "✗" not in "".join(app.lines)


async def test_the_note_says_what_the_row_with_the_focus_is_for() -> None:
    app = PanelApp()
    async with app.run_test(size=(46, 40)) as pilot:
        app.slider("top_p").focus()
        await pilot.pause()
        assert app.note == f"{PARAMETERS['top_p'].help}."
        assert app.line("Keep the most likely")


async def test_the_note_shows_only_while_the_panel_has_the_focus() -> None:
    app = PanelApp()
    async with app.run_test(size=(46, 40)) as pilot:
        note = app.query_one(".sampler--note")
        assert not note.display
        app.slider("temp").focus()
        await pilot.pause()
        assert note.display
        app.screen.set_focus(None)
        await pilot.pause()
        assert not note.display


async def test_the_seed_is_typed_and_random_when_empty() -> None:
    app = PanelApp()
    async with app.run_test(size=(46, 40)) as pilot:
        app.open_all()
        await pilot.pause()
        assert "random" in app.line("seed  ")
        app.seed.focus()
        await pilot.press("2", "1", "enter")
        await pilot.pause()
        assert app.line("seed  ").endswith("*")
        await pilot.press("backspace", "backspace", "enter")
        await pilot.press(*"random", "enter", "4", "up")
    assert [settings.seed for _, settings in app.told] == [21, None, 4]
    assert {name for name, _ in app.told} == {"seed"}


async def test_a_bad_seed_gets_a_sentence_and_escape_brings_the_old_one_back() -> None:
    app = PanelApp(MODEL.with_value("seed", 5))
    async with app.run_test(size=(46, 40)) as pilot:
        app.open_all()
        await pilot.pause()
        app.seed.focus()
        await pilot.press("x", "enter")
        await pilot.pause()
        assert "✗ seed must be a number of at least" in app.line("✗")
        await pilot.press("escape")
        assert app.seed.value == "5"
        await pilot.press("y", "tab")
        assert app.seed.value == "5"
    assert app.told == []


async def test_a_double_click_makes_the_seed_random_again() -> None:
    app = PanelApp(MODEL.with_value("seed", 5))
    async with app.run_test(size=(46, 40)) as pilot:
        app.open_all()
        await pilot.pause()
        await pilot.double_click(app.seed)
    assert [settings.seed for _, settings in app.told] == [None]


@pytest.mark.parametrize("width", [20, 28, 36, 40, 80, 120])
async def test_rows_are_legible_at_every_width(width: int) -> None:
    app = PanelApp()
    async with app.run_test(size=(width, 60)) as pilot:
        app.open_all()
        # Rows take their width, and then their shape.
        rows = app.panel.rows.values()
        await until(
            lambda: all(row.label in drawn(app, row) for row in rows),
            pilot.pause,
            lambda: "\n".join(app.lines),
        )
        for name, row in app.panel.rows.items():
            assert row.region.right <= width
            if isinstance(row.control, Slider):
                assert row.control.size.width >= 6, name
            assert row.label in drawn(app, row)
            if row.parameter.slider:
                assert row.parameter.format(row.value) in drawn(app, row)


async def test_rows_that_are_looked_for_before_their_first_layout_take_their_shape() -> None:
    """Whoever asks for a place on the screen then takes their Resize away."""
    app = PanelApp()
    async with app.run_test(size=(30, 60)) as pilot:
        app.open_all()
        while "xtc_threshold" not in app.panel.rows:
            await asyncio.sleep(0)
        rows = [row for row in app.panel.rows.values() if isinstance(row.control, Slider)]
        for _ in range(200):
            await asyncio.sleep(0)
            app.screen._compositor._full_map_invalidated = True  # as scrolling does
            assert app.panel.region
        await until(
            lambda: all(row.region.height == 2 for row in rows),
            pilot.pause,
            lambda: "\n".join(app.lines),
        )


def drawn(app: PanelApp, row: ParameterRow) -> str:
    """A row as it is on the screen."""
    return "\n".join(app.lines[row.region.y : row.region.bottom])


@pytest.mark.parametrize("theme", ["graphite", "paper", "beacon", "ink"])
async def test_every_kind_of_theme_draws_the_panel(theme: str) -> None:
    app = PanelApp(HOT)
    async with app.run_test(size=(40, 15)) as pilot:
        app.theme = theme
        app.slider("temp").focus()
        await pilot.pause()
        palette = app.theme_variables
        slider = app.slider("temp")
        fill = slider.get_component_styles("slider--fill").color
        assert fill.hex.lower() == palette["accent"].lower()
        assert app.line("top_p")


@pytest.mark.parametrize(
    ("width", "preset", "shown"),
    [
        (46, "creative", "SAMPLER         preset: creative ▾  modified"),
        (36, "creative", "SAMPLER       creative ▾  modified"),
        (28, "creative", "SAMPLER     creative ▾ *"),
        (22, "creative", "SAMPLER creative ▾ *"),
        (21, "creative", "SAMPLER creati… ▾ *"),
        (46, "wild but coherent (min_p)", "SAMPLER      wild but coherent (min_p) ▾ *"),
        (36, "wild but coherent (min_p)", "SAMPLER wild but coherent (mi… ▾ *"),
        (36, "小说小说小说小说小说小说", "SAMPLER 小说小说小说小说小说… ▾ *"),
        (16, "creative", "SAMPLER    ▾ *"),
        (12, "creative", "SAMPLER *"),
    ],
)
async def test_the_title_names_the_preset_in_the_room_there_is(
    width: int, preset: str, shown: str
) -> None:
    app = PanelApp(HOT)
    async with app.run_test(size=(width, 16)) as pilot:
        app.panel.preset = Preset(preset, {"temp": 1.9})
        await pilot.pause()
        assert " ".join(app.line("SAMPLER").split()) == " ".join(shown.split())
        assert cell_len(app.line("SAMPLER")) == width - 1


async def test_a_tooltip_tells_what_the_parameter_does() -> None:
    app = PanelApp()
    async with app.run_test(size=(46, 40), tooltips=True) as pilot:
        await pilot.hover(app.slider("min_p"))
        await pilot.pause(0.6)
        text = " ".join(line.strip() for line in app.lines)
        assert "from 0 to 1; default off" in text


async def test_the_wheel_moves_the_slider_with_the_focus_and_scrolls_the_panel_elsewhere() -> None:
    app = PanelApp()
    async with app.run_test(size=(46, 6)) as pilot:
        app.open_all()
        app.panel.styles.max_height = 6
        await pilot.pause()
        assert app.panel.max_scroll_y > 0
        app.slider("temp").focus()
        await pilot.pause()
        await pilot._post_mouse_events([MouseScrollDown], app.slider("temp"), offset=(3, 0))
        await pilot.pause()
        assert app.panel.scroll_offset.y == 0
        assert app.panel.settings.temp == 0.59
        app.screen.set_focus(None)
        await pilot._post_mouse_events([MouseScrollDown], app.slider("temp"), offset=(3, 0))
        await pilot.pause(0.3)
        assert app.panel.settings.temp == 0.59
        assert app.panel.scroll_offset.y > 0
