"""The system-prompt editor: what it tells, when, and what it shows."""

from __future__ import annotations

import pytest
from textual.app import ComposeResult
from textual.widgets import Button, TextArea

from mlxchat.tui.themes import ThemedApp
from mlxchat.tui.widgets import system_prompt
from mlxchat.tui.widgets.system_prompt import SystemPromptEditor


class EditorApp(ThemedApp):
    """An editor and something else that can have the focus."""

    AUTO_FOCUS = "TextArea"

    def __init__(self, text: str = "") -> None:
        super().__init__()
        self.editor = SystemPromptEditor(text)
        self.told: list[str] = []

    def compose(self) -> ComposeResult:
        yield self.editor
        yield Button("next")

    def on_system_prompt_editor_edited(self, message: SystemPromptEditor.Edited) -> None:
        self.told.append(message.text)

    @property
    def lines(self) -> list[str]:
        strips = self.screen._compositor.render_strips()
        return ["".join(segment.text for segment in strip).rstrip() for strip in strips]


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """No pause is long enough: only leaving the editor tells."""
    monkeypatch.setattr(system_prompt, "PAUSE", 3600)


async def test_an_edit_is_told_once_after_a_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(system_prompt, "PAUSE", 0.2)
    app = EditorApp("Be")
    async with app.run_test() as pilot:
        area = app.query_one(TextArea)
        for text in (" ", "k", "ind"):
            area.insert(text, area.document.end)
        while not app.told:
            await pilot.pause(0.05)
        await pilot.pause(0.5)
    assert app.told == ["Be kind"]


@pytest.mark.usefixtures("patient")
async def test_leaving_tells_at_once_and_tab_types_nothing() -> None:
    app = EditorApp()
    async with app.run_test() as pilot:
        await pilot.press("a", "enter", "b")
        assert app.told == []
        await pilot.press("tab")
        assert app.told == ["a\nb"]
        assert isinstance(app.focused, Button)
        await pilot.press("shift+tab", "tab")
    assert app.told == ["a\nb"]


@pytest.mark.usefixtures("patient")
async def test_an_edit_taken_back_is_no_edit() -> None:
    app = EditorApp()
    async with app.run_test() as pilot:
        await pilot.press("a", "backspace", "tab")
    assert app.told == []


@pytest.mark.usefixtures("patient")
async def test_setting_the_text_from_outside_tells_nobody() -> None:
    app = EditorApp("one")
    async with app.run_test() as pilot:
        await pilot.press("x")
        app.editor.text = "two"
        await pilot.pause()
        assert app.editor.text == "two"
        assert app.editor.status == ""
        await pilot.press("tab")
    assert app.told == []


@pytest.mark.usefixtures("patient")
async def test_the_title_says_what_an_edit_costs() -> None:
    app = EditorApp("one")
    async with app.run_test(size=(46, 15)) as pilot:
        assert app.lines[0].strip() == "SYSTEM PROMPT"
        await pilot.press("x")
        assert app.lines[0].endswith(" edited")
        app.editor.cost = 38
        await pilot.pause()
        assert app.lines[0].endswith(" edited: 38 tokens to re-read")
        app.editor.cost = 1
        await pilot.pause()
        assert app.lines[0].endswith(" edited: 1 token to re-read")
        app.editor.cost = 0
        await pilot.pause()
        assert app.lines[0].endswith(" applied")
        await pilot.press("y")
        assert app.editor.cost is None
        assert app.lines[0].endswith(" edited")


@pytest.mark.parametrize(
    ("width", "status"), [(48, "edited: 1,234 tokens to re-read"), (36, "edited: 1,234 tokens"),
                          (24, "edited"), (18, "")]
)  # fmt: skip
async def test_the_status_gives_way_where_there_is_no_room(width: int, status: str) -> None:
    app = EditorApp()
    async with app.run_test(size=(width, 15)) as pilot:
        app.editor.cost = 1234
        await pilot.pause()
        assert app.lines[0].strip().removeprefix("SYSTEM PROMPT").strip() == status


@pytest.mark.parametrize("width", [20, 40, 120])
async def test_long_lines_wrap_and_the_editor_grows_only_so_far(width: int) -> None:
    app = EditorApp("You answer in one sentence. " * 3)
    async with app.run_test(size=(width, 40)) as pilot:
        area = app.query_one(TextArea)
        assert 3 <= area.size.height + 2 <= 10
        app.editor.text = "a word " * 2000
        await pilot.pause()
        assert area.region.height == 10
        assert area.region.right <= width


async def test_the_frame_says_without_colour_who_has_the_focus() -> None:
    app = EditorApp("text")
    async with app.run_test(size=(40, 15)) as pilot:
        await pilot.pause()
        assert "┏" in "".join(app.lines)
        await pilot.press("tab")
        await pilot.pause()
        assert "┏" not in "".join(app.lines)
        assert "╭" in "".join(app.lines)
