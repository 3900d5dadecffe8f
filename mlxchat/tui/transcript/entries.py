"""The entries of a transcript: each knows its lines, wrapped on demand for one width."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NamedTuple

from mlxchat.conversation.node import Node
from mlxchat.render.lines import Line, Span
from mlxchat.render.stream import render_plain

NoticeKind = Literal["information", "warning", "error"]

GUTTER = 2
"""Cells to the left of every line: a mark on some, a bar or nothing on the others."""

NO_MARK = Span(" " * GUTTER)
_BAR = Span("▌ ", "mark.user")
_PICKED = Span("┃ ", "mark.picked")
DIMMED = Span("┊ ", "dimmed")
_NOTICE_MARKS: dict[NoticeKind, str] = {"information": "• ", "warning": "! ", "error": "✗ "}


@dataclass(frozen=True, slots=True)
class EntryHeader:
    """The line above a message: who wrote it, and what there is to know of it."""

    name: str
    label: str = ""
    """What it was drawn with, such as "temp 0.70 · seed 21"."""
    branch: str = ""
    """Which of several versions it is, such as "‹2/3›"."""
    rating: str = ""
    """What the person thinks of it, such as "+ good"."""
    note: str = ""
    """What the person noted; it stands below the message."""


YOU = EntryHeader("You")


def header_lines(header: EntryHeader, width: int, role: str) -> list[Line]:
    """Name, branch, rating and label on one line where they fit, the label below where not."""
    line = render_plain(header.name, width, role)[:1]
    rating = f"rating.{'good' if header.rating.startswith('+') else 'bad'}"
    parts = ((header.branch, "branch"), (header.rating, rating), (header.label, "label"))
    for text, role in parts:
        if not text:
            continue
        part = render_plain(text, width, role)
        if line and len(part) == 1 and line[-1].width + 2 + part[0].width <= width:
            line[-1] = Line((*line[-1].spans, Span("  "), *part[0].spans))
        else:
            line.extend(part)
    return line


class Row(NamedTuple):
    """One line of an entry with what stands in the gutter before it."""

    mark: Span
    line: Line
    role: str = ""
    """The role of the whole row, outside every span's own."""
    fill: int = 0
    """Up to which cell code colours the background."""


SEPARATOR = Row(NO_MARK, Line())
"""The empty row below every entry."""


class Entry:
    """A message of the transcript.

    `height` counts its rows with the empty one below; it is an estimate until `exact`.
    """

    def __init__(self, text: str) -> None:
        self.id = 0
        self.text = text
        self.height = 0
        self.exact = False
        self.node: Node | None = None
        """The message that it shows; None where it is no part of the conversation."""
        self.picked = False
        """Whether gestures are meant for it."""
        self.dimmed = False
        """Whether the model does not read it any more."""
        self._width = 0

    @property
    def wrapped(self) -> bool:
        """Whether its rows are there for the width that it was given last."""
        raise NotImplementedError

    @property
    def writing(self) -> bool:
        """Whether more text is to come."""
        return False

    def set_width(self, width: int) -> None:
        """Take a new width in cells, gutter excluded, and estimate the height for it."""
        self._width = width
        self.exact = False
        self.height = self.estimate()

    def estimate(self) -> int:
        """About how many rows it will have: cheap, whatever the length of the text."""
        return 2 + self.text.count("\n") + len(self.text) // max(1, self._width)

    def wrap(self) -> None:
        """Make the rows, so that `height` is exact."""
        raise NotImplementedError

    def unwrap(self) -> None:
        """Let go of the rows; the height stays known."""
        raise NotImplementedError

    def row(self, index: int) -> Row:
        """A row of a wrapped entry; 0 <= index < height."""
        raise NotImplementedError

    def look(self, index: int) -> Row:
        """The same as it is painted: marked where it is picked, pale where it is dimmed."""
        row = self.row(index)
        if self.dimmed and row is not SEPARATOR:
            row = self.pale(row)
        if self.picked and index < self.height - 1:
            row = row._replace(mark=_PICKED)
        return row

    def pale(self, row: Row) -> Row:
        """A row as it looks where the model does not read it any more."""
        return Row(DIMMED, Line(tuple(Span(s.text, "dimmed") for s in row.line.spans)))

    def characters_before(self, index: int) -> int:
        """How many visible characters come before a row: the same at every width, about."""
        rows = range(min(index, self.height))
        return sum(len(self.row(i).line.text.replace(" ", "")) for i in rows)

    def row_at(self, characters: int) -> int:
        """The row that has this many visible characters before it."""
        seen = 0
        for index in range(self.height):
            seen += len(self.row(index).line.text.replace(" ", ""))
            if seen > characters:
                return index
        return max(0, self.height - 1)


class PlainEntry(Entry):
    """An entry whose text is shown as it is."""

    role = ""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self._lines: list[Line] | None = None

    @property
    def wrapped(self) -> bool:
        return self._lines is not None

    def set_width(self, width: int) -> None:
        self._lines = None
        super().set_width(width)

    def wrap(self) -> None:
        if self._lines is None:
            self._lines = self.make_lines()
            self.height = len(self._lines) + 1
            self.exact = True

    def unwrap(self) -> None:
        self._lines = None

    def row(self, index: int) -> Row:
        assert self._lines is not None
        if index >= len(self._lines):
            return SEPARATOR
        return Row(self.mark(index), self._lines[index], self.role)

    def make_lines(self) -> list[Line]:
        """Its lines, wrapped."""
        return render_plain(self.text, self._width, self.role)

    def mark(self, index: int) -> Span:
        """What stands before a line."""
        return NO_MARK


class UserEntry(PlainEntry):
    """What a person wrote."""

    role = "user"

    def __init__(self, text: str, header: EntryHeader = YOU) -> None:
        super().__init__(text)
        self.header = header

    def estimate(self) -> int:
        return super().estimate() + 1

    def make_lines(self) -> list[Line]:
        name = header_lines(self.header, self._width, "user.name")
        note = render_plain(self.header.note, self._width, "note") if self.header.note else []
        return name + super().make_lines() + note

    def set_header(self, header: EntryHeader) -> int:
        """Show another header; the first row that changed."""
        self.header = header
        if self.wrapped:
            self._lines = None
            self.wrap()
        return 0

    def mark(self, index: int) -> Span:
        return _BAR


class NoticeEntry(PlainEntry):
    """What the program has to say."""

    def __init__(self, text: str, kind: NoticeKind = "information") -> None:
        super().__init__(text)
        self.role = f"notice.{kind}"
        self._first = Span(_NOTICE_MARKS[kind], f"mark.{kind}")

    def mark(self, index: int) -> Span:
        return NO_MARK if index else self._first
