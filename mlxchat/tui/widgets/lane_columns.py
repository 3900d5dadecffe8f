"""The lanes side by side where there is room, one at a time where not."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.message import Message
from textual.reactive import var
from textual.widget import Widget

from mlxchat.tui.widgets.lane_pane import LanePane
from mlxchat.tui.widgets.lane_tabs import LaneTabs

LEAST_WIDTH = 36
"""Cells that a column takes at least; with less for each, one is shown at a time."""


class LaneColumns(Vertical, can_focus=False):
    """Holds the panes of all lanes. The first one is there always: the conversation itself."""

    DEFAULT_CSS = """
    LaneColumns {
        height: 1fr;
        & > Horizontal { height: 1fr; }
        &.-tabbed > LaneTabs { display: block; }
        &.-tabbed LaneTitle { background: $background; }
    }
    """

    active: var[int] = var(0)
    """The number of the lane that gestures are meant for."""

    class Moved(Message):
        """Gestures are meant for another lane."""

    def __init__(self, placeholder: str) -> None:
        super().__init__(id="lanes")
        self.main = LanePane(0, placeholder)
        self._panes = [self.main]

    def compose(self) -> ComposeResult:
        """The tabs over the columns."""
        yield LaneTabs()
        with Horizontal():
            yield self.main

    @property
    def panes(self) -> tuple[LanePane, ...]:
        """The panes, in the order of their columns."""
        return tuple(self._panes)

    @property
    def pane(self) -> LanePane:
        """The pane of the active lane."""
        return next((pane for pane in self._panes if pane.number == self.active), self.main)

    def line_up(self, order: Sequence[int], kept: Collection[int]) -> list[LanePane]:
        """Show these lanes in this order of columns, the `kept` ones where they were shown before.
        The panes of the others, which are new."""
        there = {pane.number: pane for pane in self._panes if pane.number in (0, *kept)}
        new = [LanePane(number) for number in order if number not in there]
        columns = self.query_one(Horizontal)
        columns.mount_all(new)
        for pane in self._panes:
            if there.get(pane.number) is not pane or pane.number not in order:
                pane.remove()
        there |= {pane.number: pane for pane in new}
        self._panes = [there[number] for number in order]
        if self.active not in order:
            self.active = 0
        columns.sort_children(key=self._place)
        self._lay_out()
        return new

    def _place(self, pane: Widget) -> int:
        return next((n for n, own in enumerate(self._panes) if own is pane), len(self._panes))

    def name_lanes(self, names: Sequence[str]) -> None:
        """What the lanes are called, in the order of their columns."""
        self.query_one(LaneTabs).names = tuple(names)
        for pane, name in zip(self._panes, names, strict=True):
            pane.title.model = name

    def step(self, step: int) -> None:
        """Go to the lane that many columns on, around the end."""
        place = self._panes.index(self.pane) + step
        self.active = self._panes[place % len(self._panes)].number

    def on_resize(self) -> None:
        """There may be room for more columns, or for fewer."""
        self._lay_out()

    def watch_active(self) -> None:
        """Show which lane it is, and that lane where one is shown at a time."""
        if self.is_mounted:
            self._lay_out()
            self.post_message(self.Moved())

    def _lay_out(self) -> None:
        compared, shown = len(self._panes) > 1, self.pane
        tabbed = compared and self.size.width < LEAST_WIDTH * len(self._panes)
        self.set_class(tabbed, "-tabbed")
        for column, pane in enumerate(self._panes):
            pane.set_class(compared, "-compared")
            pane.set_class(compared and not tabbed and column > 0, "-beside")
            pane.title.active = compared and pane is shown
            pane.set_class(tabbed and pane is not shown, "-away")
        self.query_one(LaneTabs).shown = self._panes.index(shown)

    @on(LanePane.Entered)
    def _entered(self, message: LanePane.Entered) -> None:
        self.active = message.pane.number

    @on(LaneTabs.Chosen)
    def _chosen(self, message: LaneTabs.Chosen) -> None:
        message.stop()
        self.active = self._panes[message.column].number
