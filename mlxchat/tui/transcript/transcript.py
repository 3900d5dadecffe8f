"""The conversation on the screen: one widget over cached line strips, however long it gets."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from sys import maxsize
from typing import ClassVar

from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Offset
from textual.message import Message
from textual.selection import Selection

from mlxchat.conversation.entries import Reply
from mlxchat.conversation.node import Node
from mlxchat.tui.transcript import selection as selecting
from mlxchat.tui.transcript.css import CSS
from mlxchat.tui.transcript.difference import Difference
from mlxchat.tui.transcript.entries import (
    GUTTER,
    Entry,
    EntryHeader,
    NoticeEntry,
    NoticeKind,
    UserEntry,
)
from mlxchat.tui.transcript.layout import Anchor
from mlxchat.tui.transcript.pick import MessagePick
from mlxchat.tui.transcript.reply import ReplyEntry
from mlxchat.tui.transcript.view import HINT

__all__ = ["EntryHeader", "NoticeEntry", "ReplyEntry", "Transcript", "UserEntry"]


class Transcript(MessagePick):
    """Messages, replies that are being written, and notices.

    Call it on the screen's thread. An id stays that of its entry until the entry is removed;
    using it later raises KeyError.
    """

    DEFAULT_CSS = CSS
    HELP = """\
## Conversation

Scroll with the wheel, the arrow and the page keys. The view follows a reply while it is at the
end; `End` takes it there again. `Enter` folds and unfolds reasoning. Drag with the mouse to select
text, `Ctrl+C` copies it. What you type goes to the message.
"""
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "fold", "Fold reasoning", show=False),
        Binding("enter", "roads", "other roads"),
        Binding("enter", "message_menu", "do with it"),
        Binding("escape", "walk_off", "back", show=False),
        Binding("escape", "pick_off", "back", show=False),
        Binding("left", "scroll_left", "Version before", show=False),
        Binding("right", "scroll_right", "Next version", show=False),
    ]

    @dataclass
    class VersionAsked(Message):
        """The person wants another version of a message, `step` places from the one shown."""

        node: Node
        step: int

    # What is said

    def begin_reply(
        self,
        header: EntryHeader | str,
        *,
        open_reasoning: bool = False,
        think_tags: tuple[str, str] | None = None,
        reply: Reply | None = None,
        aside: bool = False,
    ) -> int:
        """Add an empty reply that is going to be written; its id."""
        entry = ReplyEntry(
            header,
            open_reasoning=open_reasoning,
            think_tags=think_tags,
            finished=False,
            reply=reply,
            aside=aside,
        )
        return self.add([entry])[0]

    def append_reply(self, entry_id: int, text: str) -> None:
        """Add text to a reply."""
        if text:
            reply = self._reply(entry_id)
            self.changed(reply, reply.append(text))

    def finish_reply(self, entry_id: int, footer: str, text_final: str | None = None) -> None:
        """The reply is over: show its footer, and its final text where that differs."""
        reply = self._reply(entry_id)
        self.changed(reply, reply.finish(footer, text_final))

    def set_status(self, entry_id: int, text: str) -> None:
        """Show a line below a reply that is not finished; empty text takes it away."""
        reply = self._reply(entry_id)
        self.changed(reply, reply.set_status(text))

    def set_header(self, entry_id: int, header: EntryHeader) -> None:
        """Change the line above a message."""
        entry = self._rows.entries[self._rows.index(entry_id)]
        if isinstance(entry, ReplyEntry | UserEntry):
            self.changed(entry, entry.set_header(header))

    def set_difference(self, reply: Reply, difference: Difference) -> None:
        """Mark where a reply differs from another; nothing where no entry shows it."""
        for entry in reversed(self._rows.entries):
            if isinstance(entry, ReplyEntry) and entry.reply is reply:
                if entry.difference != difference:
                    self.changed(entry, entry.set_difference(difference))
                return

    def add_notice(self, text: str, kind: NoticeKind = "information") -> int:
        """Add a word from the program; its id."""
        return self.add([NoticeEntry(text, kind)])[0]

    def load(self, entries: Iterable[Entry]) -> list[int]:
        """Show these entries instead, however many, from the end; their ids."""
        self.clear()
        return self.add(list(entries))

    def remove_from(self, entry_id: int) -> None:
        """Remove this entry and all after it."""
        self.cut(self._rows.index(entry_id))

    def entry_of(self, reply: Reply) -> ReplyEntry:
        """The entry that shows a reply; KeyError where none does."""
        for entry in reversed(self._rows.entries):
            if isinstance(entry, ReplyEntry) and entry.reply is reply:
                return entry
        raise KeyError("no entry shows this reply")

    def clear(self) -> None:
        """Remove all entries."""
        self.cut(0)

    # Gestures

    def action_fold(self) -> None:
        """Fold or unfold the reasoning, or the changes of settings, nearest to the middle of the
        view; all reasoning where none is in sight."""
        top = self.scroll_offset.y
        middle = top + self.size.height // 2
        heads = [
            (abs(row - middle), entry, row - self._rows.top(index))
            for index, entry in self._replies_in_sight()
            for row in (self._rows.top(index) + line for line in entry.foldable + entry.marked)
            if top <= row < top + self.size.height
        ]
        if heads:
            _, reply, row = min(heads, key=lambda head: head[0])
            self._open(reply, row)
        elif hold := self._rows.anchor(top):
            replies = [e for e in self._rows.entries if isinstance(e, ReplyEntry)]
            self._fold(replies, hold)

    def action_copy_reply(self) -> None:
        """Copy the text of the last reply."""
        entries = self._rows.entries
        replies = [e for e in entries if isinstance(e, ReplyEntry) and e.text and not e.aside]
        if replies:
            self.app.copy_to_clipboard(replies[-1].text)
            self.notify("The last reply is in the clipboard.")

    def action_scroll_home(self) -> None:
        """Go to the first line, or to the first token of a reply."""
        if not self.walk_by(-maxsize):
            self._scroll_rows(-self.scroll_offset.y)

    def action_scroll_end(self) -> None:
        """Go to the last line and follow the text from there, or to the last token of a reply."""
        if not self.walk_by(maxsize):
            self.follow()

    def follow(self) -> None:
        """Go to the last line, and follow the text from there."""
        self.following = True
        self._settle()

    def action_page_up(self) -> None:
        """Go up by a screen less two lines."""
        self._scroll_rows(2 - self.size.height)

    def action_page_down(self) -> None:
        """Go down by a screen less two lines."""
        self._scroll_rows(self.size.height - 2)

    def action_scroll_up(self) -> None:
        """Go up by a line, or to the token above."""
        if not self.walk_lines(-1):
            self._scroll_rows(-1)

    def action_scroll_down(self) -> None:
        """Go down by a line, or to the token below."""
        if not self.walk_lines(1):
            self._scroll_rows(1)

    def action_scroll_left(self) -> None:
        """The token before, or the version before of the reply in sight."""
        if not self.walk_by(-1):
            self.ask_version(-1)

    def action_scroll_right(self) -> None:
        """The next token, or the next version of the reply in sight."""
        if not self.walk_by(1):
            self.ask_version(1)

    def ask_version(self, step: int) -> bool:
        """Ask for another version of the picked message, or of the last one in sight that has any;
        False where none has. After the last version of a reply comes a new one; so it does for the
        last reply where nothing in sight has versions."""
        node = self._of_versions(step)
        if node is not None:
            self.post_message(self.VersionAsked(node, step))
        return node is not None

    def _of_versions(self, step: int) -> Node | None:
        """The message that Left and Right walk: both the same one, however far they go."""
        nodes = [e.node for e in self._messages_in_sight() if e.node is not None]
        if self.picked is not None:
            return self.picked if step > 0 or self.picked.version.count > 1 else None
        several = [node for node in nodes if node.version.count > 1]
        alone = [node for node in nodes if step > 0 and self._is_last_reply(node)]
        return next(reversed(several or alone), None)

    def _is_last_reply(self, node: Node) -> bool:
        return isinstance(node.entry, Reply) and node.shown is None

    def on_click(self, event: events.Click) -> None:
        """Fold reasoning, tell changes, go to the end at the hint, select a token, a word or a
        message."""
        at = event.get_content_offset(self)
        under = None if at is None else self.row_under(at.y)
        if at is None or under is None or self.text_selection is not None:
            return
        entry, row = under
        if event.chain > 1:
            event.prevent_default()
            event.stop()
            self._select(entry, row, at, whole=event.chain > 2)
        elif self.unread and at.y == self.size.height - 1 and at.x >= self.size.width - len(HINT):
            self.follow()
        elif row == 0 and entry.node is not None:
            self._click_header(entry, entry.node, at.x)
        elif isinstance(entry, ReplyEntry):
            self._click_reply(entry, row, at.x)

    def _click_header(self, entry: Entry, node: Node, column: int) -> None:
        """Go to another version at `‹2/3›`; elsewhere pick the message, and again ask what to do
        with it."""
        text, branch = entry.row(0).line.text, node.version.text
        start = GUTTER + text.index(branch) if branch and branch in text else -1
        if start >= 0 and start <= column < start + len(branch):
            step = 1 if column >= start + len(branch) // 2 else -1
            self.post_message(self.VersionAsked(node, step))
        elif self.picked is node:
            self.action_message_menu()
        else:
            self.pick(entry)

    def _click_reply(self, entry: ReplyEntry, row: int, column: int) -> None:
        place = entry.token_at(row, column - GUTTER) if column >= GUTTER else None
        if row in entry.foldable or (row in entry.marked and place is None):
            self._open(entry, row)
        elif place is not None:
            self.walk_to(entry, place)

    def _open(self, entry: ReplyEntry, row: int) -> None:
        """Open or close what stands at a row: reasoning, or changes of settings."""
        if row in entry.foldable:
            self._fold([entry], Anchor(entry, row))
            return
        hold = Anchor(entry, row)
        shift = self._rows.row_of(hold) - self.scroll_offset.y
        entry.tells_changes = not entry.tells_changes
        self.rearrange([entry], hold, shift)

    def _reply(self, entry_id: int) -> ReplyEntry:
        entry = self._rows.entries[self._rows.index(entry_id)]
        if not isinstance(entry, ReplyEntry):
            raise KeyError(entry_id)
        return entry

    def _scroll_rows(self, rows: int) -> None:
        self.scroll_to(y=self.scroll_offset.y + rows, animate=False)

    def _fold(self, replies: list[ReplyEntry], hold: Anchor) -> None:
        folded = not all(reply.folded for reply in replies)
        shift = self._rows.row_of(hold) - self.scroll_offset.y
        for reply in replies:
            reply.folded = folded
        self.rearrange(list(replies), hold, shift)

    def _select(self, entry: Entry, row: int, at: Offset, *, whole: bool) -> None:
        top = self._rows.top(self._rows.index(entry.id)) - self._origin
        if whole:
            ends = Offset(0, top), Offset(0, top + entry.height - 1)
            selection: Selection | None = Selection.from_offsets(*ends)
        else:
            offset = self.screen.get_widget_and_offset_at(*(at + self.content_region.offset))[1]
            text = self.render_line(at.y).text
            selection = selecting.word_at(text, offset) if offset is not None else None
        self.screen.selections = {self: selection} if selection else {}
