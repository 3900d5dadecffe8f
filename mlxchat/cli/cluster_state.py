"""One line of the terminal that tells how things stand."""

from __future__ import annotations

import sys


class StateLine:
    """The last line of the terminal's error output, written over again and again."""

    def show(self, text: str) -> None:
        """Show this instead; without a terminal nothing is shown."""
        if sys.stderr.isatty():
            sys.stderr.write(f"\r\x1b[K{text}")
            sys.stderr.flush()

    def clear(self) -> None:
        """Leave the line empty."""
        self.show("")
