"""Where the chat screen's sampler panel stands, and whether it does."""

from __future__ import annotations

from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.css.query import NoMatches
from textual.reactive import var
from textual.screen import Screen

from mlxchat.tui.widgets.message_editor import MessageEditor

NARROW = 60
"""Columns from which there is room for two columns."""
WIDE = 100
"""Columns from which the sampler panel is open by itself."""


class PanelScreen(Screen[None]):
    """A screen with a panel that is open where there is room, or where the person wants it."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "leave_panel", "back")]

    panel_chosen: var[bool | None] = var[bool | None](None)
    """Whether the person opened or closed the panel; None while its width decides."""

    def _inspect(self) -> None:
        """Ask what could come, where that can be seen."""
        raise NotImplementedError

    @property
    def panel_shown(self) -> bool:
        """Whether the panel is open."""
        return self.size.width >= WIDE if self.panel_chosen is None else self.panel_chosen

    @property
    def in_panel(self) -> bool:
        """Whether something in the panel has the focus."""
        return self._holds_focus("#panel")

    def _holds_focus(self, selector: str) -> bool:
        return self.focused is not None and self.query_one(selector) in self.focused.ancestors

    def action_leave_panel(self) -> None:
        """Go back to the conversation; a panel that covers it closes."""
        if self.has_class("-panel-only"):
            self.panel_chosen = False
        self.focus_home()

    def focus_home(self) -> None:
        """Put the focus where one writes, or where one was before the panel."""
        self.query_one(MessageEditor).focus()

    def toggle_panel(self) -> None:
        """Go to the sampler panel; from inside it, hide it."""
        if self.in_panel and self.panel_shown:
            self.panel_chosen = False
            self.focus_home()
        else:
            self._open_panel()
            self.query_one("SamplerPanel Slider").focus()

    def _open_panel(self) -> None:
        if not self.panel_shown:
            self.panel_chosen = True

    def watch_panel_chosen(self) -> None:
        """Show the choice."""
        self._show_panel()
        if self.is_mounted and self.panel_shown:
            self._inspect()

    def on_resize(self) -> None:
        """The panel opens by itself where there is room; it does not cover what has the focus."""
        inside = self._holds_focus("#conversation")
        if self.panel_chosen and inside and self.size.width < NARROW:
            self.panel_chosen = None
        self._show_panel()

    def _show_panel(self) -> None:
        try:
            self.query_one("#panel").set_class(not self.panel_shown, "-hidden")
        except NoMatches:
            return
        # Not by the breakpoint's class, which comes later than a new width: what is hidden for a
        # moment loses the focus.
        self.set_class(self.panel_shown and self.size.width < NARROW, "-panel-only")
