"""How far two models are apart in what they wrote, and at which tokens the most."""

from __future__ import annotations

import math
from collections.abc import Sequence

from rich.cells import cell_len
from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from mlxchat.commands.moved import MovedReply, times
from mlxchat.conversation.difference import MovedToken
from mlxchat.conversation.token_words import percent, spelled
from mlxchat.render.safe import visible
from mlxchat.tui.screens.dialog import Dialog

TOKEN_WIDTH = 10
"""Cells of a token's text; a longer one pushes what follows."""


class MovedDialog(Dialog[tuple[int, int]]):
    """Dismissed with a lane's number and the place of a token in its reply, or with None."""

    def __init__(self, replies: Sequence[MovedReply]) -> None:
        super().__init__()
        self._places: dict[str, tuple[int, int]] = {}
        self._replies = tuple(replies)

    def compose(self) -> ComposeResult:
        """For each reply its mean and its tokens, the most moved first."""
        box = Vertical(OptionList(*self._options()), id="box")
        box.border_title = "What moved"
        box.border_subtitle = "Enter goes to the token   Esc closes"
        yield box

    def _options(self) -> list[Option]:
        options: list[Option] = []
        for reply in self._replies:
            options.append(Option(_head(reply), disabled=True))
            for token in reply.moved.most:
                key = f"{reply.lane}-{token.place}"
                self._places[key] = reply.lane, token.place
                options.append(Option(_line(token), id=key))
        return options

    def on_mount(self) -> None:
        """The first token is under the cursor."""
        choices = self.query_one(OptionList)
        choices.focus()
        choices.action_first()

    @on(OptionList.OptionSelected)
    def _chosen(self, event: OptionList.OptionSelected) -> None:
        if event.option_id is not None:
            self.dismiss(self._places[event.option_id])


def _head(reply: MovedReply) -> Content:
    name, other = visible(reply.name), visible(reply.other)
    factor = times(reply.moved.mean)
    return Content.assemble(
        (f"What {name} wrote", "bold $foreground"),
        (f": {factor} as likely to it as to {other}, a token in the mean. ", "$foreground"),
        ("Each token: to it, to the other, how many times.", "$text-muted"),
    )


def _line(token: MovedToken) -> Content:
    text = spelled(token.text)
    gap = " " * max(1, TOKEN_WIDTH - cell_len(text))
    own, other = percent(math.exp(token.own_logprob)), percent(math.exp(token.other_logprob))
    return Content.assemble(
        (f"  {text}", "bold"), f"{gap}{own:>6} {other:>6}  ", (times(token.difference), "$accent")
    )
