"""A list to choose from, with a field above it to type what the list has not."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import ClassVar

from textual import events, on
from textual.containers import Vertical
from textual.message import Message
from textual.visual import VisualType
from textual.widget import Widget
from textual.widgets import Input, OptionList
from textual.widgets.option_list import Option

from mlxchat.render.wrap import cells
from mlxchat.tui.screens.dialog import Dialog

ESCAPE = "Esc closes"
LEGEND_MARGIN = 4
"""Cells of a border that its text leaves free."""
LIST_KEYS = ("up", "down", "pageup", "pagedown")


class TypesIntoField(Widget):
    """What is typed or pasted here goes to the picker's field, and the focus with it.

    Keys are handed on as they come in, before the next one asks where the focus is: none of a fast
    hand's is lost, or overtaken by another.
    """

    own_characters: str = ""
    """Those that are keys here, and begin nothing that would be typed."""

    def post_message(self, message: Message) -> bool:
        """Take a message in, or hand it on."""
        if isinstance(message, events.Paste) or self._is_typed(message):
            return _handed_to(self.screen.query_one(Field), message)
        return super().post_message(message)

    def _is_typed(self, message: Message) -> bool:
        return (
            isinstance(message, events.Key)
            and message.is_printable
            and str(message.character) not in self.own_characters
        )


class Choices(OptionList, TypesIntoField):
    """The list."""

    def __init__(self, prompts: Iterable[VisualType], own_characters: str = "") -> None:
        super().__init__(*map(Option, prompts))
        self.own_characters = own_characters


class Field(Input):
    """The field. The keys that move in the list do so from here too, and go there."""

    def __init__(self, *placeholders: str) -> None:
        """`placeholders` say what can be typed, the longest first."""
        super().__init__(placeholder=placeholders[0], select_on_focus=False)
        self._placeholders = placeholders

    def post_message(self, message: Message) -> bool:
        """Take a message in, or hand it on."""
        if isinstance(message, events.Key) and message.key in LIST_KEYS:
            return _handed_to(self.screen.query_one(Choices), message)
        return super().post_message(message)

    def on_resize(self) -> None:
        """Show the longest placeholder that there is room for."""
        fit = (words for words in self._placeholders if cells(words) < self.size.width)
        self.placeholder = next(fit, self._placeholders[-1])


class Box(Vertical):
    """The list and what stands above it, in a border that says what keys do."""

    def __init__(self, *children: Widget, title: str, legend: Sequence[str]) -> None:
        super().__init__(*children, id="box")
        self._legend = legend
        self.border_title = title

    def on_resize(self) -> None:
        """Say as much as there is room for, and always how to close it."""
        self.border_subtitle = legend(self._legend, self.size.width - LEGEND_MARGIN)


class Picker(Dialog[str]):
    """Dismissed with what was typed, or with what the list means; or with None."""

    DEFAULT_CSS = """
    Picker {
        /* The list has what is left. */
        #above { dock: top; height: auto; }
        Choices { scrollbar-gutter: stable; }
        Field, Field:focus {
            border: none; height: 1; padding: 0; margin: 1 0; background: $surface;
        }
        &.-low Field, &.-middle Field { margin: 0; }
        &.-middle > #box { max-height: 100%; }
    }
    """
    VERTICAL_BREAKPOINTS = [(0, "-low"), (12, "-middle"), (20, "-high")]
    PLACEHOLDERS: ClassVar[tuple[str, ...]]
    """What can be typed, the longest first."""
    LEGEND: ClassVar[tuple[str, ...]]
    """Marks and keys, those that matter most first."""

    def box(self, title: str, choices: Choices, *above: Widget) -> Box:
        """The list, below the field and what stands above that."""
        top = Vertical(*above, Field(*self.PLACEHOLDERS), id="above")
        return Box(top, choices, title=title, legend=self.LEGEND)

    def on_mount(self) -> None:
        """The list has the focus; typing goes to the field."""
        self.query_one(Choices).focus()

    @on(Input.Submitted)
    def _typed(self, event: Input.Submitted) -> None:
        if event.value.strip():
            self.dismiss(event.value.strip())


def legend(parts: Sequence[str], width: int) -> str:
    """The first of these parts that fit in `width` cells, and how to close it."""
    for count in range(len(parts), 0, -1):
        if cells(text := "   ".join([*parts[:count], ESCAPE])) <= width:
            return text
    return ESCAPE


def _handed_to(widget: Widget, message: Message) -> bool:
    widget.screen.set_focus(widget)
    return widget.post_message(message)
