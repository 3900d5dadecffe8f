"""The line over a lane: which model it is, what it does, how fast."""

from __future__ import annotations

from itertools import accumulate
from typing import ClassVar

from rich.cells import cell_len
from textual import events
from textual.content import Content
from textual.message import Message
from textual.reactive import reactive
from textual.widget import Widget

from mlxchat.render.safe import visible

ACTIVE = "▸ "
"""Before the lane that gestures are meant for, on screens without colours too."""


class LaneTitle(Widget):
    """`▸ pirate ×0.80 · own settings      writing · 41.2 tok/s`, in the room there is."""

    ALLOW_SELECT = False
    DEFAULT_CSS = """
    LaneTitle {
        height: 1;
        padding: 0 1;
        background: $panel;
        color: $foreground;
        pointer: pointer;
        & > .lane-title--quiet { color: $text-muted; }
        & > .lane-title--active { color: $accent; text-style: bold; }
    }
    """
    COMPONENT_CLASSES: ClassVar[set[str]] = {"lane-title--quiet", "lane-title--active"}

    model: reactive[str] = reactive("")
    """What the lane is called."""
    notes: reactive[tuple[str, ...]] = reactive[tuple[str, ...]](())
    """What else there is to know of it, such as that it has settings of its own."""
    state: reactive[str] = reactive("")
    """What goes on; nothing while it waits for a message."""
    active: reactive[bool] = reactive(False)
    """Whether gestures are meant for this lane."""
    speed: reactive[float] = reactive(0.0)
    """Tokens a second."""
    hidden: reactive[bool] = reactive(False)
    """Whether nothing is to tell which lane it is: its speed would."""
    context: int = 0
    """Tokens of its conversation."""

    class Wanted(Message):
        """The person wants this lane."""

    def render(self) -> Content:
        """Name and notes at the left, state and speed at the right; the last note goes first."""
        width, right = self.content_size.width, self._right
        name = f"{ACTIVE if self.active else '  '}{visible(self.model)}"
        room = width - cell_len(right) - 1
        if cell_len(name) > room:
            right = ""
        left = Content.assemble(
            Content.styled(name, self._style("active")) if self.active else name,
            (self._notes_within(room - cell_len(name)), self._style("quiet")),
        ).truncate(width, ellipsis=True)
        gap = max(0, width - left.cell_length - cell_len(right))
        return Content.assemble(left, " " * gap, (right, self._style("quiet")))

    def _notes_within(self, room: int) -> str:
        """As many of the notes as there is room for."""
        some = accumulate(f" · {note}" for note in self.notes)
        return max((text for text in some if cell_len(text) <= room), key=len, default="")

    @property
    def _right(self) -> str:
        speed = f"{self.speed:.1f} tok/s" if self.speed and not self.hidden else ""
        return " · ".join(filter(None, [self.state, speed]))

    def _style(self, name: str):  # type: ignore[no-untyped-def]
        return self.get_visual_style(f"lane-title--{name}", partial=True)

    def on_click(self, event: events.Click) -> None:
        """Go to this lane."""
        event.stop()
        self.post_message(self.Wanted())
