"""The commands that what is typed could become."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from rich.cells import set_cell_size
from rich.segment import Segment
from textual import events
from textual.geometry import Size
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

Completion = tuple[str, str]
"""What to type, and what it does."""


MAX_LINES = 8


class CompletionList(Widget):
    """Completions, one to a line; it takes no focus and shows itself while it has some."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "completion--name",
        "completion--help",
        "completion--current",
    }
    DEFAULT_CSS = """
    CompletionList {
        display: none;
        height: auto;
        padding: 0 1;
        background: $panel;

        & > .completion--name { color: $user-mark; text-style: bold; }
        & > .completion--help { color: $text-muted; }
        & > .completion--current { background: $block-cursor-background; color: $foreground; }
    }
    """

    @dataclass
    class Picked(Message):
        """A completion was clicked; it is the current one now."""

    def __init__(self) -> None:
        super().__init__()
        self._offers: Sequence[Completion] = ()
        self._index = 0
        self._moved = False

    @property
    def is_open(self) -> bool:
        """Whether there is anything to complete."""
        return bool(self._offers)

    @property
    def current(self) -> Completion | None:
        """The completion that Tab takes."""
        return self._offers[self._index] if self._offers else None

    @property
    def chosen(self) -> Completion | None:
        """The current completion where the person went to it, so that Enter means it."""
        return self.current if self._moved else None

    def show(self, offers: Sequence[Completion]) -> None:
        """Show these completions, the first one current; none closes the list."""
        self._offers, self._index, self._moved = offers, 0, False
        self.display = bool(offers)
        self.refresh(layout=True)

    def move(self, steps: int) -> None:
        """Go to another completion, round the ends."""
        self._index = (self._index + steps) % len(self._offers)
        self._moved = True
        self.refresh()

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """A line for each completion, within MAX_LINES and a third of the screen."""
        return max(1, min(len(self._offers), MAX_LINES, viewport.height // 3))

    def render_line(self, y: int) -> Strip:
        index = self._first + y
        if index >= len(self._offers):
            return Strip.blank(self.size.width, self.rich_style)
        name, help_text = self._offers[index]
        current = ("completion--current",) if index == self._index else ()
        styles = [
            self.get_visual_style(kind, *current).rich_style
            for kind in ("completion--name", "completion--help")
        ]
        width = self.size.width
        segments = [
            Segment("› " if current else "  ", styles[0]),
            Segment(set_cell_size(name, min(self._name_width, max(1, width - 2))), styles[0]),
            Segment(help_text.replace("\n", " "), styles[1]),
        ]
        return Strip(segments).adjust_cell_length(width, styles[1])

    @property
    def _name_width(self) -> int:
        shown = self._offers[self._first : self._first + self.size.height]
        return 2 + max(len(name) for name, _ in shown)

    def on_click(self, event: events.Click) -> None:
        at = event.get_content_offset(self)
        index = len(self._offers) if at is None else self._first + at.y
        if index < len(self._offers):
            self._index = index
            self.post_message(self.Picked())

    @property
    def _first(self) -> int:
        height = self.size.height
        return max(0, min(self._index - height // 2, len(self._offers) - height))
