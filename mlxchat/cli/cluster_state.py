"""One line of the terminal that tells how things stand."""

from __future__ import annotations

import shutil
import sys

from mlxchat.render.one_line import fitted


class StateLine:
    """The last line of the terminal's error output, written over again and again."""

    def show(self, text: str) -> None:
        """Show as much of this as fits, instead; without a terminal nothing is shown."""
        if sys.stderr.isatty():
            width = shutil.get_terminal_size().columns - 1
            sys.stderr.write(f"\r\x1b[K{fitted(text, width).rstrip()}")
            sys.stderr.flush()

    def clear(self) -> None:
        """Leave the line empty."""
        self.show("")
