"""What could come next, and what the sliders make of it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

from rich.cells import cell_len, set_cell_size
from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.reactive import reactive
from textual.strip import Strip
from textual.widget import Widget

from mlxchat.conversation.token_words import percent
from mlxchat.engine.distribution import Distribution
from mlxchat.tui.widgets.next_token_rows import ALL_ROWS, ROWS, Row, bar_of, rows_of

BAR_WIDTH = 16


class NextToken(Widget, can_focus=True):
    """The distribution of a token under the sliders, of which another one can be chosen; hidden
    while there is none."""

    DEFAULT_CSS = """
    NextToken {
        height: auto;
        padding: 1 1 0 1;
        color: $foreground;
        display: none;
        &.-known { display: block; }
        & > .next-token--title { color: $primary; text-style: bold; }
        & > .next-token--quiet { color: $text-muted; }
        & > .next-token--kept { color: $success; }
        & > .next-token--cut { color: $text-muted; }
        & > .next-token--cursor { background: $accent; color: $background; text-style: bold; }
        &.-stale > .next-token--kept { color: $text-muted; }
    }
    """
    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "next-token--title",
        "next-token--quiet",
        "next-token--kept",
        "next-token--cut",
        "next-token--cursor",
    }
    HELP = """\
## Tokens that could come

The bars show what the sampler draws from under the sliders as they stand; hatched is what a filter
cut. `Up` and `Down` choose, `Enter` writes another version of the reply with that token.
"""
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "move(-1)", "Token above", show=False),
        Binding("down", "move(1)", "Token below", show=False),
        Binding("home", "move(-1000)", "First token", show=False),
        Binding("end", "move(1000)", "Last token", show=False),
        Binding("enter", "choose", "take this road"),
        Binding("enter", "refuse_choice", show=False),
        Binding("escape", "leave", "back"),
    ]

    distribution: reactive[Distribution | None] = reactive[Distribution | None](None)
    stale: reactive[bool] = reactive(False, toggle_class="-stale")
    """Whether a reply has begun since."""
    heading: reactive[str] = reactive("NEXT TOKEN")
    current: reactive[int | None] = reactive[int | None](None)
    """The token that stands in the reply; None for the next one."""

    refusal: reactive[str] = reactive("", bindings=True)
    """Why none can be chosen, in a sentence; empty where one can."""

    @dataclass
    class Chosen(Message):
        """The person wants to go on with this token."""

        distribution: Distribution
        token_id: int

    class Moved(Message):
        """The cursor is at another token."""

    class Left(Message):
        """The person goes back without a choice."""

    def __init__(self) -> None:
        super().__init__()
        self._rows: list[Row] = []
        self._cursor = 0
        self._top = 0

    def watch_distribution(self) -> None:
        """Make the rows, and take the place that they need; the cursor stays at its token."""
        before = self._rows[self._cursor].token_id if self._cursor < len(self._rows) else None
        self._make_rows()
        if self.has_focus and before is not None:
            rows = enumerate(self._rows)
            self._put_cursor(next((n for n, row in rows if row.token_id == before), 0))
        self.set_class(bool(self._rows), "-known")

    def watch_has_focus(self, has_focus: bool) -> None:
        """Show all there is to choose from, beginning at the token that stands there; without the
        focus the first rows again."""
        super().watch_has_focus(has_focus)
        self._top = 0
        self._make_rows()
        if has_focus:
            self._put_cursor(next((n for n in self._choices if self._is_current(n)), 0))

    def action_move(self, step: int) -> None:
        """Go to another token."""
        choices = self._choices
        here = sum(n < self._cursor for n in choices)
        if choices:
            self._put_cursor(choices[min(max(0, here + step), len(choices) - 1)])

    def action_choose(self) -> None:
        """Take the token under the cursor."""
        if self.distribution and self._cursor < len(self._rows):
            token_id = self._rows[self._cursor].token_id
            if token_id is not None:
                self.post_message(self.Chosen(self.distribution, token_id))

    def action_refuse_choice(self) -> None:
        """Say why the token under the cursor cannot be taken."""
        self.notify(self.refusal, severity="warning", markup=False)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Whether a token can be chosen."""
        if action == "refuse_choice":
            return bool(self.refusal)
        return None if action == "choose" and self.refusal else True

    def action_leave(self) -> None:
        """Go back."""
        self.post_message(self.Left())

    def on_click(self, event: events.Click) -> None:
        """Go to a token; take it with a second click."""
        event.stop()
        at = event.get_content_offset(self)
        row = self._top + at.y - 1 if at and at.y else -1
        if row in self._choices:
            self._put_cursor(row)
            if event.chain > 1:
                self.action_refuse_choice() if self.refusal else self.action_choose()

    def get_content_height(self, *_: object) -> int:
        """The title and room for all rows."""
        return 1 + ROWS

    def render_line(self, y: int) -> Strip:
        """The title, or one row."""
        width = self.size.width
        if y == 0:
            heading = ("› " if self.has_focus else "") + self.heading
            return self._line([(heading, "title")], self._counts(), width)
        place = self._top + y - 1
        if place >= len(self._rows) or y > ROWS:
            return Strip.blank(width, self.rich_style)
        row = self._rows[place]
        if row.role == "rule":
            dots = "┄" * max(0, width - cell_len(row.text) - 4)
            return self._line([(f"┄┄ {row.text} {dots}", "quiet")], "", width)
        return self._bar(row, width, self.has_focus and place == self._cursor)

    @property
    def _choices(self) -> list[int]:
        """The rows with a token."""
        return [n for n, row in enumerate(self._rows) if row.token_id is not None]

    def _is_current(self, place: int) -> bool:
        return self._rows[place].token_id == self.current is not None

    def _make_rows(self) -> None:
        """The rows in sight, or with the focus all that there are."""
        if self.distribution is None:
            self._rows = []
        elif self.has_focus:
            self._rows = rows_of(self.distribution, ALL_ROWS, room=2 * ALL_ROWS)
        else:
            self._rows = rows_of(self.distribution)
        self.refresh()

    @property
    def chosen_line(self) -> int:
        """The line of the token under the cursor, counted from the widget's first one."""
        return self.gutter.top + 1 + self._cursor - self._top

    def _put_cursor(self, place: int) -> None:
        self._cursor = place
        self._top = min(max(self._top, place - ROWS + 2), max(0, place - 1))
        self.post_message(self.Moved())
        self.refresh()

    def _counts(self) -> str:
        if self.distribution is None or math.isnan(self.distribution.entropy_after):
            return ""
        return f"{self.distribution.entropy_after:.1f} bits"

    def _bar(self, row: Row, width: int, chosen: bool) -> Strip:
        bar = bar_of(row, min(BAR_WIDTH, width // 3))
        share = percent(row.share)
        quiet = "cursor" if chosen else "quiet" if row.role != "kept" else ""
        here = row.token_id is not None and row.token_id == self.current
        mark = "›" if chosen else "•" if here else " "
        return self._line([(bar, row.role), (mark + row.text, quiet)], share, width, quiet)

    def _line(
        self, parts: list[tuple[str, str]], right: str, width: int, right_role: str = "quiet"
    ) -> Strip:
        segments, room = [], max(0, width - cell_len(right) - bool(right))
        for text, role in parts:
            if cell_len(text) > room:
                text = set_cell_size(text, max(0, room - 1)) + ("…" if room else "")
            segments.append(Segment(text, self._style(role)))
            room -= cell_len(text)
        gap = " " * (width - sum(cell_len(s.text) for s in segments) - cell_len(right))
        segments += [Segment(gap, self.rich_style), Segment(right, self._style(right_role))]
        return Strip(segments).adjust_cell_length(width, self.rich_style)

    def _style(self, role: str) -> Style:
        if f"next-token--{role}" not in self.COMPONENT_CLASSES:
            return self.rich_style
        return self.rich_style + self.get_component_rich_style(f"next-token--{role}", partial=True)
