"""A dialog in which one text is edited: a message, a note, a title."""

from __future__ import annotations

from collections.abc import Hashable, MutableMapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.markup import escape
from textual.widgets import Input, Static, TextArea

from mlxchat.commands.keys import key_name
from mlxchat.errors import MlxchatError
from mlxchat.render.safe import visible
from mlxchat.tui.after_typing import after_typing
from mlxchat.tui.external_editor import edit_externally
from mlxchat.tui.screens.dialog import Dialog
from mlxchat.tui.themes import ThemedApp
from mlxchat.tui.widgets.key_lines import Key, KeyLines
from mlxchat.tui.widgets.safe_text_area import SafeTextArea

Drafts = MutableMapping[Hashable, str]
"""Texts that were left without a choice, by what they are about."""

DRAFT = "What you typed before is here again; Ctrl+Z takes it back."


@dataclass(frozen=True, slots=True)
class Choice:
    """One way to be done with a text."""

    name: str
    """What the dialog is dismissed with: `version`."""
    word: str
    """What the key does, for its line: `as a new version`."""
    key: str
    """Textual's name of the key: `ctrl+s`. It goes before what the text field does with it."""


class TextDialog(Dialog[tuple[str, str]]):
    """Dismissed with the name of a choice and the text, or with None.

    What is typed and left by Escape is kept in `drafts` under `about`, and is there again when the
    dialog is opened with the same.
    """

    app: ThemedApp

    DEFAULT_CSS = """
    TextDialog {
        & > #box { width: 90%; max-width: 104; }
        TextArea {
            height: auto;
            min-height: 6;
            max-height: 60vh;
            border: none;
            padding: 0;
            background: $surface;
            scrollbar-size-vertical: 1;
            & > .text-area--selection { background: $selection; }
            &:focus { border: none; }
        }
        Input { height: 1; border: none; padding: 0; background: $surface; }
        #text-hint { display: none; height: auto; color: $text-muted; margin-bottom: 1; }
        &.-hinted #text-hint { display: block; }
        KeyLines { margin-top: 1; }
        &.-narrow > #box { width: 100%; }
        &.-low {
            & > #box { height: 100%; }
            TextArea { height: 1fr; min-height: 1; max-height: 100%; }
            #text-hint { margin: 0; }
            KeyLines { margin: 0; }
        }
    }
    """
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (60, "-wide")]
    VERTICAL_BREAKPOINTS = [(0, "-low"), (20, "-high")]
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "cancel"),
        Binding("ctrl+g", "external", "editor"),
    ]

    def __init__(
        self,
        title: str,
        text: str,
        choices: Sequence[Choice],
        *,
        drafts: Drafts | None = None,
        about: Hashable = None,
        hint: str = "",
        one_line: bool = False,
    ) -> None:
        """The first choice is also what Enter takes where there is one line."""
        super().__init__()
        self._title = title
        self._before = " ".join(text.split()) if one_line else text
        self._choices = tuple(choices)
        self._drafts: Drafts = {} if drafts is None else drafts
        self._about = about
        self._hint = hint
        self._one_line = one_line
        for choice in self._choices:
            action = f"choose('{choice.name}')"
            self._bindings.bind(choice.key, action, choice.word, priority=True)

    def compose(self) -> ComposeResult:
        """The text, and the keys below it."""
        field: Input | SafeTextArea
        if self._one_line:
            field = Input(self._before, compact=True, select_on_focus=False, id="text")
        else:
            field = SafeTextArea(
                self._before,
                soft_wrap=True,
                show_line_numbers=False,
                highlight_cursor_line=False,
                id="text",
            )
        box = Vertical(
            Static(visible(self._hint), id="text-hint", markup=False), field, KeyLines(), id="box"
        )
        box.border_title = escape(visible(self._title))
        yield box

    def on_mount(self) -> None:
        """The cursor stands at the end, after a draft where one was left."""
        draft = self._drafts.get(self._about)
        if draft is not None and draft != self._before:
            self._show(draft)
            self.query_one("#text-hint", Static).update(DRAFT)
        self.set_class(bool(self._hint) or draft is not None, "-hinted")
        field = self.query_one("#text")
        if isinstance(field, TextArea):
            field.move_cursor(field.document.end)
        field.focus()
        self.query_one(KeyLines).keys = [
            *(Key(key_name(c.key), c.word, f"choose('{c.name}')") for c in self._choices),
            *([] if self._one_line else [Key("^G", "editor", "external")]),
            Key("Esc", "cancel", "leave"),
        ]

    @property
    def text(self) -> str:
        """The text as it stands."""
        field = self.query_one("#text")
        return field.text if isinstance(field, TextArea) else self.query_one(Input).value

    def _show(self, text: str) -> None:
        """Put a text in place of what is there; where it has several lines, that can be undone."""
        field = self.query_one("#text")
        if isinstance(field, TextArea):
            field.history.checkpoint()
            field.replace(text, (0, 0), field.document.end, maintain_selection_offset=False)
        else:
            self.query_one(Input).value = text

    # What can be done

    @on(Input.Submitted)
    def _entered(self) -> None:
        self.action_choose(self._choices[0].name)

    def action_choose(self, name: str) -> None:
        """Be done with the text, with all that was typed before."""
        after_typing(self.query_one("#text"), partial(self._be_done, name))

    def _be_done(self, name: str) -> None:
        if not self.is_current:
            return  # chosen twice
        text = self.text
        self._drafts.pop(self._about, None)
        self.dismiss((name, text))

    def action_leave(self) -> None:
        """Cancel; what was typed is kept."""
        if self.text != self._before:
            self._drafts[self._about] = self.text
        else:
            self._drafts.pop(self._about, None)
        self.dismiss(None)

    def action_external(self) -> None:
        """Edit the text in the person's own editor."""
        if self._one_line:
            return
        try:
            self._show(edit_externally(self.app, self.text))
        except MlxchatError as error:
            self.notify(str(error), severity="warning", markup=False)
