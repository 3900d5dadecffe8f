"""The column beside the conversation."""

from __future__ import annotations

from textual import on
from textual.containers import VerticalScroll
from textual.geometry import Region

from mlxchat.tui.widgets.next_token import NextToken


class SidePanel(VerticalScroll):
    """Scrolls so that what has the focus is in sight, whenever it opens or what is in it changes
    its place: only then is it known where that is."""

    def on_mount(self) -> None:
        """Follow the heights."""
        self.watch(self, "virtual_size", self._bring_focus_later, init=False)

    def on_show(self) -> None:
        """It opens."""
        self._bring_focus_later()

    def on_resize(self) -> None:
        """It has another height."""
        self._bring_focus_later()

    def on_descendant_focus(self) -> None:
        """Something else has the focus."""
        self._bring_focus_later()

    @on(NextToken.Moved)
    def _bring_focus_later(self) -> None:
        self.call_after_refresh(self._bring_focus)

    def _bring_focus(self) -> None:
        focused = self.screen.focused
        if focused is None or self not in focused.ancestors:
            return
        self.scroll_to_widget(focused, animate=False, top=isinstance(focused, NextToken))
        if isinstance(focused, NextToken):
            self.scroll_to_region(_line_of(focused), animate=False)


def _line_of(tokens: NextToken) -> Region:
    """The line of the chosen token, in the column's own coordinates."""
    return Region(0, tokens.virtual_region.y + tokens.chosen_line, 1, 1)
