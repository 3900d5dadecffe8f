"""The last lines on the terminal, which may be drawn anew; what is above them never is."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from prompt_toolkit.output import Output
from prompt_toolkit.styles import BaseStyle

from mlxchat.render.lines import Line
from mlxchat.repl.styles import style_string

LONGEST_LINE = 100
"""Cells of a line of text on a wide terminal: longer ones are hard to read."""
LEAST_ROWS = 3
_FILLED = frozenset(("code", "code.language"))
"""Roles whose background goes on to the end of the line."""


class Region:
    """Lines at the end of what was written.

    `draw` puts others in their place; `leave` lets them stay for good. The cursor is hidden while
    there are any.
    """

    def __init__(self, output: Output, style: BaseStyle) -> None:
        self._output = output
        self._drawn: list[Line] = []
        self.use(style)

    def use(self, style: BaseStyle) -> None:
        """Draw in the colours of another theme from now on."""
        self._attrs = lru_cache(maxsize=1000)(
            lambda roles: style.get_attrs_for_style_str(style_string(roles))
        )
        self._depth = self._output.get_default_color_depth()

    @property
    def width(self) -> int:
        """Cells of a line. The last column stays free: what is written there would wrap by itself
        on some terminals."""
        return max(1, min(self._output.get_size().columns - 1, LONGEST_LINE))

    @property
    def room(self) -> int:
        """Lines that can be drawn anew: more would scroll away."""
        return max(LEAST_ROWS, self._output.get_size().rows - 1)

    @property
    def drawn(self) -> Sequence[Line]:
        """The lines as they are there."""
        return self._drawn

    def draw(self, lines: Sequence[Line], same: int = 0) -> None:
        """Let these lines take the place of those there; the first `same` are the same ones."""
        same = min(same, len(self._drawn), len(lines))
        if same == len(lines) < len(self._drawn):
            same = max(0, same - 1)  # the cursor belongs behind the last line
        if same == len(lines) == len(self._drawn):
            return
        if not self._drawn:
            self._output.hide_cursor()
        self._erase_from(same)
        for number, line in enumerate(lines[same:], same):
            if number > same or same == len(self._drawn) > 0:
                self._output.write_raw("\r\n")
            self._paint(line)
        self._drawn = list(lines)
        if not lines:
            self._output.show_cursor()
        self._output.flush()

    def leave(self, lines: Sequence[Line] | None = None, same: int = 0) -> None:
        """Let these lines stay for good in the place of those there, which stay where it is None;
        the cursor is shown below them."""
        if lines is not None:
            self.draw(lines, same)
        if self._drawn:
            self._output.write_raw("\r\n")
            self._output.show_cursor()
        self._drawn = []
        self._output.flush()

    def keep(self, count: int) -> None:
        """Let the first so many of the lines stay for good, the others be drawn anew."""
        del self._drawn[:count]

    def write(self, lines: Sequence[Line]) -> None:
        """Write lines that stay, below what stays already."""
        if lines:
            self.leave(lines)

    def forget(self) -> None:
        """Take all lines away: the terminal has another size and has wrapped them anew."""
        if not self._drawn:
            return
        columns = max(1, self._output.get_size().columns)
        rows = sum(max(1, -(-line.width // columns)) for line in self._drawn)
        self._up(min(rows, self.room) - 1)
        self._output.write_raw("\r")
        self._output.erase_down()
        self._drawn = []

    def _erase_from(self, line: int) -> None:
        """Erase the lines from this one on, and put the cursor where it begins; after the last one
        nothing is to be erased."""
        if line < len(self._drawn):
            self._up(len(self._drawn) - 1 - line)
            self._output.write_raw("\r")
            self._output.erase_down()

    def _up(self, rows: int) -> None:
        if rows > 0:
            self._output.cursor_up(rows)

    def _paint(self, line: Line) -> None:
        for text, roles in line.spans:
            self._output.set_attributes(self._attrs(roles), self._depth)
            self._output.write(text)
        if line.spans and _FILLED.intersection(line.spans[-1].role.split()):
            self._output.set_attributes(self._attrs(line.spans[-1].role), self._depth)
            self._output.erase_end_of_line()
        self._output.reset_attributes()
