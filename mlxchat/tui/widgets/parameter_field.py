"""A field for a parameter that needs no slider: a seed, a list of words."""

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
from mlxchat.settings.parameters import AnyParameter, Value
from mlxchat.settings.speed import OptionalParameter


class ParameterField(Input):
    """An entry for one declared parameter; empty stands for its default, such as "random"."""

    HELP = "Type a value; Enter accepts it, Escape leaves. Empty goes back to the default."

    DEFAULT_CSS = """
    ParameterField {
        width: 1fr;
        background: $surface;
        &:focus { background: $surface; background-tint: $foreground 8%; }
        & > .input--placeholder, &.-idle { color: $text-muted; }
    }
    """

    keeps_mistakes: ClassVar[bool] = False
    """Whether what cannot be taken stays in the field when it loses the focus."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "leave", "Leave", show=False)]

    setting: reactive[Value] = reactive[Value](None)
    """The parameter's value. Setting it posts no message."""
    default: reactive[Value] = reactive[Value](None)
    """What an empty field stands for."""
    idle_reason: reactive[str | None] = reactive[str | None](None)
    """Why the parameter has no effect just now."""
    problem: reactive[str | None] = reactive[str | None](None)
    """The sentence that says what is wrong with what was typed."""

    @dataclass
    class Entered(Message):
        """The person changed the value."""

        field: ParameterField
        setting: Value

        @property
        def control(self) -> ParameterField:
            """The field, for `@on` selectors."""
            return self.field

    def __init__(
        self, parameter: AnyParameter | OptionalParameter, setting: Value, default: Value
    ) -> None:
        super().__init__(compact=True, select_on_focus=False)
        self.parameter = parameter
        self.set_reactive(ParameterField.setting, setting)
        self.set_reactive(ParameterField.default, default)

    def on_mount(self) -> None:
        """Spell the value; an Input takes a value only inside an app."""
        self._show()

    def _show(self) -> None:
        self.placeholder = self.parameter.format(self.default)
        with self.prevent(Input.Changed):
            self.value = self._spelled

    @property
    def _spelled(self) -> str:
        return "" if self.setting == self.default else self.parameter.format(self.setting)

    def _watch_setting(self) -> None:
        self._show()

    def _watch_default(self) -> None:
        self._show()

    def _watch_idle_reason(self, reason: str | None) -> None:
        self.set_class(reason is not None, "-idle")

    async def action_submit(self) -> None:
        """Take what was typed."""
        self._accept()

    def action_leave(self) -> None:
        """Go back to the value as it was; where nothing was typed, Escape is for others."""
        if self.value == self._spelled:
            raise SkipAction
        self.problem = None
        self._show()

    def action_reset(self) -> None:
        """Go back to the default."""
        self._change(self.default)

    def action_delete_left(self) -> None:
        """Delete a character; in an empty field go back to the default."""
        if self.value:
            super().action_delete_left()
        else:
            self.action_reset()

    def _accept(self) -> None:
        try:
            setting = self.parameter.parse(self.value) if self.value.strip() else self.default
        except MlxchatError as error:
            self.problem = str(error)
            return
        self._change(setting)

    def _change(self, setting: Value) -> None:
        self.problem = None
        changed = setting != self.setting
        self.setting = setting
        self._show()
        if changed:
            self.post_message(self.Entered(self, setting))

    def _on_blur(self, event: events.Blur) -> None:
        self._accept()
        if not self.keeps_mistakes:
            self.problem = None
            self._show()

    def on_click(self, event: events.Click) -> None:
        if event.chain == 2:
            self.action_reset()
