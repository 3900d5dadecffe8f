"""A list of which only the lines in sight are made, so that it may be as long as one likes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

from textual import events
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.geometry import Region, Size
from textual.message import Message
from textual.reactive import reactive
from textual.scroll_view import ScrollView
from textual.strip import Strip
from textual.visual import Visual

Draw = Callable[[int, int], list[Content]]
"""An item's lines, by its index and the cells of a line. They are safe to print."""

BAR = "▌"
"""Before the item under the cursor, for screens without colours too."""


class LineList(ScrollView, can_focus=True):
    """Items of one height, one of them under the cursor."""

    ALLOW_SELECT = False
    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "line-list--bar", "line-list--cursor", "line-list--placeholder",
    }  # fmt: skip
    DEFAULT_CSS = """
    LineList {
        background: $panel;
        color: $foreground;
        overflow-x: hidden;
        scrollbar-size-vertical: 1;
        scrollbar-background: $panel;
        scrollbar-background-hover: $panel;
        scrollbar-background-active: $panel;

        & > .line-list--bar { color: $accent; }
        & > .line-list--cursor { background: $block-cursor-blurred-background; }
        & > .line-list--placeholder { color: $text-muted; }
        &:focus > .line-list--cursor { background: $block-cursor-background; }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "move(-1)", "up", show=False),
        Binding("down,j", "move(1)", "down", show=False),
        Binding("pageup", "page(-1)", "page up", show=False),
        Binding("pagedown", "page(1)", "page down", show=False),
        Binding("home,g", "first", "first", show=False),
        Binding("end,G", "last", "last", show=False),
        Binding("enter", "choose", "choose", show=False),
    ]

    cursor: reactive[int] = reactive(0)
    """The index of the item under the cursor."""
    item_height: reactive[int] = reactive(1)
    """Lines of an item."""

    @dataclass
    class Moved(Message):
        """Another item is under the cursor."""

        index: int

    @dataclass
    class Chosen(Message):
        """Enter was pressed on an item, or it was clicked while it was under the cursor."""

        index: int

    @dataclass
    class EndInSight(Message):
        """The end of the list is at most a page away: more may be wanted."""

    def __init__(self, draw: Draw, *, placeholder: str = "", id: str | None = None) -> None:
        """`placeholder` stands where the list is empty."""
        super().__init__(id=id)
        self._draw = draw
        self._placeholder = placeholder
        self._count = 0
        self.choose_at_once = False
        """Whether a click chooses an item that was not under the cursor."""
        self.keeps_end = False
        """Whether the person went to the end, and nowhere else since."""

    @property
    def count(self) -> int:
        """How many items there are."""
        return self._count

    def show(self, count: int, cursor: int | None = None, placeholder: str | None = None) -> None:
        """Show so many items, drawn anew, with the cursor on one of them, or where it was."""
        self._count = count
        if placeholder is not None:
            self._placeholder = placeholder
        wanted = self.cursor if cursor is None else cursor
        self._set_height()
        self.cursor = max(0, min(wanted, count - 1))
        self._show_cursor(center=not self._cursor_in_sight)
        self.refresh()
        self._look_for_end()

    # Moving

    def action_move(self, steps: int) -> None:
        """Go up or down."""
        self.go_to(self.cursor + steps)

    def action_page(self, pages: int) -> None:
        """Go up or down by what is in sight."""
        self.go_to(self.cursor + pages * max(1, self.size.height // self.item_height - 1))

    def action_first(self) -> None:
        """Go to the first item."""
        self.go_to(0)

    def action_last(self) -> None:
        """Go to the last item."""
        self.go_to(self._count - 1)
        self.keeps_end = True
        self.post_message(self.EndInSight())

    def action_choose(self) -> None:
        """Choose the item under the cursor."""
        if self._count:
            self.post_message(self.Chosen(self.cursor))

    def go_to(self, index: int) -> None:
        """Put the cursor on an item, and the item in sight."""
        self.keeps_end = False
        self.cursor = max(0, min(index, self._count - 1))
        self._show_cursor()

    @property
    def _cursor_in_sight(self) -> bool:
        top = self.cursor * self.item_height - self.scroll_offset.y
        return 0 <= top <= self.size.height - self.item_height

    def _show_cursor(self, *, center: bool = False) -> None:
        region = Region(0, self.cursor * self.item_height, 1, self.item_height)
        self.scroll_to_region(region, animate=False, force=True, center=center)

    def on_click(self, event: events.Click) -> None:
        """Go to what was clicked; choose it where it was under the cursor already."""
        at = event.get_content_offset(self)
        index = self._count if at is None else (self.scroll_offset.y + at.y) // self.item_height
        if index < self._count:
            chosen = index == self.cursor or self.choose_at_once
            self.keeps_end = False
            self.cursor = index
            if chosen:
                self.action_choose()

    # What Textual tells

    def on_resize(self) -> None:
        """Lines have another width."""
        self._set_height()
        self._show_cursor()
        self._look_for_end()

    def watch_cursor(self, before: int, now: int) -> None:
        """The lines of both are drawn anew."""
        for index in (before, now):
            top = index * self.item_height - self.scroll_offset.y
            self.refresh(Region(0, top, self.size.width, self.item_height))
        self.post_message(self.Moved(now))

    def watch_item_height(self) -> None:
        """Everything stands elsewhere."""
        self._set_height()
        self._show_cursor()
        self.refresh()

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """Other lines are in sight."""
        super().watch_scroll_y(old_value, new_value)
        self._look_for_end()

    def _look_for_end(self) -> None:
        bottom = self.scroll_offset.y + 2 * self.size.height
        if self.size.height and bottom >= self._count * self.item_height:
            self.post_message(self.EndInSight())

    def _set_height(self) -> None:
        self.virtual_size = Size(self.size.width, self._count * self.item_height)

    # Painting

    def render_line(self, y: int) -> Strip:
        """A line of the item that stands there."""
        width = self.scrollable_content_region.width
        index, inner = divmod(self.scroll_offset.y + y, self.item_height)
        if index >= self._count or width < 1:
            empty = self._placeholder if not self._count and y == 0 else ""
            return self._strip(Content(empty), width, "line-list--placeholder")
        lines = self._draw(index, width - 1)
        line = lines[inner] if inner < len(lines) else Content()
        if index != self.cursor:
            return self._strip(Content.assemble(" ", line), width)
        bar = (BAR, self.get_visual_style("line-list--bar", partial=True))
        return self._strip(Content.assemble(bar, line), width, "line-list--cursor")

    def _strip(self, line: Content, width: int, *component: str) -> Strip:
        style = self.get_visual_style(*component)
        strips = Visual.to_strips(self, line.truncate(width, ellipsis=True), width, 1, style)
        strip = strips[0] if strips else Strip([])
        return strip.adjust_cell_length(width, style.rich_style)
