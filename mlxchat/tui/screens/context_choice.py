"""The choice of what is done when a conversation does not fit into the model any more."""

from __future__ import annotations

from typing import ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from mlxchat.commands.context import Choice, exceeded_words, offers
from mlxchat.engine.interface import ContextExceeded
from mlxchat.tui.screens.dialog import Dialog

METER_WIDTH = 24


class Ways(OptionList):
    """A click moves the cursor and takes what is under it."""

    def on_click(self, event: events.Click) -> None:
        """The keys work here afterwards."""
        self.focus()


class ContextChoice(Dialog[Choice]):
    """Dismissed with the choice, or with None where the message is not answered for now."""

    DEFAULT_CSS = """
    ContextChoice {
        & > #box { width: 72; max-width: 100%; }
        #context-figures { height: auto; color: $text-muted; }
        #context-meter { height: 1; color: $error; text-wrap: nowrap; }
        Ways { margin-top: 1; &, &:focus { background-tint: $panel; } }
        #context-help { height: 3; margin-top: 1; color: $text-muted; }
        &.-low {
            Ways, #context-help { margin-top: 0; }
            #context-meter { display: none; }
        }
    }
    """
    VERTICAL_BREAKPOINTS = [(0, "-low"), (18, "-high")]
    HELP: ClassVar[str] = "What happens when the conversation is longer than the model takes."

    def __init__(self, held: ContextExceeded) -> None:
        """`held` is what the engine said of the reply that waits."""
        super().__init__()
        self._held = held
        self._offers = offers(held)

    def compose(self) -> ComposeResult:
        """The figures, the ways to go on, and what the one under the cursor does."""
        box = Vertical(
            Static(self._figures, id="context-figures", markup=False),
            Static(self._meter, id="context-meter", markup=False),
            Ways(*[Option(offer.title, id=offer.choice) for offer in self._offers], markup=False),
            Static(id="context-help", markup=False),
            id="box",
        )
        box.border_title = "The context is full"
        box.border_subtitle = "Enter takes it, Esc leaves"
        yield box

    def on_mount(self) -> None:
        """Start at the first way."""
        ways = self.query_one(Ways)
        ways.highlighted = 0
        ways.focus()

    @property
    def _figures(self) -> str:
        return exceeded_words(self._held)

    @property
    def _meter(self) -> str:
        share = self._held.prompt_tokens / self._held.limit
        full = min(METER_WIDTH, round(share * METER_WIDTH))
        return f"▕{'█' * full}{'░' * (METER_WIDTH - full)}▏ {share:.0%}"

    @on(OptionList.OptionHighlighted)
    def _explain(self, event: OptionList.OptionHighlighted) -> None:
        self.query_one("#context-help", Static).update(self._offers[event.option_index].help)

    @on(OptionList.OptionSelected)
    def _take(self, event: OptionList.OptionSelected) -> None:
        self.dismiss(self._offers[event.option_index].choice)
