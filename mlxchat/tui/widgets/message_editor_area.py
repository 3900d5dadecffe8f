"""The text field of the message editor."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import ClassVar, Protocol

from textual import events
from textual.binding import Binding, BindingType
from textual.document._document import EditResult, Location
from textual.document._edit import Edit
from textual.geometry import Size
from textual.message import Message
from textual.screen import Screen
from textual.widgets import TextArea
from textual.widgets.text_area import Selection

from mlxchat.session.pastes import FOLD_FROM, Pastes

MAX_LINES = 8

_UNSAFE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")


class Owner(Protocol):
    """What the area belongs to. It is called at once, before the next key: several can come in one
    packet, and each means the text as it is then."""

    def offer(self) -> bool:
        """Offer completions for the text as it is; whether the list is open, so that Tab, Escape,
        Up and Down are its own."""

    def send(self) -> None:
        """Enter was pressed."""

    def leave(self, steps: int) -> None:
        """The cursor went beyond the first line (-1) or the last (+1)."""

    def complete(self) -> None:
        """Tab was pressed while the list is open."""

    def close_completions(self) -> None:
        """Escape was pressed while the list is open."""


class EditorArea(TextArea):
    """A TextArea in which Enter sends and a very long paste stands as one token."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("shift+enter,ctrl+j,alt+enter", "break_line", "Break line", show=False),
    ]

    @dataclass
    class BeginningLeft(Message):
        """Shift+Up was pressed where the text begins: there is nothing above to select."""

    def __init__(self, placeholder: str, owner: Owner) -> None:
        super().__init__(
            soft_wrap=True, compact=True, highlight_cursor_line=False, placeholder=placeholder
        )
        self.pastes = Pastes()
        self._owner = owner
        self._screen_height = 0

    def on_mount(self) -> None:
        self.screen.screen_layout_refresh_signal.subscribe(self, self._laid_out)

    def _laid_out(self, screen: Screen[object]) -> None:
        """A third of the screen is another number of lines once the screen has another height."""
        if screen.size.height != self._screen_height:
            self._screen_height = screen.size.height
            self.refresh(layout=True)

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """As many lines as the text has, within MAX_LINES and a third of the screen."""
        lines = super().get_content_height(container, viewport, width)
        return max(1, min(lines, MAX_LINES, viewport.height // 3 - 1))

    @property
    def selected_text(self) -> str:
        """The selected text, tokens expanded."""
        return self.pastes.expand(super().selected_text)

    @property
    def message_text(self) -> str:
        """The whole text, tokens expanded."""
        return self.pastes.expand(self.text)

    def show(self, text: str, *, at_end: bool) -> None:
        """Replace the text, as one step that can be undone; the cursor at its end or on its
        first line."""
        shown = self.pastes.folded(text)
        self.replace(shown, (0, 0), self.document.end, maintain_selection_offset=False)
        self.move_cursor(self.document.end if at_end else (0, len(self.document.get_line(0))))

    def edit(self, edit: Edit) -> EditResult:
        """Perform an edit; one that would cut a token takes the whole token.

        Characters that the terminal would obey come in as visible ones.
        """
        start, end = sorted((edit.from_location, edit.to_location))
        if start == end:
            start = end = self._beside_token(start, after=True)
        else:
            start = self._beside_token(start, after=False)
            end = self._beside_token(end, after=True)
        text = _UNSAFE.sub(_shown, edit.text)
        return super().edit(replace(edit, text=text, from_location=start, to_location=end))

    async def _on_key(self, event: events.Key) -> None:
        if await self._take(event.key):
            event.stop()
            event.prevent_default()

    async def _take(self, key: str) -> bool:
        """Do what a key means here, and at once: by the way of the app's bindings it would come
        after the letters that were typed behind it."""
        own = {
            "enter": self._owner.send,
            "tab": self._owner.complete,
            "escape": self._owner.close_completions,
        }
        if key == "enter" or (key in own and self._owner.offer()):
            own[key]()
            return True
        bindings = self._bindings.key_to_bindings.get(key, ())
        return any([await self.app.run_action(each.action, self) for each in bindings])

    async def _on_paste(self, event: events.Paste) -> None:
        event.stop()
        event.prevent_default()
        self._insert_text(event.text)

    def action_paste(self) -> None:
        """Insert the clipboard's text."""
        self._insert_text(self.app.clipboard)

    def action_cut(self) -> None:
        """Cut the selection, or the line; a token's text goes to the clipboard."""
        super().action_cut()
        if (whole := self.pastes.expand(self.app.clipboard)) != self.app.clipboard:
            self.app.copy_to_clipboard(whole)

    def action_break_line(self) -> None:
        """Insert a line break."""
        self.replace("\n", *self.selection, maintain_selection_offset=False)

    def action_cursor_up(self, select: bool = False) -> None:
        """Go up a line, or beyond the first one."""
        first = self.navigator.is_first_wrapped_line(self.cursor_location)
        if select and self.selection == Selection.cursor((0, 0)):
            self.post_message(self.BeginningLeft())
        elif not select and (first or self._owner.offer()):
            self._owner.leave(-1)
        else:
            super().action_cursor_up(select)

    def action_cursor_down(self, select: bool = False) -> None:
        """Go down a line, or beyond the last one."""
        last = self.navigator.is_last_wrapped_line(self.cursor_location)
        if not select and (last or self._owner.offer()):
            self._owner.leave(1)
        else:
            super().action_cursor_down(select)

    def _insert_text(self, text: str) -> None:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
        long = len(text) + len(self.text) > FOLD_FROM and len(text) > FOLD_FROM // 20
        shown = self.pastes.fold(text) if long else text
        self.replace(shown, *self.selection, maintain_selection_offset=False)
        self.scroll_cursor_visible()

    def _beside_token(self, location: Location, *, after: bool) -> Location:
        row, column = location
        if row >= self.document.line_count:
            return location
        around = self.pastes.token_around(self.document.get_line(row), column)
        return location if around is None else (row, around[after])


def _shown(match: re.Match[str]) -> str:
    code = ord(match.group())
    return chr(0x2400 + code) if code < 0x20 else "\ufffd"
