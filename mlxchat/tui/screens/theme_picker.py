"""The choice of a theme; the one under the cursor is shown at once."""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from mlxchat.files.theme_files import load_themes
from mlxchat.tui.screens.dialog import Dialog


class ThemePicker(Dialog[str]):
    """Dismissed with the theme's name, or None where the one before stays."""

    DEFAULT_CSS = """
    ThemePicker {
        align: right middle;
        background: transparent;
        & > #box { width: 44; max-width: 100%; }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "leave", "keep the old one")]

    def compose(self) -> ComposeResult:
        """One line a theme."""
        self._before = self.app.theme
        palettes = load_themes().themes.values()
        names = [p.name for p in palettes if p.name in self.app.available_themes]
        kinds = {p.name: p.kind for p in palettes}
        box = Vertical(
            OptionList(*[Option(f"{name:<18} {kinds[name]}", id=name) for name in names]), id="box"
        )
        box.border_title = "Theme"
        box.border_subtitle = "Enter takes it, Esc leaves"
        yield box

    def on_mount(self) -> None:
        """Start at the theme in use."""
        choices = self.query_one(OptionList)
        if any(option.id == self._before for option in choices.options):
            choices.highlighted = choices.get_option_index(self._before)
        choices.focus()

    @on(OptionList.OptionHighlighted)
    def _preview(self, event: OptionList.OptionHighlighted) -> None:
        stands_there = event.option_list.highlighted == event.option_index
        if stands_there and event.option_id and event.option_id != self.app.theme:
            self.app.theme = event.option_id

    @on(OptionList.OptionSelected)
    def _take(self, event: OptionList.OptionSelected) -> None:
        self.dismiss(event.option_id)

    def action_leave(self) -> None:
        """Back to the theme from before."""
        self.app.theme = self._before
        self.dismiss(None)
