"""The text under a mouse selection of a transcript."""

from __future__ import annotations

import re
from collections.abc import Callable

from rich.segment import Segment
from rich.style import Style
from textual.geometry import Offset
from textual.selection import Selection
from textual.strip import Strip

from mlxchat.tui.transcript.entries import Row

_WORD = re.compile(r"\w+|\s+|[^\w\s]+")


def plain_text(selection: Selection, height: int, row_at: Callable[[int], Row]) -> str:
    """The selected text without the gutter and without padding.

    `row_at` gives the row at a line of the selection's own count, 0 <= line < height.
    """
    first = 0 if selection.start is None else max(0, selection.start.y)
    last = height - 1 if selection.end is None else min(height - 1, selection.end.y)
    lines = []
    for y in range(first, last + 1):
        span = selection.get_span(y)
        if span is not None:
            lines.append(_cut(row_at(y), *span))
    return "\n".join(lines)


def highlight(strip: Strip, start: int, end: int, style: Style) -> Strip:
    """The strip with the characters start <= i < end in another style; -1 is its end."""
    end = sum(len(segment.text) for segment in strip) if end == -1 else end
    segments: list[Segment] = []
    position = 0
    for text, own, _ in strip:
        low, high = (min(max(i - position, 0), len(text)) for i in (start, end))
        for part, selected in ((text[:low], False), (text[low:high], True), (text[high:], False)):
            if part:
                segments.append(Segment(part, (own or Style()) + style if selected else own))
        position += len(text)
    return Strip(segments, strip.cell_length)


def word_at(text: str, offset: Offset) -> Selection | None:
    """The word (or run of signs) at a character of a line."""
    for match in _WORD.finditer(text):
        if match.start() <= offset.x < match.end():
            ends = (Offset(x, offset.y) for x in match.span())
            return Selection.from_offsets(*ends)
    return None


def _cut(row: Row, start: int, end: int) -> str:
    gutter = len(row.mark.text)
    text = row.line.text
    stop = len(text) if end == -1 else max(0, end - gutter)
    return text[max(0, start - gutter) : stop].rstrip()
