"""The dialog for one text in a real terminal: what it was dismissed with is printed at the end."""

from __future__ import annotations

import sys

from mlxchat.tui.screens.text_dialog import Choice, TextDialog
from mlxchat.tui.terminal import TerminalDriver
from mlxchat.tui.themes import ThemedApp


class EditorApp(ThemedApp):
    """Nothing but the dialog."""

    def on_mount(self) -> None:
        """Open it on the text of the command line."""
        choices = [Choice("version", "as a new version", "ctrl+s")]
        self.push_screen(TextDialog("Edit", sys.argv[1], choices), self.exit)


if __name__ == "__main__":
    print(repr(EditorApp(driver_class=TerminalDriver).run()))
