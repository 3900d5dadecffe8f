"""One row of the sampler panel: a parameter's name, its slider or field, its value."""

from __future__ import annotations

from dataclasses import dataclass

from textual import events, on
from textual.app import ComposeResult
from textual.containers import Container
from textual.content import Content
from textual.message import Message
from textual.reactive import reactive
from textual.widget import Widget
from textual.widgets import Input, Static

from mlxchat.settings.parameters import AnyParameter, Parameter, Value
from mlxchat.settings.speed import OptionalParameter
from mlxchat.tui.widgets.number_field import NumberField
from mlxchat.tui.widgets.optional_field import OptionalField
from mlxchat.tui.widgets.parameter_field import ParameterField
from mlxchat.tui.widgets.slider import Slider
from mlxchat.tui.widgets.text_field import TextField

NARROW = 34
"""Below this many cells the slider has a line to itself, under name and value."""
WIDE = TextField, OptionalField
"""Fields that have a line to themselves at any width."""


class ParameterRow(Widget):
    """A parameter as a person sets it. `›` marks the row with the focus, `*` a changed value."""

    DEFAULT_CSS = """
    ParameterRow {
        layout: vertical;
        width: 1fr;
        height: auto;

        .row--line { layout: horizontal; height: 1; }
        .row--label { width: 8; height: 1; color: $foreground; text-overflow: ellipsis; }
        .row--value {
            dock: right;
            width: 10;
            height: 1;
            padding-left: 1;
            color: $foreground;
            text-overflow: ellipsis;
        }
        .row--problem { height: auto; padding-left: 2; color: $warning; display: none; }

        &.-wide-label .row--label { width: 14; }
        &.-focused .row--label { color: $accent; text-style: bold; }
        &.-modified .row--value { color: $accent; text-style: bold; }
        &.-idle .row--label, &.-idle .row--value { color: $text-muted; }
        &.-remark .row--problem { display: block; }
        &.-problem .row--problem { display: block; color: $error; }

        &.-narrow .row--line {
            layout: grid;
            grid-size: 2;
            grid-columns: 1fr auto;
            grid-rows: 1 1;
            height: 2;
            .row--label { width: 1fr; }
            .row--value { dock: none; width: auto; }
            Slider, ParameterField { column-span: 2; margin: 0 1 0 2; }
        }
    }
    """

    value: reactive[Value] = reactive[Value](None)
    """The parameter's value. Setting it from outside posts no message."""
    default: reactive[Value] = reactive[Value](None)
    """What a reset goes back to."""
    remark: reactive[str] = reactive("")
    """What the model makes of the value, where a person should know."""
    idle_reason: reactive[str | None] = reactive[str | None](None)
    """Why the parameter has no effect just now."""

    @dataclass
    class Changed(Message):
        """The person set the parameter to another value."""

        row: ParameterRow
        name: str
        value: Value
        drag: int = 0

        @property
        def control(self) -> ParameterRow:
            """The row, for `@on` selectors."""
            return self.row

    @dataclass
    class NoteChanged(Message):
        """What there is to say of the row is another than before."""

        row: ParameterRow

    def __init__(
        self,
        parameter: AnyParameter | OptionalParameter,
        value: Value,
        default: Value,
        *,
        label: str | None = None,
    ) -> None:
        """A row for `parameter`; its label is the parameter's name unless one is given."""
        super().__init__(id=f"row-{parameter.name}")
        self.parameter = parameter
        self.label = label or parameter.name
        self.control = self._make_control(value, default)
        self._label_box = Static(classes="row--label", markup=False)
        self._value_box = Static(classes="row--value", markup=False)
        self._problem_box = Static(classes="row--problem", markup=False)
        self.set_reactive(ParameterRow.value, value)
        self.set_reactive(ParameterRow.default, default)
        # A list, or a path, needs a line of its own at any width.
        self.set_class(isinstance(self.control, WIDE), "-narrow")

    def _make_control(self, value: Value, default: Value) -> Slider | ParameterField:
        if isinstance(self.parameter, Parameter) and self.parameter.slider:
            assert not isinstance(value, tuple | str)
            assert not isinstance(default, tuple | str)
            return Slider(self.parameter, value, default=default)
        if isinstance(self.parameter, Parameter):
            return NumberField(self.parameter, value, default)
        optional = isinstance(self.parameter, OptionalParameter)
        return (OptionalField if optional else TextField)(self.parameter, value, default)

    def compose(self) -> ComposeResult:
        """Name, value and the control that takes the room between them; below, what is wrong."""
        with Container(classes="row--line"):
            yield self._label_box
            yield self._value_box
            yield self.control
        yield self._problem_box

    def on_mount(self) -> None:
        self._show()
        self.watch(self.control, "problem", self._show_remark, init=False)
        # Whoever asks for a place on the screen before the first layout takes the Resize away.
        around = (node.content_size.width for node in self.ancestors if isinstance(node, Widget))
        if width := next(filter(None, around), 0):
            self._take_shape(width)

    # What is shown.

    @property
    def note(self) -> str:
        """What a person should know of the row: why it is idle, or what it is for."""
        reason = self.idle_reason
        return f"{reason[0].upper()}{reason[1:]}." if reason else f"{self.parameter.help}."

    @property
    def modified(self) -> bool:
        """Whether the value is another than the default."""
        return self.value != self.default

    def _watch_value(self, value: Value) -> None:
        if isinstance(self.control, ParameterField):
            self.control.setting = value
        elif isinstance(value, int | float):
            self.control.value = value
        self._show()

    def _watch_default(self, default: Value) -> None:
        if isinstance(self.control, ParameterField) or isinstance(default, int | float):
            self.control.default = default
        self._show()

    def _watch_remark(self) -> None:
        self._show_remark()

    def _watch_idle_reason(self, reason: str | None) -> None:
        self.control.idle_reason = reason
        self.set_class(reason is not None, "-idle")
        self._show()
        self.post_message(self.NoteChanged(self))

    def _show(self) -> None:
        focused = self.has_focus_within
        self.set_class(focused, "-focused")
        self.set_class(self.modified, "-modified")
        self._label_box.update(f"{'›' if focused else ' '} {self.label}", layout=False)
        # Only the narrow layout gives the value as much room as it needs.
        self._value_box.update(self._value_text, layout=self.has_class("-narrow"))
        self.tooltip = self._tooltip_text

    @property
    def _value_text(self) -> str:
        # A field shows its number itself.
        text = self.parameter.format(self.value) if self.parameter.slider else ""
        return text + ("*" if self.modified else "")

    @property
    def _tooltip_text(self) -> Content:
        format = self.parameter.format
        facts = f"{self.parameter.facts}; default {format(self.default)}."
        lines = [self.parameter.name, f"{self.parameter.help}.", facts]
        if self.idle_reason:
            lines.append(f"Now: {self.idle_reason}.")
        return Content("\n".join(lines))

    def _show_remark(self) -> None:
        problem = self.control.problem
        self.set_class(problem is not None, "-problem")
        self.set_class(bool(self.remark), "-remark")
        self._problem_box.update(f"✗ {problem}" if problem else f"! {self.remark}")

    # What happens.

    def on_resize(self, event: events.Resize) -> None:
        self._take_shape(event.size.width)

    def _take_shape(self, width: int) -> None:
        if not isinstance(self.control, WIDE):
            self.set_class(width < NARROW, "-narrow")

    def on_descendant_focus(self) -> None:
        self._show()

    def on_descendant_blur(self) -> None:
        self._show()

    @on(Slider.Moved)
    def _slider_moved(self, message: Slider.Moved) -> None:
        message.stop()
        self._changed(message.value, message.drag)

    @on(ParameterField.Entered)
    def _entered(self, message: ParameterField.Entered) -> None:
        message.stop()
        self._changed(message.setting)

    @on(Input.Changed)
    @on(Input.Submitted)
    def _keep(self, message: Message) -> None:
        message.stop()

    def _changed(self, value: Value, drag: int = 0) -> None:
        self.value = value
        self.post_message(self.Changed(self, self.parameter.name, value, drag))
