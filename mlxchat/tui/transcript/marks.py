"""Marks in a reply's margin where settings changed while it was written, and what they tell."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Sequence

from mlxchat.conversation.changes import Change, changes
from mlxchat.conversation.entries import Reply
from mlxchat.conversation.token_list import Run
from mlxchat.render.lines import Line, Span
from mlxchat.render.stream import MarkdownStream, render_markdown, render_plain
from mlxchat.tui.transcript.entries import NO_MARK

CLOSED, OPEN = Span("± ", "mark.change"), Span("▾ ", "mark.change")


class ChangeMarks:
    """The changes of one reply. Lines are the body's own; rows count what the marks tell too."""

    def __init__(self) -> None:
        self.opened = False
        """Whether each mark is followed by what changed."""
        self._changes: list[Change] = []
        self._lines: list[int] = []
        """The line of each change."""
        self._told: list[tuple[int, Line]] = []
        """What is told, each with the line before it."""

    def place(
        self, runs: Sequence[Run], line_of: Callable[[int], int], first: int, width: int
    ) -> int:
        """Find each mark's line, where those before `first` are as they were; the first line that
        changed."""
        self._changes = changes(runs)
        if not self._changes:
            return first
        kept = [line for line in self._lines if line < first]
        moved = [line_of(change.token) for change in self._changes[len(kept) :]]
        changed = min([first, *moved, *self._lines[len(kept) :]])
        self._lines = kept + moved
        before, self._told = self._told, self._tell(width) if self.opened else []
        differs = [line for (line, a), (_, b) in zip(before, self._told, strict=False) if a != b]
        return min([changed, *differs])

    @property
    def told(self) -> int:
        """How many rows they take."""
        return len(self._told)

    @property
    def rows(self) -> list[int]:
        """The rows with a mark, and those that are told."""
        marked = [self.row_of(line) for line in self._lines]
        told = [line + 1 + number for number, (line, _) in enumerate(self._told)]
        return sorted({*marked, *told})

    def row_of(self, line: int) -> int:
        """The row of a line of the body."""
        return line + sum(before < line for before, _ in self._told)

    def locate(self, row: int) -> tuple[int, Line | None]:
        """The line at a row, or the line before it and what is told there."""
        for number, (line, told) in enumerate(self._told):
            if row <= line + number:
                return row - number, None
            if row == line + number + 1:
                return line, told
        return row - len(self._told), None

    def mark(self, line: int) -> Span:
        """What stands before a line."""
        if line not in self._lines:
            return NO_MARK
        return OPEN if self.opened else CLOSED

    def _tell(self, width: int) -> list[tuple[int, Line]]:
        return [
            (line, row)
            for change, line in zip(self._changes, self._lines, strict=True)
            for row in render_plain(f"± {change.text}", width, "change")
        ]


class MarkdownPlaces:
    """Where tokens stand in rendered Markdown: on the line that has as many visible characters
    before it as the rendered text up to the token."""

    def __init__(self, reply: Reply, stream: MarkdownStream) -> None:
        self._reply = reply
        self._lines = stream.lines

    def line_of(self, place: int) -> int:
        """The line of a token, about: a table or a list is laid out as a whole."""
        reply = self._reply
        text = reply.prefill + "".join(record.text for record in reply.tokens[:place])
        shown = sum(map(_visible, render_markdown(text, 80, open_reasoning=reply.opens_in_thought)))
        ends, total = [], 0
        for line in self._lines:
            total += _visible(line)
            ends.append(total)
        return min(bisect_right(ends, shown), max(0, len(ends) - 1))


def _visible(line: Line) -> int:
    return len(line.text.replace(" ", ""))
