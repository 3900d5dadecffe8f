"""The choice of a lane to open beside the conversation, or to close."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widgets import OptionList

from mlxchat.commands.lane_offers import LaneChoice
from mlxchat.render.safe import visible
from mlxchat.tui.screens.picker import Choices, Picker

ALL = "off"
"""What /compare takes to close all lanes."""


class ComparePicker(Picker):
    """Dismissed with what /compare takes, or with None. A run of several checkpoints is one line,
    in which Left and Right step through them, and plus and minus through strengths."""

    PLACEHOLDERS: ClassVar[tuple[str, ...]] = (
        "or type an adapter's folder, a model's folder or repository",
        "or type a folder or repository",
        "or type one",
    )
    LEGEND: ClassVar[tuple[str, ...]] = ("← → checkpoint", "- + strength", "Enter takes it")
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left", "checkpoint(-1)", "checkpoint before", show=False),
        Binding("right", "checkpoint(1)", "next checkpoint", show=False),
        Binding("minus", "strength(-1)", "weaker", show=False),
        Binding("plus,equals_sign", "strength(1)", "stronger", show=False),
        Binding("ctrl+b", "close_all", "close all", show=False, priority=True),
    ]

    def __init__(self, choices: Sequence[LaneChoice], *, comparing: bool) -> None:
        """`choices` are the lanes to open, and those to close; all can be closed where models are
        compared."""
        super().__init__()
        self._choices = list(choices)
        self._comparing = comparing
        if comparing:
            about = "the chat goes on with its own model; all that was written stays"
            self._choices.append(LaneChoice(ALL, "close all  (^B)", about))

    def compose(self) -> ComposeResult:
        """The choices, and a line to type another model or adapter."""
        choices = Choices(map(_line, self._choices), own_characters="-+=")
        yield self.box("Lanes" if self._comparing else "Compare with", choices)

    def action_checkpoint(self, step: int) -> None:
        """Go to another checkpoint of the run under the cursor."""
        if choice := self._under_cursor:
            choice.step(step)
            self._redraw()

    def action_strength(self, step: int) -> None:
        """Give the adapter under the cursor another strength."""
        if choice := self._under_cursor:
            choice.strengthen(step)
            self._redraw()

    def action_close_all(self) -> None:
        """End the comparison; without one, only the list is closed."""
        self.dismiss(ALL if self._comparing else None)

    @property
    def _under_cursor(self) -> LaneChoice | None:
        place = self.query_one(Choices).highlighted
        return None if place is None else self._choices[place]

    def _redraw(self) -> None:
        choices = self.query_one(Choices)
        if choices.highlighted is not None:
            line = _line(self._choices[choices.highlighted])
            choices.replace_option_prompt_at_index(choices.highlighted, line)

    @on(OptionList.OptionSelected)
    def _chosen(self, event: OptionList.OptionSelected) -> None:
        self.dismiss(self._choices[event.option_index].wanted)


def _line(choice: LaneChoice) -> Content:
    return Content.assemble(
        visible(choice.name),
        (choice.variant, "$accent"),
        (f"\n  {visible(choice.about)}", "$text-muted"),
    )
