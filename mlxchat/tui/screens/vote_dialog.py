"""The choice of the best reply of a comparison."""

from __future__ import annotations

from collections.abc import Sequence

from textual import events, on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from mlxchat.commands.compare import TIE
from mlxchat.render.one_line import first_words
from mlxchat.render.safe import visible
from mlxchat.tui.screens.dialog import Dialog


class VoteDialog(Dialog[str]):
    """Dismissed with what /vote takes, or with None."""

    DEFAULT_CSS = """
    VoteDialog {
        & > #box { width: 44; max-width: 100%; }
        OptionList { text-wrap: nowrap; text-overflow: ellipsis; }
    }
    """

    def __init__(
        self, letters: Sequence[str], names: Sequence[str], replies: Sequence[str]
    ) -> None:
        """A letter, a name and what was replied for each column, from the left."""
        super().__init__()
        tie = (TIE, "a tie: none is better", "")
        self._choices = [*zip(letters, names, replies, strict=True), tie]

    def compose(self) -> ComposeResult:
        """Each choice with its key, and how its reply begins: a column may be out of sight."""
        options = []
        for choice, name, reply in self._choices:
            line = Content.assemble(f"{choice[0]}  ", (visible(name), "bold"))
            begins = Content.styled(f"\n   {first_words(reply)}", "$text-muted")
            options.append(Option(line + begins if reply else line))
        box = Vertical(OptionList(*options), id="box")
        box.border_title = "Which reply is best?"
        box.border_subtitle = "Esc closes"
        yield box

    def on_key(self, event: events.Key) -> None:
        """The letters that are shown are keys."""
        for choice, *_ in self._choices:
            if event.key == choice[0]:
                event.stop()
                self.dismiss(choice)
                return

    @on(OptionList.OptionSelected)
    def _chosen(self, event: OptionList.OptionSelected) -> None:
        self.dismiss(self._choices[event.option_index][0])
