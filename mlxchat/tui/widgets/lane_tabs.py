"""The lanes in a line, where there is room for one of them at a time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from rich.cells import cell_len
from textual import events
from textual.content import Content
from textual.message import Message
from textual.reactive import reactive
from textual.widget import Widget

from mlxchat.render.safe import visible
from mlxchat.render.wrap import cut

SHORTEST = 4
"""Cells of a name that are shown at least."""


class LaneTabs(Widget):
    """`[base] pirate ×0.80`: the lane in brackets is the one that is shown."""

    ALLOW_SELECT = False
    DEFAULT_CSS = """
    LaneTabs {
        height: 1;
        background: $panel;
        color: $text-muted;
        pointer: pointer;
        display: none;
        & > .lane-tabs--shown { color: $accent; text-style: bold; }
    }
    """
    COMPONENT_CLASSES: ClassVar[set[str]] = {"lane-tabs--shown"}

    names: reactive[tuple[str, ...]] = reactive(())
    """The lanes' names, in the order of their columns."""
    shown: reactive[int] = reactive(0)
    """The column that is shown."""

    @dataclass
    class Chosen(Message):
        """The person wants another column."""

        column: int

    def render(self) -> Content:
        """The tabs, each cut to its share of the line where they do not fit."""
        style = self.get_visual_style("lane-tabs--shown", partial=True)
        tabs = [
            Content.styled(tab, style) if column == self.shown else Content(tab)
            for column, tab in enumerate(self._tabs)
        ]
        return Content.assemble(*tabs)

    @property
    def _tabs(self) -> list[str]:
        names = [visible(name) for name in self.names]
        room = self.content_size.width - 2 * len(names)
        if sum(map(cell_len, names)) > room:
            names = _fitted(names, room)
        return [
            f"[{name}]" if column == self.shown else f" {name} "
            for column, name in enumerate(names)
        ]

    def on_click(self, event: events.Click) -> None:
        """Show the lane that was clicked."""
        event.stop()
        end = 0
        for column, tab in enumerate(self._tabs):
            end += cell_len(tab)
            if event.x < end:
                self.post_message(self.Chosen(column))
                return


def _fitted(names: Sequence[str], room: int) -> list[str]:
    """Names cut to the same share of a width."""
    share = max(SHORTEST, room // max(1, len(names)))
    return [name if cell_len(name) <= share else _cut(name, share - 1) + "…" for name in names]


def _cut(name: str, width: int) -> str:
    start, end = next(iter(cut(name, width)), (0, 0))
    return name[start:end]
