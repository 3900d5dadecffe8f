"""A parameter's row by itself."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.content import Content

from mlxchat.settings.parameters import PARAMETERS
from mlxchat.tui.themes import ThemedApp
from mlxchat.tui.widgets.parameter_row import ParameterRow


async def test_a_row_works_alone() -> None:
    told: list[tuple[str, object]] = []

    class RowApp(ThemedApp):
        def compose(self) -> ComposeResult:
            yield ParameterRow(PARAMETERS["presence_context_size"], 40, 20)

        def on_parameter_row_changed(self, message: ParameterRow.Changed) -> None:
            told.append((message.name, message.value))

    app = RowApp()
    async with app.run_test() as pilot:
        await pilot.press("right", "backspace")
        row = app.query_one(ParameterRow)
        assert not row.modified
        assert isinstance(row.tooltip, Content)
        assert row.parameter.help in row.tooltip.plain
        assert "default 20" in row.tooltip.plain
    assert told == [("presence_context_size", 41), ("presence_context_size", 20)]
