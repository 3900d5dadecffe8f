"""The line of keys at the bottom of the screen."""

from __future__ import annotations

from textual import events
from textual.app import ComposeResult
from textual.widget import Widget
from textual.widgets import Footer
from textual.widgets._footer import FooterKey

from mlxchat.render.wrap import cells

AROUND = 3
"""Cells around a key and its word."""
PALETTE = "-command-palette"


class KeyFooter(Footer):
    """The keys that work now. Those that do not fit are left out whole, the last ones first."""

    def compose(self) -> ComposeResult:
        """As many keys as fit."""
        keys = list(super().compose())
        palette = [key for key in keys if key.has_class(PALETTE)]
        room = self.size.width - sum(map(_width, palette))
        for key in keys:
            room -= 0 if key in palette else _width(key)
            if room >= 0 or key in palette:
                yield key

    def on_resize(self, event: events.Resize) -> None:
        """Choose again."""
        self.call_after_refresh(self.recompose)


def _width(key: Widget) -> int:
    if not isinstance(key, FooterKey):
        return 0
    return cells(key.key_display) + cells(key.description) + AROUND
