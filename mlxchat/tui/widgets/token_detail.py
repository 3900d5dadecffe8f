"""What there is to know of one token, below the conversation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.message import Message
from textual.reactive import reactive
from textual.widgets import Input, Static

from mlxchat.conversation.surprise import LEGENDS, Measure
from mlxchat.conversation.token_words import SelectedToken, facts, short_facts, spelled
from mlxchat.tui.widgets.token_levels import LOOKS, level_css

NARROW = 60
"""Cells below which facts are told in fewer words."""


class TokenDetail(Vertical):
    """The selected token and the legend of the colours; hidden while no token is selected."""

    DEFAULT_CSS = """
    TokenDetail {
        height: auto;
        padding: 0 1;
        background: $panel;
        display: none;
        &.-shown { display: block; }
        & > Static { height: auto; }
        & > Input { height: 1; border: none; padding: 0; display: none; background: $surface; }
        & > Input.-shown { display: block; }
        & > .token-detail--token { color: $accent; text-style: bold; }
        & > .token-detail--fact { color: $foreground; }
        & > .token-detail--quiet { color: $text-muted; }
    }
    """ + level_css("TokenDetail", "token-detail--level")
    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "token-detail--token",
        "token-detail--fact",
        "token-detail--quiet",
        *(f"token-detail--level-{n}" for n in range(len(LOOKS))),
    }
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "close_search", "back", show=False)]

    selected: reactive[SelectedToken | None] = reactive[SelectedToken | None](None)
    measure: reactive[Measure] = reactive[Measure]("probability")

    @dataclass
    class Searched(Message):
        """The person looks for a text; empty text: for nothing any more."""

        text: str

    def compose(self) -> ComposeResult:
        """Facts, the legend, and room for a text to look for."""
        yield Static(id="token-facts")
        yield Static(id="token-legend")
        yield Input(placeholder="search the tokens", compact=True)

    def on_mount(self) -> None:
        self._show()

    def on_resize(self) -> None:
        """Tell as much as there is room for."""
        self._show()

    def notify_style_update(self) -> None:
        """Take the colours of another theme."""
        super().notify_style_update()
        self._show()

    def watch_selected(self) -> None:
        """Show the token."""
        self._show()

    def watch_measure(self) -> None:
        """Show another legend."""
        self._show()

    def open_search(self) -> None:
        """Let the person type what to look for."""
        field = self.query_one(Input)
        field.add_class("-shown")
        field.value = ""
        field.focus()

    @property
    def searching(self) -> bool:
        """Whether the text to look for is being typed; its field gets the focus a little later."""
        return self.query_one(Input).has_class("-shown")

    def type(self, text: str) -> None:
        """Add to the text to look for."""
        self.query_one(Input).insert_text_at_cursor(text)

    def action_close_search(self) -> None:
        """Look for nothing."""
        self._searched("")

    @on(Input.Submitted)
    def _submitted(self, message: Input.Submitted) -> None:
        message.stop()
        self._searched(message.value)

    def _searched(self, text: str) -> None:
        self.query_one(Input).remove_class("-shown")
        self.post_message(self.Searched(text))

    def _show(self) -> None:
        self.set_class(self.selected is not None, "-shown")
        if not self.is_mounted:
            return
        if self.selected is None:
            self.query_one(Input).remove_class("-shown")
            return
        self.query_one("#token-facts", Static).update(self._facts(self.selected))
        self.query_one("#token-legend", Static).update(self._legend())

    def _facts(self, selected: SelectedToken) -> Content:
        parts = [self._part(f" {spelled(selected.record.text)} ", "token")]
        told = short_facts(selected) if self.size.width < NARROW else facts(selected)
        parts += [self._part(f"  {fact}", "fact") for fact in told[:2]]
        parts += [self._part(f" · {fact}", "quiet") for fact in told[2:]]
        return Content.assemble(*parts)

    def _legend(self) -> Content:
        parts = [self._part(f"{self.measure} ", "quiet")]
        for number, meaning in enumerate(LEGENDS[self.measure]):
            parts += [self._part(meaning, f"level-{number}"), Content(" ")]
        return Content.assemble(*parts)

    def _part(self, text: str, role: str) -> Content:
        return Content.styled(text, self.get_visual_style(f"token-detail--{role}", partial=True))
