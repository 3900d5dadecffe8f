"""A terminal in memory: what is on it, and what has scrolled away."""

from __future__ import annotations

import io

import pyte
from prompt_toolkit.data_structures import Size
from prompt_toolkit.output.color_depth import ColorDepth
from prompt_toolkit.output.vt100 import Vt100_Output

from tests.terminal import resize

FAR = 10_000
"""Lines that are kept of what has scrolled away."""


class Screen:
    """A terminal of a size, and the output that writes on it."""

    def __init__(self, columns: int = 80, rows: int = 24) -> None:
        self._size = Size(rows, columns)
        self._screen = pyte.HistoryScreen(columns, rows, history=FAR)
        self._stream = pyte.Stream(self._screen)
        self.written = 0
        """Characters that were written so far."""
        file = _Wire(self)
        self.output = Vt100_Output(
            file,  # type: ignore[arg-type]
            lambda: self._size,
            term="xterm-256color",
            default_color_depth=ColorDepth.DEPTH_8_BIT,
            enable_bell=False,
        )

    def take(self, text: str) -> None:
        """Something is written."""
        self.written += len(text)
        self._stream.feed(text)

    def resize(self, columns: int, rows: int) -> None:
        """Another size."""
        self._size = Size(rows, columns)
        resize(self._screen, columns, rows)

    @property
    def lines(self) -> list[str]:
        """All lines, those that have scrolled away too, without empty ones at the end."""
        far = [
            "".join(line[column].data for column in range(self._size.columns)).rstrip()
            for line in self._screen.history.top
        ]
        lines = [*far, *(line.rstrip() for line in self._screen.display)]
        while lines and not lines[-1]:
            lines.pop()
        return lines

    @property
    def shown(self) -> list[str]:
        """The lines that are on the terminal."""
        return [line.rstrip() for line in self._screen.display]

    @property
    def cursor_shown(self) -> bool:
        """Whether the cursor can be seen."""
        return not self._screen.cursor.hidden

    @property
    def column(self) -> int:
        """The cursor's column."""
        return int(self._screen.cursor.x)


class _Wire(io.StringIO):
    """Takes to the screen what is written, when it is flushed."""

    encoding = "utf-8"  # type: ignore[assignment]

    def __init__(self, screen: Screen) -> None:
        super().__init__()
        self._to = screen

    def flush(self) -> None:
        text = self.getvalue()
        self.seek(0)
        self.truncate()
        if text:
            self._to.take(text)

    def isatty(self) -> bool:
        return True
