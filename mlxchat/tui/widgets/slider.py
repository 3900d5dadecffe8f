"""A slider, one line high, for one declared parameter."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from textual import events
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.message import Message
from textual.reactive import reactive
from textual.widget import Widget

from mlxchat.errors import MlxchatError
from mlxchat.settings.parameters import Number, Parameter
from mlxchat.settings.slider_scale import SliderScale

ENTRY_STARTS = "0123456789.-"
ENTRY_LENGTH = 24
LEAVES_ENTRY = {"up", "down", "tab", "shift+tab"}


class Slider(Widget, can_focus=True):
    """A track with a knob: keys, wheel, click, drag, or a typed number.

    States show in the characters as well as in colours: `◉` has the focus, a dashed track is
    without effect just now, and a cross lies where the default is.
    """

    ALLOW_SELECT = False

    HELP = """\
Left and Right move by one step, Page Up and Page Down (or Shift+Left and Shift+Right) by more, \
Home and End to the ends; on a long logarithmic range a step grows with the value. The wheel, a \
click and dragging work too. Type a number for an exact value: Enter accepts it, Escape leaves. \
Backspace or a double click goes back to the default."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "slider--fill",
        "slider--track",
        "slider--knob",
        "slider--default",
        "slider--entry",
        "slider--hint",
    }

    DEFAULT_CSS = """
    Slider {
        width: 1fr;
        min-width: 6;
        height: 1;
        pointer: pointer;

        & > .slider--fill { color: $slider-fill; }
        & > .slider--track { color: $slider-track; }
        & > .slider--knob { color: $slider-knob; }
        & > .slider--default { color: $text-muted; }
        & > .slider--entry { color: $foreground; text-style: bold; }
        & > .slider--hint { color: $text-muted; }

        &:hover > .slider--knob { color: $accent; }
        &:focus > .slider--fill { color: $accent; }
        &:focus > .slider--knob { color: $accent; text-style: bold; }
        &.-idle > .slider--fill, &.-idle:focus > .slider--fill { color: $text-muted 70%; }
        &.-idle > .slider--knob { color: $text-muted; }
    }
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left", "move(-1)", "Less", show=False),
        Binding("right", "move(1)", "More", show=False),
        Binding("shift+left,pagedown", "move(-1, True)", "Much less", show=False),
        Binding("shift+right,pageup", "move(1, True)", "Much more", show=False),
        Binding("home", "to_end(0)", "Lowest", show=False),
        Binding("end", "to_end(1)", "Highest", show=False),
        Binding("backspace,delete", "reset", "Default"),
    ]

    value: reactive[Number] = reactive[Number](0.0)
    """The value. Setting it from outside posts no message."""
    default: reactive[Number] = reactive[Number](0.0)
    """Where the mark lies, and what a reset goes back to."""
    idle_reason: reactive[str | None] = reactive[str | None](None)
    """Why the parameter has no effect just now; the slider is then dim, and works all the same."""
    entry: reactive[str | None] = reactive[str | None](None)
    """What is being typed, or None."""
    problem: reactive[str | None] = reactive[str | None](None)
    """The sentence that says what is wrong with what was typed."""

    @dataclass
    class Moved(Message):
        """The person changed the value."""

        slider: Slider
        value: Number
        drag: int = 0
        """The number of the drag that it is part of; 0 where nothing is dragged."""

        @property
        def control(self) -> Slider:
            """The slider, for `@on` selectors."""
            return self.slider

    def __init__(
        self,
        parameter: Parameter,
        value: Number | None = None,
        *,
        default: Number | None = None,
        name: str | None = None,
        id: str | None = None,
        classes: str | None = None,
    ) -> None:
        """A slider for `parameter`, at `value` or else at `default` or else at the declared one."""
        super().__init__(name=name, id=id, classes=classes)
        self.parameter = parameter
        self.scale = SliderScale(parameter)
        self._drags = 0
        default = parameter.default if default is None else default
        default = parameter.low if default is None else default
        self.set_reactive(Slider.default, default)
        self.set_reactive(Slider.value, default if value is None else value)

    def _watch_idle_reason(self, reason: str | None) -> None:
        self.set_class(reason is not None, "-idle")

    # What is drawn.

    def render(self) -> Content:
        """The track, or what is being typed."""
        width = self.content_size.width
        if width <= 0:
            return Content()
        return self._track(width) if self.entry is None else self._entry_line(self.entry, width)

    def _track(self, width: int) -> Content:
        knob = self.scale.cell(self.value, width)
        mark = self.scale.cell(self.default, width)
        start, end = sorted((self._fill_origin(width), knob))
        parts = []
        for cell in range(width):
            filled = start <= cell <= end
            if cell == knob:
                parts.append((self._knob, "slider--knob"))
            elif cell == mark:
                parts.append(("┿" if filled else "┼", "slider--default"))
            else:
                parts.append((self._line(filled), "slider--fill" if filled else "slider--track"))
        return self._assemble(parts)

    @property
    def _knob(self) -> str:
        blurred, focused = "○◎" if self.idle_reason else "●◉"
        return focused if self.has_focus else blurred

    def _line(self, filled: bool) -> str:
        if self.idle_reason:
            return "╍" if filled else "╌"
        return "━" if filled else "─"

    def _fill_origin(self, width: int) -> int:
        # Where nothing happens in mid-range (a penalty of 0), the fill shows how far from that.
        off = self.parameter.off
        inside = off is not None and self.parameter.low < off < self.parameter.high
        return self.scale.cell(off, width) if inside and off is not None else 0

    def _entry_line(self, entry: str, width: int) -> Content:
        shown = f"{entry[-(width - 1) :] if width > 1 else ''}▏"
        hint = f" {self.parameter.range_text}"
        fits = len(shown) + len(hint) <= width
        return self._assemble([(shown, "slider--entry"), (hint if fits else "", "slider--hint")])

    def _assemble(self, parts: list[tuple[str, str]]) -> Content:
        styles = {name: self.get_visual_style(name, partial=True) for name in {p[1] for p in parts}}
        return Content.assemble(*((text, styles[name]) for text, name in parts))

    # Keys.

    def action_move(self, direction: int, page: bool = False) -> None:
        """Move by one step or one page."""
        self._change(self.scale.moved(self.value, direction, page))

    def action_to_end(self, end: int) -> None:
        """Go to the lowest (0) or the highest value (1)."""
        self._change(self.parameter.high if end else self.parameter.low)

    def action_reset(self) -> None:
        """Go back to the default."""
        self._change(self.default)

    def _change(self, value: Number) -> None:
        if value != self.value:
            self.value = value
            drag = self._drags if self.app.mouse_captured is self else 0
            self.post_message(self.Moved(self, value, drag))

    async def _on_key(self, event: events.Key) -> None:
        typed = event.character if event.is_printable else None
        if self.entry is None:
            if typed is None or typed not in ENTRY_STARTS:
                return
            self.entry = typed
        elif event.key in LEAVES_ENTRY:
            return
        elif typed is not None:
            self.entry = (self.entry + typed)[:ENTRY_LENGTH]
            self.problem = None
        elif not self._edit(self.entry, event.key):
            return
        event.stop()
        event.prevent_default()

    def _edit(self, entry: str, key: str) -> bool:
        """Handle a key that types nothing; False leaves it to others."""
        if key == "enter":
            self._accept(entry)
        elif key == "escape":
            self._leave()
        elif key == "backspace":
            self.entry, self.problem = entry[:-1] or None, None
        elif key == "delete":
            self.entry, self.problem = "", None
        else:
            # A slider that moves under a half-typed number would surprise.
            return key in self._bindings.key_to_bindings
        return True

    def _accept(self, entry: str) -> None:
        try:
            value = self.parameter.parse(entry)
        except MlxchatError as error:
            self.problem = str(error)
            return
        self._leave()
        if value is not None:
            self._change(value)

    def _leave(self) -> None:
        self.entry = None
        self.problem = None

    def _on_blur(self, event: events.Blur) -> None:
        if self.entry is not None:
            self._accept(self.entry)
        self._leave()

    def _on_paste(self, event: events.Paste) -> None:
        lines = event.text.strip().splitlines()
        if lines and lines[0].isprintable():
            self.entry = ((self.entry or "") + lines[0])[:ENTRY_LENGTH]
        event.stop()

    # Mouse.

    def on_mouse_down(self, event: events.MouseDown) -> None:
        if event.button != 1:
            return
        event.stop()
        self._leave()
        self.capture_mouse()
        self._drags += 1
        self._follow(event)

    def on_mouse_move(self, event: events.MouseMove) -> None:
        if self.app.mouse_captured is self:
            event.stop()
            self._follow(event)

    def on_mouse_up(self, event: events.MouseUp) -> None:
        if self.app.mouse_captured is self:
            event.stop()
            self.release_mouse()

    def _follow(self, event: events.MouseEvent) -> None:
        width = self.content_size.width
        # Terminals that report pixels allow places between two cells.
        pixels = self.app.supports_smooth_scrolling
        value = self.scale.at_cell(event.pointer_x - 0.5 if pixels else event.x, width)
        # Taking hold of the knob moves nothing, but for the ends, which a click has to reach.
        on_knob = event.x == self.scale.cell(self.value, width)
        holds = on_knob and (not pixels or isinstance(event, events.MouseDown))
        reaches_end = value in (self.parameter.low, self.parameter.high)
        if not holds or (reaches_end and self.value < self.parameter.high):
            self._change(value)

    def on_click(self, event: events.Click) -> None:
        event.stop()
        if event.chain == 2:
            self.action_reset()

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        self._roll(event, 1)

    def on_mouse_scroll_right(self, event: events.MouseScrollRight) -> None:
        self._roll(event, 1)

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        self._roll(event, -1)

    def on_mouse_scroll_left(self, event: events.MouseScrollLeft) -> None:
        self._roll(event, -1)

    def _roll(self, event: events.MouseEvent, direction: int) -> None:
        """Turn the wheel: with the focus it moves the knob, without it scrolls what is behind."""
        if self.has_focus:
            event.stop()
            event.prevent_default()
            self.action_move(direction, event.shift)
