"""What can be done with a message, in a small menu."""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from mlxchat.commands.registry import ACTIONS, COMMANDS, Command
from mlxchat.conversation.entries import Reply
from mlxchat.conversation.node import Node
from mlxchat.tui.keys import key_name
from mlxchat.tui.screens.dialog import Dialog
from mlxchat.tui.transcript.pick import MessagePick

Chosen = tuple[str, str]
"""A command and its argument."""


class MessageMenu(Dialog[Chosen]):
    """Dismissed with what was chosen, or None."""

    DEFAULT_CSS = """
    MessageMenu > #box { width: 48; max-width: 100%; }
    """
    BINDINGS: ClassVar = [Binding("left,right", "dismiss(None)", "close", show=False)]

    def __init__(self, node: Node) -> None:
        super().__init__()
        self._choices = choices(node)

    def compose(self) -> ComposeResult:
        """One line for each choice, with its key."""
        keys = own_keys()
        options = [
            Option(Content.assemble(f"{keys.get(choice, ''):>2}  ", (label, "bold")))
            for choice, label in self._choices
        ]
        box = Vertical(OptionList(*options, markup=False), id="box")
        box.border_title = "This message"
        box.border_subtitle = "Esc closes"
        yield box

    @on(OptionList.OptionSelected)
    def _selected(self, message: OptionList.OptionSelected) -> None:
        self.dismiss(self._choices[message.option_index][0])


def choices(node: Node) -> list[tuple[Chosen, str]]:
    """What can be done with a message, and how each is called."""
    is_reply = isinstance(node.entry, Reply)
    fitting = [c for c in ACTIONS if c.about == "message" or (is_reply and c.about == "reply")]
    rows = [row for command in fitting for row in _rows(command)]
    return [(("retry", ""), COMMANDS["retry"].help), *rows] if is_reply else rows


def _rows(command: Command) -> list[tuple[Chosen, str]]:
    if command.name == "rate":
        return [(("rate", "good"), "Call it good"), (("rate", "bad"), "Call it bad")]
    return [((command.name, ""), command.help)]


def own_keys() -> dict[Chosen, str]:
    """The keys that do the same while the message is picked."""
    keys = {}
    for binding in MessagePick.BINDINGS:
        assert isinstance(binding, Binding)
        if binding.action.startswith("message("):
            words = binding.action.removeprefix("message(").rstrip(")").replace("'", "").split(", ")
            key = binding.key_display or binding.key.split(",")[0]
            keys[words[0], words[1] if len(words) > 1 else ""] = key
    return keys | {("retry", ""): key_name(COMMANDS["retry"].key)}
