"""A summary of the conversation, as it is written; the person can change it before it is used."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widgets import Static, TextArea

from mlxchat.conversation.summary import left_out_words
from mlxchat.files.copies import write_copy
from mlxchat.render.safe import visible
from mlxchat.session.chat import ChatSession
from mlxchat.tui.after_typing import after_typing
from mlxchat.tui.screens.dialog import Dialog

LOOKS_A_SECOND = 10
KEYS = (
    "[@click=screen.take][b $accent]^S[/] begin a new conversation with it[/]  "
    "[@click=screen.leave][b $accent]Esc[/] cancel[/]"
)


class SummaryScreen(Dialog[str]):
    """Dismissed with the summary, or with None where everything stays as it was.

    The summary has to be asked for before (ChatSession.summarize); who shows this takes the
    session's events meanwhile, as always.
    """

    DEFAULT_CSS = """
    SummaryScreen {
        & > #box { height: 80%; }
        TextArea, TextArea:focus { height: 1fr; border: none; padding: 0; background: $panel; }
        #summary-status { height: auto; max-height: 2; color: $text-muted; }
        #summary-keys {
            height: auto;
            color: $text-muted;
            link-color: $text-muted;
            link-style: none;
            link-color-hover: $foreground;
            link-background-hover: $surface;
            link-style-hover: bold;
        }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "cancel", priority=True),
        Binding("ctrl+s", "take", "begin with it", priority=True),
    ]

    def __init__(self, session: ChatSession) -> None:
        super().__init__()
        self._session = session
        self._shown = ""

    def compose(self) -> ComposeResult:
        """The text, and what goes on."""
        box = Vertical(
            TextArea(read_only=True, show_line_numbers=False, soft_wrap=True),
            Static(id="summary-status", markup=False),
            Static(KEYS, id="summary-keys"),
            id="box",
        )
        box.border_title = "Summary of this conversation"
        yield box

    def on_mount(self) -> None:
        """Follow what the model writes."""
        self.query_one(TextArea).focus()
        self._timer = self.set_interval(1 / LOOKS_A_SECOND, self._look)
        self._look()

    def _look(self) -> None:
        """Show what is new; at the end the text is the person's to change."""
        area, text = self.query_one(TextArea), visible(self._session.summary_text)
        if text != self._shown:
            self._shown = area.text = text
            area.move_cursor(area.document.end)
        self.query_one("#summary-status", Static).update(self._status)
        if not self._session.summarizing:
            area.read_only = False
            self._timer.stop()

    @property
    def _status(self) -> str:
        summary = self._session.summary
        if summary is None:
            return ""
        if summary.failure:
            return summary.failure
        left_out = [left_out_words(summary.left_out)] if summary.left_out else []
        if not self._session.summarizing:
            return " · ".join(["Change what you like.", *left_out])
        return " · ".join([f"writing, {len(summary.tokens)} tokens" if summary.tokens else
                           "reading the conversation", *left_out])  # fmt: skip

    def action_take(self) -> None:
        """Begin a new conversation with the text, with all that was typed before."""
        after_typing(self.query_one(TextArea), self._take)

    def _take(self) -> None:
        if not self.is_current:
            return  # taken twice
        text = self.query_one(TextArea).text
        if self._session.summarizing:
            self.notify("The summary is still being written: wait, or cancel it (Esc).")
        elif not text.strip():
            self.notify("The summary is empty: write it, or cancel (Esc).", severity="warning")
        else:
            self.dismiss(text)

    def action_leave(self) -> None:
        """Stop it, and leave everything as it was; what the person wrote is kept in a file."""
        if self._session.summarizing:
            self._session.stop()
        else:
            self._keep_changes()
        self.dismiss(None)

    def _keep_changes(self) -> None:
        text = self.query_one(TextArea).text
        if not text.strip() or text == self._shown:
            return
        try:
            path = write_copy(text, ".md")
            self.notify(f"Your changes of the summary are in {path}.", markup=False)
        except OSError:
            self.app.copy_to_clipboard(text)
            self.notify("Your changes of the summary are on the clipboard.", severity="warning")
