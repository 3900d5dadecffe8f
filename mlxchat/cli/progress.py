"""A line on the terminal that says how far something is, and goes away."""

from __future__ import annotations

import os
import time
from typing import TextIO

from mlxchat.engine.interface import LoadProgress
from mlxchat.render.one_line import fitted
from mlxchat.render.safe import visible

WIDTH = 24
"""Of the bar, in cells."""
USUAL_COLUMNS = 80
"""Of a terminal that does not tell."""
FRAME_SECONDS = 0.1
"""The line is drawn at most this often: drawing takes time from the engine."""


class ProgressLine:
    """Drawn on a terminal only, no wider than that; nothing of it stays there."""

    def __init__(self, out: TextIO) -> None:
        self._out = out
        self._active = out.isatty()
        self._drawn_at = 0.0
        self._shown = False

    def show(self, what: str, share: float | None = None) -> None:
        """Say what goes on, and what part of it is done, from 0 to 1."""
        now = time.monotonic()
        if not self._active or now - self._drawn_at < FRAME_SECONDS:
            return
        self._drawn_at, self._shown = now, True
        text = visible(what) if share is None else f"{bar(share)} {visible(what)}"
        self._out.write(f"\r\x1b[K{fitted(text, columns(self._out) - 1).rstrip()}")
        self._out.flush()

    def show_load(self, progress: LoadProgress) -> None:
        """Say how far a model is on its way."""
        share = progress.done / progress.total if progress.total else None
        self.show(progress.stage, share)

    def clear(self) -> None:
        """Take the line away, for something else to be written; what is shown next is drawn at
        once."""
        if self._shown:
            self._out.write("\r\x1b[K")
            self._out.flush()
            self._drawn_at, self._shown = 0.0, False


def columns(out: TextIO) -> int:
    """How wide this terminal is."""
    try:
        return os.get_terminal_size(out.fileno()).columns or USUAL_COLUMNS
    except (OSError, ValueError):
        return USUAL_COLUMNS


def bar(share: float) -> str:
    """A bar that is filled to this part."""
    filled = round(min(max(share, 0.0), 1.0) * WIDTH)
    return "▕" + "█" * filled + "░" * (WIDTH - filled) + "▏"
