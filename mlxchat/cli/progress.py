"""A line on the terminal that says how far something is, and goes away."""

from __future__ import annotations

import time
from typing import TextIO

from mlxchat.engine.interface import LoadProgress
from mlxchat.render.safe import visible

WIDTH = 24
"""Of the bar, in cells."""
FRAME_SECONDS = 0.1
"""The line is drawn at most this often: drawing takes time from the engine."""


class ProgressLine:
    """Drawn on a terminal only; nothing of it stays there."""

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
        self._out.write(f"\r\x1b[K{bar(share)} {visible(what)}" if share is not None else
                        f"\r\x1b[K{visible(what)}")  # fmt: skip
        self._out.flush()

    def show_load(self, progress: LoadProgress) -> None:
        """Say how far a model is on its way."""
        share = progress.done / progress.total if progress.total else None
        self.show(progress.stage, share)

    def clear(self) -> None:
        """Take the line away, for something else to be written."""
        if self._shown:
            self._out.write("\r\x1b[K")
            self._out.flush()
            self._shown = False


def bar(share: float) -> str:
    """A bar that is filled to this part."""
    filled = round(min(max(share, 0.0), 1.0) * WIDTH)
    return "▕" + "█" * filled + "░" * (WIDTH - filled) + "▏"
