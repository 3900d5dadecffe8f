"""The choice of a lane to open beside the conversation, or to close."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Input, OptionList
from textual.widgets.option_list import Option

from mlxchat.commands.lane_offers import LaneChoice
from mlxchat.render.safe import visible
from mlxchat.tui.screens.dialog import Dialog

ALL = "off"
"""What /compare takes to close all lanes."""


class ComparePicker(Dialog[str]):
    """Dismissed with what /compare takes, or with None. A run of several checkpoints is one line,
    in which Left and Right step through them, and plus and minus through strengths."""

    DEFAULT_CSS = """
    ComparePicker {
        Input { border: none; height: 1; padding: 0; margin: 1 0; background: $surface; }
        &.-low Input { margin: 0; }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left", "checkpoint(-1)", "checkpoint before", show=False),
        Binding("right", "checkpoint(1)", "next checkpoint", show=False),
        Binding("minus", "strength(-1)", "weaker", show=False),
        Binding("plus,equals_sign", "strength(1)", "stronger", show=False),
        Binding("b", "close_all", "close all", show=False),
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
            self._choices.append(LaneChoice(ALL, "close all  (b)", about))

    def compose(self) -> ComposeResult:
        """The choices, and a line to type another model or adapter."""
        box = Vertical(
            Input(placeholder="or type an adapter's folder, a model's folder or repository"),
            OptionList(*[Option(_line(choice)) for choice in self._choices]),
            id="box",
        )
        box.border_title = "Lanes" if self._comparing else "Compare with"
        box.border_subtitle = "← → checkpoint   - + strength   Enter takes it   Esc closes"
        yield box

    def on_mount(self) -> None:
        """The list has the focus."""
        choices = self.query_one(OptionList)
        choices.highlighted = 0
        choices.focus()

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
        place = self.query_one(OptionList).highlighted
        return None if place is None else self._choices[place]

    def _redraw(self) -> None:
        choices = self.query_one(OptionList)
        if choices.highlighted is not None:
            line = _line(self._choices[choices.highlighted])
            choices.replace_option_prompt_at_index(choices.highlighted, line)

    @on(OptionList.OptionSelected)
    def _chosen(self, event: OptionList.OptionSelected) -> None:
        self.dismiss(self._choices[event.option_index].wanted)

    @on(Input.Submitted)
    def _typed(self, event: Input.Submitted) -> None:
        if event.value.strip():
            self.dismiss(event.value.strip())


def _line(choice: LaneChoice) -> Content:
    return Content.assemble(
        visible(choice.name),
        (choice.variant, "$accent"),
        (f"\n  {visible(choice.about)}", "$text-muted"),
    )
