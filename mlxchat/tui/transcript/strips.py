"""The lines of a transcript as strips, kept for as long as they stay what they are."""

from __future__ import annotations

from collections.abc import Sequence

from rich.segment import Segment
from textual.color import Color
from textual.filter import LineFilter
from textual.strip import Strip

from mlxchat.tui.transcript.entries import Entry
from mlxchat.tui.transcript.looks import Painter

STRIPS_LIMIT = 4000


class StripStore:
    """Strips of entries' rows, each made once."""

    def __init__(self, painter: Painter) -> None:
        self._painter = painter
        self._strips: dict[int, dict[int, Strip]] = {}
        self._made = 0
        """Strips made since they were all dropped."""

    def strip(self, entry: Entry, row: int, width: int) -> Strip:
        """The strip of an entry's row; a blank one where the row is not known yet."""
        strips = self._strips.setdefault(entry.id, {})
        strip = strips.get(row)
        if strip is None:
            if not entry.wrapped or row >= entry.height:
                return self._painter.blank(width)
            strip = self._painter.strip(entry.look(row), width)
            self._made += 1
            if self._made > STRIPS_LIMIT:
                self._strips, self._made = {entry.id: strips}, len(strips)
            strips[row] = strip
        return strip

    def drop(self, entry: Entry, first: int = 0) -> None:
        """An entry's rows from `first` on are not what they were."""
        if not first:
            self._strips.pop(entry.id, None)
        strips = self._strips.get(entry.id, {})
        for row in [row for row in strips if row >= first]:
            del strips[row]

    def drop_rows(self, entry: Entry, first: int, last: int) -> None:
        """An entry's rows first <= row < last look different now."""
        strips = self._strips.get(entry.id, {})
        for row in range(first, last):
            strips.pop(row, None)

    def clear(self) -> None:
        """Nothing is what it was."""
        self._strips.clear()
        self._made = 0


class Frame:
    """The lines of one view as they were painted last, with an edge to their left.

    Textual would style every line anew when the view scrolls. Here a line that has only moved
    stays the same object, so that all that Textual keeps of it (cuts, escape codes) holds.
    """

    def __init__(self) -> None:
        self._known: dict[int, tuple[Strip, Strip]] = {}
        """Each line by its id(), bare and finished."""
        self._look: tuple[object, ...] = ()

    def paint(
        self,
        lines: Sequence[Strip],
        edge: Segment,
        filters: Sequence[LineFilter],
        background: Color,
    ) -> list[Strip]:
        """The lines with the edge, filtered."""
        look = (edge, background, *filters)
        if look != self._look:
            self._known, self._look = {}, look
        known = self._known.get
        pairs = []
        for line in lines:
            pair = known(id(line))
            pairs.append(pair or (line, _finished(line, edge, filters, background)))
        self._known = {id(pair[0]): pair for pair in pairs}
        return [finished for _, finished in pairs]


def _finished(
    line: Strip, edge: Segment, filters: Sequence[LineFilter], background: Color
) -> Strip:
    strip = Strip([edge, *line], line.cell_length + 1)
    for line_filter in filters:
        strip = strip.apply_filter(line_filter, background)
    return strip
