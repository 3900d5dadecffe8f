"""The sampler panel's title: which preset the settings come from, and whether they still do."""

from __future__ import annotations

from typing import ClassVar

from rich.cells import cell_len
from textual import events
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.message import Message
from textual.reactive import reactive
from textual.widget import Widget

from mlxchat.render.safe import visible

SHORTEST_NAME = 6
"""Cells of a name that are worth showing."""

LONGEST_OWNER = 14
"""Cells of the name of the lane whose settings they are."""


class SamplerTitle(Widget, can_focus=True):
    """`SAMPLER   preset: creative ▾  modified`, in the room there is."""

    ALLOW_SELECT = False

    HELP = "Enter chooses a preset; Backspace goes back to the model's own values; Ctrl+Z undoes."

    COMPONENT_CLASSES: ClassVar[set[str]] = {"sampler--preset", "sampler--modified"}

    DEFAULT_CSS = """
    SamplerTitle {
        height: 1;
        color: $heading;
        text-style: bold;
        pointer: pointer;
        & > .sampler--preset { color: $text-muted; text-style: not bold; }
        & > .sampler--modified { color: $accent; text-style: not bold; }
        &:hover > .sampler--preset { color: $foreground; }
        &:focus { color: $accent; }
        &:focus > .sampler--preset { color: $accent; }
    }
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter,space", "choose_preset", "Choose a preset", show=False),
        Binding("backspace,delete", "reset_all", "Reset all"),
    ]

    preset: reactive[str] = reactive("")
    """The preset's name."""
    whose: reactive[str] = reactive("")
    """The lane whose settings these are; empty where all have them."""
    modified: reactive[bool] = reactive(False)
    """Whether anything differs from it."""

    class ResetAsked(Message):
        """The person wants every default back."""

    class RevertAsked(Message):
        """The person wants the preset's values back."""

    class PresetWanted(Message):
        """The person wants to choose a preset."""

    def on_mount(self) -> None:
        """Say what it does where a mouse can ask."""
        self.tooltip = f"{self.HELP} A click on “modified” goes back to the preset."

    def render(self) -> Content:
        """SAMPLER at the left, preset and mark of change at the right."""
        name, mark = self._parts
        room = self.content_size.width - cell_len(self._heading) - cell_len(mark)
        return Content.assemble(
            self._heading,
            (
                " " * max(0, room - cell_len(name)) + name,
                self.get_visual_style("sampler--preset", partial=True),
            ),
            (mark, self.get_visual_style("sampler--modified", partial=True)),
        )

    @property
    def _heading(self) -> str:
        owner = visible(self.whose)
        owner = owner if cell_len(owner) <= LONGEST_OWNER else _cut(owner, LONGEST_OWNER)
        whose = f" of {owner}" if owner else ""
        return f"{'› ' if self.has_focus else ''}SAMPLER{whose}"

    @property
    def _parts(self) -> tuple[str, str]:
        """The preset and the mark of change, as long as they fit."""
        room = self.content_size.width - cell_len(self._heading) - 1
        name = visible(self.preset)
        word, star = ("  modified", " *") if self.modified else ("", "")
        for shown, mark in (
            (f"preset: {name} ▾", word),
            (f"{name} ▾", word),
            (f"{name} ▾", star),
            (f"{_cut(name, room - 2 - len(star))} ▾", star),
            ("▾", star),
            ("", star),
        ):
            if cell_len(shown) + len(mark) <= room and shown != " ▾":
                return shown, mark
        return "", ""

    def action_reset_all(self) -> None:
        """Ask for every default."""
        self.post_message(self.ResetAsked())

    def action_choose_preset(self) -> None:
        """Ask for the choice of a preset."""
        self.post_message(self.PresetWanted())

    def on_click(self, event: events.Click) -> None:
        event.stop()
        mark = self._parts[1]
        if mark and event.x >= self.content_size.width - len(mark.strip()):
            self.post_message(self.RevertAsked())
        else:
            self.action_choose_preset()


def _cut(name: str, width: int) -> str:
    """The beginning of a name; nothing where it would say too little."""
    if width < SHORTEST_NAME:
        return ""
    cut = name
    while cut and cell_len(cut) + 1 > width:
        cut = cut[:-1]
    return cut.rstrip() + "…"
