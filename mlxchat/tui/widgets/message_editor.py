"""Where a message is written: grows with the text, walks the history, completes commands."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.message import Message
from textual.reactive import var
from textual.widgets import Static, TextArea

from mlxchat.commands.typed import Hint
from mlxchat.files.message_history import MessageHistory
from mlxchat.tui.history import HistoryWalk
from mlxchat.tui.widgets import message_editor_keys
from mlxchat.tui.widgets.completion_list import Completion, CompletionList
from mlxchat.tui.widgets.message_editor_area import EditorArea

PLACEHOLDER = "Message, or / for commands"
LONGEST_HINTED = 2000
"""Characters of a line that is looked at for a hint."""
message_editor_keys.install()


class MessageEditor(Vertical):
    """The message that is being written, and the list of commands it could become.

    `completions` gives what a text beginning with a slash could become: (what to type, help).
    `hint` gives what is said below a text while it is typed.
    """

    HELP = """\
## Message

`Enter` sends; `Shift+Enter`, `Ctrl+J` and `Alt+Enter` break the line. `Up` on the first line and
`Down` on the last walk through earlier messages. `/` begins a command, `Tab` completes it.
"""
    DEFAULT_CSS = """
    MessageEditor {
        height: auto;
        background: $surface;
        border-top: solid $border-blurred;

        &:focus-within { border-top: solid $border; }
        & > Horizontal { height: auto; padding: 0 1; }
        & > .editor--hint {
            display: none;
            height: 1;
            padding: 0 1 0 3;
            text-wrap: nowrap;
            text-overflow: ellipsis;
            color: $text-muted;

            &.-wrong { color: $warning; }
        }
        & .editor--prompt { width: 2; height: 1; color: $user-mark; text-style: bold; }
        & EditorArea, & EditorArea:focus {
            height: auto;
            min-height: 1;
            padding: 0;
            border: none;
            background: $surface;
            scrollbar-size-vertical: 1;
        }
    }
    """

    placeholder: var[str] = var(PLACEHOLDER, init=False)
    """What stands in the empty editor."""

    @dataclass
    class Submitted(Message):
        """A message was sent; the editor is empty again and the history has it."""

        editor: MessageEditor
        text: str

        @property
        def control(self) -> MessageEditor:
            return self.editor

    def __init__(
        self,
        history: MessageHistory | None = None,
        completions: Callable[[str], list[Completion]] | None = None,
        hint: Callable[[str], Hint | None] | None = None,
        *,
        name: str | None = None,
        id: str | None = None,
        classes: str | None = None,
    ) -> None:
        super().__init__(name=name, id=id, classes=classes)
        self._history = history if history is not None else MessageHistory()
        self._walk = HistoryWalk(self._history)
        self._completions = completions
        self._hint = hint
        self._area = EditorArea(PLACEHOLDER, self)
        self._list = CompletionList()
        self._offered = ""
        """The text whose completions are shown."""
        self._hint_line = Static(classes="editor--hint", markup=False)

    def compose(self) -> ComposeResult:
        """The list of completions above the prompt and the text, the hint below them."""
        yield self._list
        with Horizontal():
            yield Static("›", classes="editor--prompt", markup=False)
            yield self._area
        yield self._hint_line

    @property
    def text(self) -> str:
        """The message as it would be sent."""
        return self._area.message_text

    @text.setter
    def text(self, text: str) -> None:
        self._area.show(text, at_end=True)

    def restore(self, text: str) -> None:
        """Put a message back that could not be sent; what was written since stays below it."""
        now = self.text
        self.text = f"{text}\n{now}" if now else text

    def type(self, text: str) -> None:
        """Take text that was typed elsewhere, at the cursor."""
        # At once: the next key of a fast hand is already on its way to what had the focus.
        self.screen.set_focus(self._area)
        self._area.insert(text)

    def clear(self) -> None:
        """Empty the editor."""
        self.text = ""
        self._walk.reset()

    def focus(self, scroll_visible: bool = True) -> MessageEditor:
        """Put the cursor into the text."""
        self._area.focus(scroll_visible)
        return self

    def watch_placeholder(self, placeholder: str) -> None:
        self._area.placeholder = placeholder

    def offer(self) -> bool:
        """Offer completions for the text as it is now; whether the list is open."""
        if self._area.text != self._offered:
            self._offer()
        return self._list.is_open

    def send(self) -> None:
        """Send the message, or take the completion that the person went to."""
        if self.offer() and self._list.chosen is not None:
            self.complete()
            return
        text = self.text
        if not text.strip():
            return
        self._history.add(text)
        self.clear()
        self.post_message(self.Submitted(self, text))

    def leave(self, steps: int) -> None:
        """Go to another completion, or to another message of the history."""
        if self.offer():
            self._list.move(steps)
            return
        text = self._walk.move(steps, self.text)
        if text is not None:
            self._area.show(text, at_end=steps > 0)
            self.close_completions()
            self._show_hint(self._offered)

    def complete(self) -> None:
        """Take the current completion."""
        completion = self._list.current
        self.close_completions()
        if completion is not None:
            self._area.show(completion[0] + " ", at_end=True)

    def close_completions(self) -> None:
        """Offer nothing for the text as it is."""
        self._list.show([])
        self._offered = self._area.text

    @on(CompletionList.Picked)
    def _picked(self, event: CompletionList.Picked) -> None:
        event.stop()
        self.complete()
        self.focus()

    @on(TextArea.Changed)
    def _changed(self, event: TextArea.Changed) -> None:
        event.stop()
        if self._area.text != self._offered:
            self._offer()

    def offer_again(self) -> None:
        """More is known of what the text could become; a choice in the list stays."""
        if self._list.chosen is None:
            self._offer()

    def _offer(self) -> None:
        text = self._offered = self._area.text
        found = self._completions(text) if self._completions and text.startswith("/") else []
        self._list.show(found if [text.rstrip()] != [offer for offer, _ in found] else [])
        self._show_hint(text)

    def _show_hint(self, text: str) -> None:
        hint = self._hint(text) if self._hint and len(text) <= LONGEST_HINTED else None
        self._hint_line.display = hint is not None
        if hint is not None:
            self._hint_line.update(hint.text)
            self._hint_line.set_class(hint.wrong, "-wrong")
