"""The choice of a system prompt: the person's own ones, and those that were used last."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar, Literal

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.widgets import Static

from mlxchat.errors import MlxchatError
from mlxchat.files.prompt_library import (
    Prompt,
    delete_prompt,
    read_prompts,
    recent_prompts,
    rename_prompt,
    restore_prompt,
    save_prompt,
)
from mlxchat.render.one_line import first_words
from mlxchat.render.safe import visible
from mlxchat.tui.external_editor import edit_externally
from mlxchat.tui.screens.dialog import Dialog
from mlxchat.tui.themes import ThemedApp
from mlxchat.tui.widgets.key_lines import Key, KeyLines
from mlxchat.tui.widgets.line_list import LineList
from mlxchat.tui.widgets.name_field import NameField

MOST_SHOWN = 20_000
"""Characters of a prompt in its preview."""


@dataclass(frozen=True, slots=True)
class Offer:
    """A system prompt in the list."""

    text: str
    name: str = ""
    """Empty where it is not saved."""
    current: bool = False


class PromptPicker(Dialog[str]):
    """Dismissed with the text that was chosen, or with None."""

    app: ThemedApp

    DEFAULT_CSS = """
    PromptPicker {
        & > #box { width: 90%; max-width: 116; height: 80%; }
        #prompt-body { height: 1fr; }
        LineList { width: 2fr; height: 1fr; }
        VerticalScroll {
            width: 3fr;
            height: 1fr;
            padding: 0 1 0 2;
            border-left: solid $border-blurred;
            scrollbar-size-vertical: 1;
            &:focus { border-left: solid $border; }
        }
        #prompt-preview { height: auto; }
        KeyLines, NameField { margin-top: 1; }
        &.-narrow {
            & > #box { width: 100%; height: 100%; max-height: 100%; }
            #prompt-body { layout: vertical; }
            LineList { width: 100%; }
            VerticalScroll {
                width: 100%;
                padding: 0 1;
                border: none;
                border-top: solid $border-blurred;
                &:focus { border-top: solid $border; }
            }
        }
        &.-low {
            VerticalScroll { height: 4; }
            KeyLines, NameField { margin: 0; }
        }
    }
    """
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (90, "-wide")]
    VERTICAL_BREAKPOINTS = [(0, "-low"), (20, "-high")]
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "close"),
        Binding("s", "save", "save the one under the cursor"),
        Binding("r", "rename", "rename"),
        Binding("d,delete", "delete", "delete"),
        Binding("ctrl+g", "external", "edit in your own editor"),
        Binding("u,ctrl+z", "restore", "bring back what was deleted"),
    ]

    def __init__(self, current: str) -> None:
        """`current` is the system prompt as it stands."""
        super().__init__()
        self._current = current
        self._offers: list[Offer] = []
        self._can_restore = False

    def compose(self) -> ComposeResult:
        """The list with the preview beside it, and the keys."""
        box = Vertical(
            Horizontal(
                LineList(self._draw),
                VerticalScroll(Static(id="prompt-preview", markup=False)),
                id="prompt-body",
            ),
            NameField(),
            KeyLines(),
            id="box",
        )
        box.border_title = "System prompts"
        yield box

    def on_mount(self) -> None:
        """Start at the prompt that is in force."""
        self._list = self.query_one(LineList)
        self._list.focus()
        self._fill(lambda offer: offer.current)
        for problem in read_prompts().problems[:3]:
            self._say(problem, "warning")

    # The list

    def _fill(self, at: Callable[[Offer], bool]) -> None:
        """List everything anew, with the cursor on the first that fits, or where it was."""
        library = read_prompts()
        self._can_restore = bool(library.deleted)
        self._offers = offers(self._current, library.prompts, recent_prompts())
        place = next((n for n, offer in enumerate(self._offers) if at(offer)), None)
        nothing = " None yet: write a system prompt, then save it here."
        self._list.show(len(self._offers), place, nothing)
        self._show()

    def _draw(self, index: int, width: int) -> list[Content]:
        offer = self._offers[index]
        mark = ("● ", "$accent") if offer.current else "  "
        if offer.name:
            return [Content.assemble(mark, visible(offer.name))]
        label = "not saved" if offer.current else "recent"
        words = first_words(offer.text, width)
        return [Content.assemble(mark, (f"{label}: {words}", "italic $text-muted"))]

    @property
    def _offer(self) -> Offer | None:
        at = self._list.cursor
        return self._offers[at] if at < len(self._offers) else None

    @on(LineList.Moved)
    def _show(self) -> None:
        offer = self._offer
        text = visible(offer.text[:MOST_SHOWN]) if offer else ""
        self.query_one("#prompt-preview", Static).update(Content(text))
        self.query_one(VerticalScroll).scroll_home(animate=False)
        named = offer is not None and offer.name
        self.query_one(KeyLines).keys = [
            *([Key("Enter", "use", "take")] if offer else []),
            *([Key("s", "save", "save")] if offer and not named else []),
            *([Key("r", "rename", "rename"), Key("d", "delete", "delete")] if named else []),
            *([Key("^G", "edit", "external")] if offer else []),
            *([Key("u", "bring back", "restore")] if self._can_restore else []),
            Key("Esc", "close", "leave"),
        ]

    # What can be done

    @on(LineList.Chosen)
    def _chosen(self) -> None:
        self.action_take()

    def action_take(self) -> None:
        """Use the prompt under the cursor."""
        if self._offer is not None:
            self.dismiss(self._offer.text)

    def action_save(self) -> None:
        """Ask for a name for the prompt under the cursor, which has none yet."""
        offer = self._offer
        if offer is None or offer.name:
            self._say("This prompt is saved already; r renames it.")
            return
        prompt_text = offer.text
        self.query_one(NameField).ask(
            "save",
            "",
            lambda name: self._do(lambda: save_prompt(Prompt(name, prompt_text)), name),
        )

    def action_rename(self) -> None:
        """Ask for another name."""
        offer = self._offer
        if offer is None or not offer.name:
            self._say("This prompt has no name yet: save it first (s).")
            return
        old = offer.name
        self.query_one(NameField).ask(
            "rename", old, lambda name: self._do(lambda: rename_prompt(old, name), name)
        )

    def action_delete(self) -> None:
        """Take the prompt under the cursor away."""
        offer = self._offer
        if offer is None or not offer.name:
            self._say("Only saved prompts can be deleted.")
        elif self._do(lambda: delete_prompt(offer.name), None):
            self._say(f"“{offer.name}” is deleted; u brings it back.")

    def action_restore(self) -> None:
        """Bring back the prompt that was deleted last."""
        self._do(restore_prompt, None)

    def action_external(self) -> None:
        """Edit the prompt under the cursor in the person's own editor: a saved one is saved as it
        was left there, another is used."""
        offer = self._offer
        if offer is None:
            return
        try:
            text = edit_externally(self.app, offer.text)
        except MlxchatError as error:
            self._say(str(error), "warning")
            return
        if text != offer.text:
            self._take_edited(offer, text)

    def _take_edited(self, offer: Offer, text: str) -> None:
        if offer.name and self._do(lambda: save_prompt(Prompt(offer.name, text)), offer.name):
            self._say(f"“{offer.name}” is saved; u brings back what it said before.")
        elif text.strip():
            self.dismiss(text)  # also where it could not be saved: it must not be lost

    def action_leave(self) -> None:
        """Close; from the preview, go back to the list."""
        if self.focused is self._list:
            self.dismiss(None)
        else:
            self._list.focus()

    def _do(self, change: Callable[[], object], name: str | None) -> bool:
        """Change something and list anew, with the cursor on a name or on what `change` gives."""
        try:
            done = change()
        except MlxchatError as error:
            self._say(str(error), "warning")
            return False
        wanted = name if name is not None else done
        self._fill(lambda offer: bool(offer.name) and offer.name == wanted)
        return True

    def _say(self, text: str, severity: Literal["information", "warning"] = "information") -> None:
        self.notify(text, severity=severity, markup=False)


def offers(current: str, prompts: tuple[Prompt, ...], recent: list[str]) -> list[Offer]:
    """The current prompt where it is not saved, the saved ones, and recent ones that are not."""
    here = current.strip()
    saved = [Offer(p.text, p.name, bool(here) and p.text.strip() == here) for p in prompts]
    known = {offer.text.strip() for offer in saved}
    first = [Offer(current, current=True)] if here and here not in known else []
    known.add(here)
    return [*first, *saved, *(Offer(text) for text in recent if text.strip() not in known)]
