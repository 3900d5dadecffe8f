"""A small field for a number that needs no slider, such as a seed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from textual import events
from textual.actions import SkipAction
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.reactive import reactive
from textual.widgets import Input

from mlxchat.errors import MlxchatError
from mlxchat.parameters import Number, Parameter


class NumberField(Input):
    """An entry for one declared parameter; empty stands for its default, such as "random"."""

    HELP = "Type a number; Enter accepts it, Escape leaves. Empty goes back to the default."

    DEFAULT_CSS = """
    NumberField {
        width: 1fr;
        background: $surface;
        &:focus { background: $surface; background-tint: $foreground 8%; }
        & > .input--placeholder, &.-idle { color: $text-muted; }
    }
    """

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "leave", "Leave", show=False)]

    number: reactive[Number | None] = reactive[Number | None](None)
    """The number, or None where the parameter allows that. Setting it posts no message."""
    default: reactive[Number | None] = reactive[Number | None](None)
    """What an empty field stands for."""
    idle_reason: reactive[str | None] = reactive[str | None](None)
    """Why the parameter has no effect just now."""
    problem: reactive[str | None] = reactive[str | None](None)
    """The sentence that says what is wrong with what was typed."""

    @dataclass
    class Entered(Message):
        """The person changed the number."""

        field: NumberField
        number: Number | None

        @property
        def control(self) -> NumberField:
            """The field, for `@on` selectors."""
            return self.field

    def __init__(self, parameter: Parameter, number: Number | None, default: Number | None) -> None:
        super().__init__(compact=True, select_on_focus=False)
        self.parameter = parameter
        self.set_reactive(NumberField.number, number)
        self.set_reactive(NumberField.default, default)

    def on_mount(self) -> None:
        """Spell the number; an Input takes a value only inside an app."""
        self._show()

    def _show(self) -> None:
        self.placeholder = self.parameter.format(self.default)
        with self.prevent(Input.Changed):
            self.value = self._spelled

    @property
    def _spelled(self) -> str:
        return "" if self.number == self.default else self.parameter.format(self.number)

    def _watch_number(self) -> None:
        self._show()

    def _watch_default(self) -> None:
        self._show()

    def _watch_idle_reason(self, reason: str | None) -> None:
        self.set_class(reason is not None, "-idle")

    async def action_submit(self) -> None:
        """Take what was typed."""
        self._accept()

    def action_leave(self) -> None:
        """Go back to the number as it was; where nothing was typed, Escape is for others."""
        if self.value == self._spelled:
            raise SkipAction
        self.problem = None
        self._show()

    def action_reset(self) -> None:
        """Go back to the default."""
        self._change(self.default)

    def _accept(self) -> None:
        try:
            number = self.parameter.parse(self.value) if self.value.strip() else self.default
        except MlxchatError as error:
            self.problem = str(error)
            return
        self._change(number)

    def _change(self, number: Number | None) -> None:
        self.problem = None
        changed = number != self.number
        self.number = number
        self._show()
        if changed:
            self.post_message(self.Entered(self, number))

    def _on_blur(self, event: events.Blur) -> None:
        self._accept()
        self.problem = None
        self._show()

    def on_click(self, event: events.Click) -> None:
        if event.chain == 2:
            self.action_reset()
