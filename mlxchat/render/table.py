"""Tables: columns aligned by terminal cells, cells wrapped where the table is too wide, and one
record per row where even that does not fit. Rows can be added; old ones are laid out again only
when a column's width changes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from mlxchat.render.inline import spans_width
from mlxchat.render.lines import Line, Span
from mlxchat.render.roles import joined
from mlxchat.render.wrap import EMPTY, wrap

Cell = tuple[Span, ...]
Row = tuple[Cell, ...]

LEAST_COLUMN = 6
"""Cells; where columns would get less, each row becomes a record of "header: cell" lines."""


@dataclass
class Table:
    """A table being laid out. `lines()` is what is shown."""

    header: Row
    alignments: Sequence[str]
    width: int
    role: str = ""
    rows: list[Row] = field(default_factory=list)
    _natural: list[int] = field(default_factory=list)
    _widths: list[int] = field(default_factory=list)
    _lines: list[Line] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.border = joined(self.role, "table.border")
        self.stacked = self._is_hopeless()
        self._measure(self.header)
        self._lay_out()

    @property
    def _available(self) -> int:
        return self.width - 3 * (len(self.header) - 1)

    def _is_hopeless(self) -> bool:
        columns = len(self.header)
        needed = sum(max(1, spans_width(cell)) for cell in self.header)
        if self._available >= LEAST_COLUMN * columns:
            return False
        return needed > self._available or self._available < 3 * columns

    @property
    def lines(self) -> list[Line]:
        """The table's lines; the list is the table's own."""
        return self._lines

    def add(self, row: Row) -> int:
        """Add a row; returns the first line that changed."""
        before = len(self._lines)
        self.rows.append(row)
        first_record = self.stacked and len(self.rows) == 1
        widened = not self.stacked and self._measure(row) and self._allocated() != self._widths
        if first_record or widened:
            self._lay_out()
            return 0
        self._lines.extend(self.row_lines(row, len(self.rows) - 1))
        return before

    def row_lines(self, row: Row, index: int) -> list[Line]:
        """A row's lines with the columns as they are now."""
        if self.stacked:
            return ([EMPTY] if index else []) + self._record(row)
        return self._grid(row)

    def _measure(self, row: Row) -> bool:
        widths = [spans_width(cell) for cell in row]
        if not self._natural:
            self._natural = [max(1, w) for w in widths]
            return True
        wider = [max(a, b) for a, b in zip(self._natural, widths, strict=False)]
        changed = wider != self._natural
        self._natural = wider
        return changed

    def _allocated(self) -> list[int]:
        """Widths for the columns: narrow ones keep theirs, wide ones share what is left."""
        left, waiting = self._available, len(self._natural)
        widths = [0] * waiting
        for column in sorted(range(waiting), key=self._natural.__getitem__):
            widths[column] = max(1, min(self._natural[column], left // waiting))
            left -= widths[column]
            waiting -= 1
        return widths

    def _lay_out(self) -> None:
        if self.stacked:
            self._lines = [] if self.rows else self._record(())
            for index, row in enumerate(self.rows):
                self._lines += self.row_lines(row, index)
            return
        self._widths = self._allocated()
        rule = "─┼─".join("─" * width for width in self._widths)
        self._lines = [*self._grid(self.header), Line((Span(rule, self.border),))]
        for row in self.rows:
            self._lines += self._grid(row)

    def _grid(self, row: Row) -> list[Line]:
        columns = [wrap(cell, w) for cell, w in zip(row, self._widths, strict=False)]
        height = max(len(column) for column in columns)
        return [self._grid_line(columns, index) for index in range(height)]

    def _grid_line(self, columns: list[list[Line]], index: int) -> Line:
        spans: list[Span] = []
        for number, column in enumerate(columns):
            if number:
                spans.append(Span(" │ ", self.border))
            line = column[index] if index < len(column) else EMPTY
            gap = self._widths[number] - spans_width(line.spans)
            before = _before(self.alignments[number], gap)
            after = gap - before if number < len(columns) - 1 else 0
            spans += [Span(" " * before, self.role)] * (before > 0)
            spans += line.spans
            spans += [Span(" " * after, self.role)] * (after > 0)
        return Line(tuple(spans))

    def _record(self, row: Row) -> list[Line]:
        lines: list[Line] = []
        for number, label in enumerate(self.header):
            cell = row[number] if number < len(row) else ()
            colon = (Span(": ", label[-1].role if label else self.border),) if row else ()
            lines += wrap((*label, *colon, *cell), self.width)
        return lines


def _before(alignment: str, gap: int) -> int:
    if alignment == "right":
        return gap
    return gap // 2 if alignment == "center" else 0
