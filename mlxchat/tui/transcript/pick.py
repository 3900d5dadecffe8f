"""Picking a message of the transcript, for what is to be done with it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.message import Message
from textual.reactive import var

from mlxchat.conversation.node import Node
from mlxchat.tui.transcript.entries import Entry
from mlxchat.tui.transcript.walk import TokenWalk


class MessagePick(TokenWalk):
    """A transcript of which a message can be picked. Gestures mean that one, or else the last
    message in sight."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("shift+up", "pick(-1)", "pick", key_display="⇧↑"),
        Binding("shift+down", "pick(1)", "pick next", show=False),
        Binding("e", "message('edit')", "edit"),
        Binding("c", "message('continue')", "continue", show=False),
        Binding("d,delete", "message('delete')", "delete", show=False),
        Binding("f", "message('fork')", "fork", show=False),
        Binding("t", "message('note')", "note", show=False),
        Binding("plus", "message('rate', 'good')", "good", key_display="+", show=False),
        Binding("minus", "message('rate', 'bad')", "bad", key_display="-", show=False),
        Binding("ctrl+z", "message('undo')", "undo", show=False),
        Binding("ctrl+y", "message('redo')", "redo", show=False),
    ]

    PICKED_KEYS = frozenset("ecdft")
    RATING_KEYS = frozenset(("plus", "minus"))

    picked: var[Node | None] = var[Node | None](None)
    """The message that gestures are meant for."""

    @dataclass
    class CommandWanted(Message, namespace="transcript"):
        """The person wants a command of the registry for the message that is picked or in sight."""

        name: str
        argument: str = ""

    class MenuWanted(Message, namespace="transcript"):
        """The person wants to choose what to do with the picked message."""

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Single letters and Enter mean the picked message while one is."""
        picked = self.picked is not None and not self.walking
        if action == "message" and parameters[0] not in ("rate", "undo", "redo"):
            return picked
        if action in ("message_menu", "pick_off"):
            return picked
        if action == "fold" and picked:
            return False
        if action == "pick":
            return not self.walking
        return super().check_action(action, parameters)

    def takes(self, key: str) -> bool:
        """Whether a printable key means something here just now."""
        if self.walking:
            return super().takes(key)
        return key in self.RATING_KEYS or (self.picked is not None and key in self.PICKED_KEYS)

    def action_pick(self, step: int) -> None:
        """Pick the message before or after the picked one; without one, the last in sight."""
        nodes = [entry for entry in self._rows.entries if entry.node is not None]
        if not nodes:
            return
        at = next((n for n, entry in enumerate(nodes) if entry.node is self.picked), None)
        if at is None:
            in_sight = self._messages_in_sight() or nodes
            chosen = in_sight[-1 if step < 0 else 0]
        else:
            chosen = nodes[min(max(0, at + step), len(nodes) - 1)]
        self.pick(chosen)

    def pick(self, entry: Entry) -> None:
        """Pick the message of an entry and bring its first line into sight."""
        self.picked = entry.node
        self._show_entry(entry)

    def bring(self, node: Node) -> None:
        """Pick a message of the path and bring it into sight."""
        for entry in self._rows.entries:
            if entry.node is node:
                self.pick(entry)
                return

    def action_pick_off(self) -> None:
        """Pick no message."""
        self.picked = None

    def action_message(self, name: str, argument: str = "") -> None:
        """Ask for a command for the message. The rating that it has already is taken away."""
        if name == "rate" and self.meant is not None and self.meant.rating == argument:
            argument = "none"
        self.post_message(self.CommandWanted(name, argument))

    def action_message_menu(self) -> None:
        """Ask what to do with the picked message."""
        self.post_message(self.MenuWanted())

    @property
    def meant(self) -> Node | None:
        """The message that gestures mean: the picked one, or the last in sight, or the last."""
        nodes = [entry.node for entry in self._messages_in_sight() or self._rows.entries]
        return self.picked or next((node for node in reversed(nodes) if node is not None), None)

    def watch_picked(self, before: Node | None, picked: Node | None) -> None:
        """Paint the mark."""
        for entry in self._rows.entries:
            wanted = picked is not None and entry.node is picked
            if entry.picked != wanted:
                entry.picked = wanted
                self.repaint(entry, 0, entry.height)
        self.refresh_bindings()

    def add(self, entries: list[Entry]) -> list[int]:
        for entry in entries:
            entry.picked = entry.node is not None and entry.node is self.picked
        return super().add(entries)

    def dim(self, nodes: set[Node]) -> None:
        """Show these messages as the model does not read them any more, and no others."""
        for entry in self._rows.entries:
            wanted = entry.node in nodes
            if entry.dimmed != wanted:
                entry.dimmed = wanted
                self.repaint(entry, 0, entry.height)

    def _messages_in_sight(self) -> list[Entry]:
        return [entry for _, entry in self._in_sight() if entry.node is not None]

    def _show_entry(self, entry: Entry) -> None:
        """Scroll so that the entry's first line is in sight."""
        self._wrap(entry)
        top, y, height = (
            self._rows.top(self._rows.index(entry.id)),
            self.scroll_offset.y,
            self.size.height,
        )
        if not y <= top < y + height:
            self.following = False
            self.scroll_to(y=max(0, top - 1), animate=False)
