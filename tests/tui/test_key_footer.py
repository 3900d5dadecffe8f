"""The line of keys: what fits, what works, and the mouse on it."""

from __future__ import annotations

import pytest
from textual.app import App, ComposeResult
from textual.binding import Binding
from textual.widgets import Static

from mlxchat.render.wrap import cells
from mlxchat.tui.themes import ThemedApp
from mlxchat.tui.widgets.key_footer import KeyFooter


class Keys(ThemedApp):
    """An app with a few keys, one of which works only now and then."""

    BINDINGS = [
        Binding("f5", "tell('five')", "five", tooltip="Says five"),
        Binding("f6", "tell('six')", "six"),
        Binding("f7", "tell('seven')", "小说"),
        Binding("f8", "tell('hidden')", "hidden", show=False),
    ]

    def __init__(self) -> None:
        super().__init__()
        self.told: list[str] = []
        self.six_works: bool | None = True

    def compose(self) -> ComposeResult:
        yield Static("text")
        yield KeyFooter()

    def action_tell(self, what: str) -> None:
        """Note it."""
        self.told.append(what)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Whether it works."""
        return self.six_works if parameters == ("six",) else True


def footer_line(app: App[object]) -> str:
    """The last line of the screen."""
    strip = app.screen._compositor.render_strips()[-1]
    return "".join(segment.text for segment in strip)


async def test_the_keys_that_work_stand_in_their_order_and_the_palette_at_the_end() -> None:
    app = Keys()
    async with app.run_test(size=(60, 5)) as pilot:
        await pilot.pause()
        line = footer_line(app)
        assert line.split() == ["f5", "five", "f6", "six", "f7", "小说", "▏^p", "palette"]
        assert cells(line) == 60
        app.six_works = False
        app.refresh_bindings()
        await pilot.pause()
        assert "six" not in footer_line(app)


@pytest.mark.parametrize("width", range(4, 50, 3))
async def test_a_key_is_shown_whole_or_not_at_all(width: int) -> None:
    app = Keys()
    async with app.run_test(size=(width, 5)) as pilot:
        await pilot.pause()
        line = footer_line(app)
        assert cells(line) == width
        words = ["f5 five", "f6 six", "f7 小说", "^p palette"]
        rest = line.replace("▏", " ")
        for word in words:
            rest = rest.replace(f" {word} ", "")
        assert not rest.strip()
        if width >= 45:
            assert all(word in line for word in words)


async def test_a_click_does_what_the_key_does() -> None:
    app = Keys()
    async with app.run_test(size=(60, 5)) as pilot:
        await pilot.pause()
        line = footer_line(app)
        for word in ("five", "six"):
            await pilot.click(KeyFooter, offset=(line.index(word), 0))
        await pilot.pause()
        assert app.told == ["five", "six"]
        app.six_works = None
        app.refresh_bindings()
        await pilot.pause()
        await pilot.click(KeyFooter, offset=(line.index("six"), 0))
        await pilot.click(KeyFooter, offset=(40, 0))
        await pilot.pause()
        assert app.told == ["five", "six"]


async def test_the_mouse_is_told_what_a_key_does() -> None:
    app = Keys()
    async with app.run_test(size=(60, 5)) as pilot:
        await pilot.pause()
        footer = app.query_one(KeyFooter)
        await pilot.hover(KeyFooter, offset=(3, 0))
        assert footer.tooltip == "Says five"
        await pilot.hover(KeyFooter, offset=(40, 0))
        assert footer.tooltip is None
        await pilot.hover(KeyFooter, offset=(3, 0))
        await pilot.hover(Static)
        assert footer.hovered is None
