"""A column of entries of which only the rows in sight are made."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil
from time import monotonic
from typing import ClassVar

from rich.segment import Segment
from textual import events
from textual.geometry import Offset, Region, Size
from textual.message import Message
from textual.reactive import var
from textual.scroll_view import ScrollView
from textual.scrollbar import ScrollBar
from textual.selection import Selection
from textual.strip import Strip
from textual.timer import Timer
from textual.widget import Widget

from mlxchat.render.stream import render_plain
from mlxchat.tui.transcript import selection as selecting
from mlxchat.tui.transcript.entries import GUTTER, Entry, Row
from mlxchat.tui.transcript.layout import Anchor, TranscriptLayout
from mlxchat.tui.transcript.looks import COMPONENT_CLASSES, Painter
from mlxchat.tui.transcript.strips import Frame, StripStore

MAX_WIDTH = 100
"""Cells of text to a line at most: longer lines are hard to read."""

EDGE = "▌"
"""To the left of all lines where the view has the focus."""
HINT = " ↓ new text below "
REFINE_SECONDS = 0.03
REFINE_SLICE = 0.004
"""Seconds of each REFINE_SECONDS for heights out of sight: a key waits no longer for them."""


class TranscriptView(ScrollView, can_focus=True):
    """Scrolls, paints, selects; what it shows is up to the subclass."""

    ALLOW_SELECT = True
    COMPONENT_CLASSES: ClassVar[set[str]] = COMPONENT_CLASSES

    following: var[bool] = var(True)
    """Whether the view stays at the end while text arrives."""
    unread: var[bool] = var(False)
    """Whether text arrived below the view since it stopped following."""
    placeholder: var[str] = var("")
    """What to show while there is no entry."""

    @dataclass
    class FollowingChanged(Message, namespace="transcript"):
        """The view began or stopped following the text that arrives."""

        view: TranscriptView
        following: bool

        @property
        def control(self) -> TranscriptView:
            return self.view

    def __init__(
        self,
        placeholder: str = "",
        *,
        name: str | None = None,
        id: str | None = None,
        classes: str | None = None,
    ) -> None:
        super().__init__(name=name, id=id, classes=classes)
        self.set_reactive(TranscriptView.placeholder, placeholder)
        self._rows = TranscriptLayout()
        self._painter = Painter(self)
        self._strips = StripStore(self._painter)
        self._frame = Frame()
        self._anchor: Anchor | None = None
        self._placing = False
        self._thumb: tuple[int, int] | None = None
        self._origin = 0
        self._refiner: Timer | None = None

    @property
    def entries(self) -> tuple[Entry, ...]:
        """All entries, first to last."""
        return tuple(self._rows.entries)

    # Changing what is shown

    def add(self, entries: list[Entry]) -> list[int]:
        """Append entries; their ids."""
        if not self._rows.entries:
            self.refresh()
        before = self._rows.height
        ids = self._rows.add(entries)
        if not self.following and self._rows.height > before:
            self.unread = True
        if not self._settle():
            self._refresh_rows(before, self._rows.height)
        return ids

    def cut(self, index: int) -> None:
        """Remove the entry at this place and all after it."""
        for entry in self._rows.entries[index:]:
            self._strips.drop(entry)
        self._rows.cut(index)
        if self._rows.height <= self.scroll_offset.y + self.size.height:
            self.following = True
        self.refresh()
        self._settle()

    def changed(self, entry: Entry, first: int) -> None:
        """Rows of an entry from `first` on have changed, and perhaps how many there are."""
        index = self._rows.index(entry.id)
        top, before = self._rows.top(index), self._rows.top(index + 1)
        self._rows.resized(index)
        self._strips.drop(entry, first)
        after = self._rows.top(index + 1)
        if not self.following and after > self.scroll_offset.y + self.size.height:
            self.unread = True
        if not self._settle():
            last = after if after == before else max(before, self._rows.height)
            self._refresh_rows(top + first, last)

    def repaint(self, entry: Entry, first: int, last: int) -> None:
        """Rows first <= row < last of an entry look different now, and stand where they stood."""
        self._strips.drop_rows(entry, first, last)
        top = self._rows.top(self._rows.index(entry.id))
        self._refresh_rows(top + first, top + last)

    def rearrange(self, entries: list[Entry], hold: Anchor, y: int) -> None:
        """Entries have other heights now; the row of `hold` stays on line `y` of the view."""
        for entry in entries:
            self._strips.drop(entry)
            self._rows.resized(self._rows.index(entry.id))
        row = max(0, self._rows.row_of(hold) - y)
        self._anchor = self._rows.anchor(row)
        self.following = row >= self._rows.height - self.size.height
        self._settle()
        self.refresh()

    def row_under(self, y: int) -> tuple[Entry, int] | None:
        """The entry at a line of the widget's content, and which of its rows that is."""
        row = self.scroll_offset.y + y
        if not 0 <= row < self._rows.height:
            return None
        index, inner = self._rows.locate(row)
        return self._rows.entries[index], inner

    # Where things stand

    def _settle(self) -> bool:
        """Wrap what is in sight and put the view where it belongs; whether it scrolled."""
        height = self.size.height
        if not height or not self._rows.width:
            return False
        row = self._wanted_row()
        while self._rows.wrap_rows(row, row + height):
            row = self._wanted_row()
        self._rows.trim(row, row + height)
        if self._refiner is not None and not self._rows.all_known:
            self._refiner.resume()
        return self._place(row)

    def _wanted_row(self) -> int:
        limit = max(0, self._rows.height - self.size.height)
        if self.following or self._anchor is None:
            return limit
        return min(self._rows.row_of(self._anchor), limit)

    def _place(self, row: int) -> bool:
        """Scroll to a row without taking it for a gesture of the person."""
        before = self.scroll_offset.y
        self._placing = True
        try:
            self._set_height(self._rows.height)
            if row != before:
                self.scroll_to(y=row, animate=False)
        finally:
            self._placing = False
        self._move_thumb()
        return self.scroll_offset.y != before

    def _set_height(self, height: int) -> None:
        """Take a number of rows without what Textual does about it, a layout of the screen."""
        size = Size(self.size.width, height)
        if size != self.virtual_size:
            self.set_reactive(Widget.virtual_size, size)

    def _move_thumb(self) -> None:
        """Tell the scrollbar where things stand; it is painted only if that moves its thumb, for
        that costs as much as all lines do."""
        bar, height = self.vertical_scrollbar, self.virtual_size.height
        thumb = thumb_eighths(height, self.size.height, self.scroll_y)
        if thumb != self._thumb:
            self._thumb = thumb
            bar.refresh()
        bar.set_reactive(ScrollBar.window_virtual_size, height)
        bar.set_reactive(ScrollBar.position, self.scroll_y)

    def _refine(self) -> None:
        """Find out heights that are estimates yet, without moving what is in sight."""
        if self.is_vertical_scrollbar_grabbed or not self._rows.entries:
            return
        deadline = monotonic() + REFINE_SLICE
        near = self._rows.locate(self.scroll_offset.y)[0]
        while self._rows.wrap_one(near):
            if monotonic() > deadline:
                break
        else:
            if self._refiner is not None:
                self._refiner.pause()
        before = self.scroll_offset.y
        self._place(self._wanted_row())
        self._origin += self.scroll_offset.y - before
        self._rows.trim(self.scroll_offset.y, self.scroll_offset.y + self.size.height)

    # What Textual tells

    def on_mount(self) -> None:
        super().on_mount()
        self._refiner = self.set_interval(REFINE_SECONDS, self._refine, pause=True)

    def on_resize(self, event: events.Resize) -> None:
        width = max(1, min(self.size.width - GUTTER - 1, MAX_WIDTH))
        self._strips.clear()
        if width != self._rows.width:
            self._rows.set_width(width, self._anchor)
        self._settle()
        self.refresh()

    def notify_style_update(self) -> None:
        super().notify_style_update()
        self._painter.forget()
        self._strips.clear()

    def selection_updated(self, selection: Selection | None) -> None:
        self.refresh()

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        if round(old_value) == round(new_value):
            return
        self.refresh(self.size.region)
        if self._placing:
            return
        self._move_thumb()
        self.following = round(new_value) >= self.max_scroll_y
        self._anchor = self._rows.anchor(round(new_value))
        self._settle()

    def watch_following(self, following: bool) -> None:
        if following:
            self.unread = False
        else:
            self._anchor = self._rows.anchor(self.scroll_offset.y)
        self.post_message(self.FollowingChanged(self, following))

    def watch_unread(self) -> None:
        self._refresh_rows(*[self.scroll_offset.y + self.size.height - i for i in (1, 0)])

    def watch_placeholder(self) -> None:
        self.refresh()

    # Painting

    def render_lines(self, crop: Region) -> list[Strip]:
        edge = Segment(EDGE if self.has_focus else " ", self._painter.component("edge"))
        background = self.background_colors[1]
        lines = self._lines(crop.y, crop.bottom)
        strips = self._frame.paint(lines, edge, self.get_line_filters(), background)
        if crop.column_span != (0, self.size.width + 1):
            strips = [strip.crop(*crop.column_span) for strip in strips]
        return strips

    def render_line(self, y: int) -> Strip:
        return self._lines(y, y + 1)[0]

    def _lines(self, first: int, last: int) -> list[Strip]:
        """The lines first <= y < last of the view."""
        if not self._rows.entries:
            return [self._placeholder_line(y) for y in range(first, last)]
        top = self.scroll_offset.y
        lines = self._content_lines(top + first, top + last)
        width, bottom = self.size.width, self.size.height - 1
        if self.unread and first <= bottom < last and width > len(HINT):
            hint = Segment(HINT, self._painter.component("hint"))
            lines[bottom - first] = Strip(
                [*lines[bottom - first].crop(0, width - len(HINT)), hint], width
            )
        return lines

    def _content_lines(self, first: int, last: int) -> list[Strip]:
        """The content's rows first <= row < last."""
        width, origin, selection = self.size.width, self._origin, self.text_selection
        end = min(last, self._rows.height)
        lines = []
        for row, (entry, inner) in enumerate(self._rows.rows(first, end), first):
            strip = self._strips.strip(entry, inner, width)
            if selection is not None:
                strip = self._selected(strip, selection, row - origin)
            lines.append(strip.apply_offsets(0, row - origin))
        lines += [self._painter.blank(width)] * (last - max(first, end))
        return lines

    def _selected(self, strip: Strip, selection: Selection, line: int) -> Strip:
        span = selection.get_span(line)
        if span is None:
            return strip
        style = self.screen.get_component_rich_style("screen--selection")
        return selecting.highlight(strip, *span, style)

    def get_selection(self, selection: Selection) -> tuple[str, str] | None:
        if not self._rows.entries:
            return None
        origin = Offset(0, self._origin)
        start, end = (None if at is None else at + origin for at in selection)
        text = selecting.plain_text(Selection(start, end), self._rows.height, self._row)
        return text, "\n"

    def _row(self, row: int) -> Row:
        index, inner = self._rows.locate(row)
        self._rows.wrap_rows(row, row + 1)
        entry = self._rows.entries[index]
        return entry.row(min(inner, entry.height - 1))

    def _placeholder_line(self, y: int) -> Strip:
        width, style = self.size.width, self._painter.component("placeholder")
        lines = render_plain(self.placeholder, max(1, width - 2)) if self.placeholder else []
        index = y - max(0, self.size.height - len(lines)) // 2
        if not 0 <= index < len(lines):
            return Strip.blank(width, self._painter.style(""))
        left = max(0, width - lines[index].width) // 2
        strip = Strip([Segment(" " * left, style), Segment(lines[index].text, style)])
        return strip.adjust_cell_length(width, style)

    def _refresh_rows(self, first: int, last: int) -> None:
        top = self.scroll_offset.y
        first, last = max(first, top), min(last, top + self.size.height)
        if first < last:
            self.refresh_lines(first, last - first)


def thumb_eighths(rows: int, window: int, position: float) -> tuple[int, int] | None:
    """Where a scrollbar of `window` cells draws its thumb, in eighths of a cell: start and length.

    None where all rows are in sight.
    """
    if rows <= window or not window:
        return None
    length = max(1.0, window * window / rows)
    return int((window - length) * position / (rows - window) * 8), ceil(length * 8)
