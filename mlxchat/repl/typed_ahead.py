"""What is typed while a reply is written: it stands in the next prompt."""

from __future__ import annotations

from prompt_toolkit.key_binding import KeyPress
from prompt_toolkit.keys import Keys

from mlxchat.render.safe import visible

MOST_SHOWN = 1000
"""Characters of it that are shown at most: it is drawn anew many times a second."""


class TypedAhead:
    """Text that grows with keys and is never sent by itself."""

    def __init__(self) -> None:
        self.text = ""

    def erases(self, press: KeyPress) -> bool:
        """Whether a key takes the last character away."""
        return bool(self.text) and press.key in (Keys.Backspace, Keys.ControlH)

    def take(self, press: KeyPress) -> bool:
        """Add what a key types; whether it types anything."""
        if press.key in (Keys.Enter, Keys.ControlJ):
            self.text += "\n" if self.text else ""
        elif press.key == Keys.BracketedPaste:
            self.text += press.data.replace("\r\n", "\n").replace("\r", "\n")
        elif self.erases(press):
            self.text = self.text[:-1]
        elif len(press.key) == 1 and press.key.isprintable():
            self.text += press.key
        else:
            return False
        return True

    @property
    def end(self) -> str:
        """The end of its last line, safe to print."""
        return visible(self.text[-MOST_SHOWN:].rpartition("\n")[2])

    def handed_over(self) -> str:
        """The text for the prompt; nothing is left."""
        text, self.text = self.text.rstrip("\n"), ""
        return text
