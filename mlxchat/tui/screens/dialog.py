"""What the small screens over the chat have in common."""

from __future__ import annotations

from typing import ClassVar, TypeVar

from textual.binding import Binding, BindingType
from textual.screen import ModalScreen

Result = TypeVar("Result")


class Dialog(ModalScreen[Result]):
    """A box over the chat; Escape closes it without a result."""

    DEFAULT_CSS = """
    Dialog {
        align: center middle;
        background: $background 70%;

        & > #box {
            width: 90%;
            max-width: 92;
            height: auto;
            max-height: 90%;
            background: $panel;
            border: round $border;
            border-title-color: $primary;
            border-title-style: bold;
            border-subtitle-color: $text-muted;
            padding: 0 1;
        }
        &.-low > #box {
            width: 100%;
            height: 100%;
            max-height: 100%;
            border: none;
            padding: 0;
        }
        OptionList {
            height: auto;
            max-height: 100%;
            background: $panel;
            padding: 0;
            scrollbar-size-vertical: 1;
            &, &:focus { border: none; }
        }
    }
    """
    VERTICAL_BREAKPOINTS = [(0, "-low"), (12, "-high")]
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "dismiss(None)", "close")]
