"""What can be done with a message, in a small menu."""

from __future__ import annotations

from collections.abc import Container
from typing import ClassVar, NamedTuple

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from mlxchat.commands.command import Command
from mlxchat.commands.keys import key_name, keys
from mlxchat.commands.registry import ACTIONS
from mlxchat.conversation.entries import Reply
from mlxchat.conversation.node import Node
from mlxchat.tui.screens.dialog import Dialog
from mlxchat.tui.transcript.pick import MessagePick

Chosen = tuple[str, str]
"""A command and its argument."""


class MessageMenu(Dialog[Chosen]):
    """Dismissed with what was chosen, or None."""

    DEFAULT_CSS = """
    MessageMenu > #box { width: 40; max-width: 100%; }
    """
    BINDINGS: ClassVar = [Binding("left,right", "dismiss(None)", "close", show=False)]

    def __init__(self, node: Node, *, comparing: bool = False, limits: Container[str] = ()) -> None:
        """`comparing`: without what is refused while models are compared. Commands of `limits` are
        dimmed: chosen, they say why they cannot be done."""
        super().__init__()
        self._limits = limits
        self._choices = choices(node, comparing=comparing)
        self._keys = own_keys()

    def compose(self) -> ComposeResult:
        """One line for each choice, with its key."""
        options = [
            Option(Content.assemble(f"{self._keys[choice].name:>2}  ", (label, self._look(choice))))
            for choice, label in self._choices
        ]
        box = Vertical(OptionList(*options, markup=False), id="box")
        box.border_title = "This message"
        box.border_subtitle = "Esc closes"
        yield box

    def _look(self, choice: Chosen) -> str:
        return "dim" if choice[0] in self._limits else "bold"

    def on_key(self, event: events.Key) -> None:
        """The keys that are shown work here too."""
        for choice, _ in self._choices:
            if event.key in self._keys[choice].keys:
                event.stop()
                self.dismiss(choice)
                return

    @on(OptionList.OptionSelected)
    def _selected(self, message: OptionList.OptionSelected) -> None:
        self.dismiss(self._choices[message.option_index][0])


def choices(node: Node, *, comparing: bool = False) -> list[tuple[Chosen, str]]:
    """What can be done with a message, and how each is called."""
    is_reply = isinstance(node.entry, Reply)
    fitting = [c for c in ACTIONS if c.about == "message" or (is_reply and c.about == "reply")]
    allowed = [c for c in fitting if not (comparing and c.comparing == "never")]
    return [row for command in allowed for row in _rows(command)]


def _rows(command: Command) -> list[tuple[Chosen, str]]:
    if command.name == "rate":
        return [(("rate", "good"), "Call it good"), (("rate", "bad"), "Call it bad")]
    return [((command.name, ""), command.menu)]


class OwnKeys(NamedTuple):
    """The keys that do something with the picked message, and how the first one is written."""

    keys: tuple[str, ...]
    name: str


def own_keys() -> dict[Chosen, OwnKeys]:
    """The keys of each choice while a message is picked."""
    own_keys: dict[Chosen, OwnKeys] = {}
    if retry := keys().of.get("retry"):
        own_keys["retry", ""] = OwnKeys((retry,), key_name(retry))
    for binding in MessagePick.BINDINGS:
        assert isinstance(binding, Binding)
        if binding.action.startswith("message("):
            words = binding.action.removeprefix("message(").rstrip(")").replace("'", "").split(", ")
            own = tuple(binding.key.split(","))
            argument = words[1] if len(words) > 1 else ""
            own_keys[words[0], argument] = OwnKeys(own, binding.key_display or own[0])
    return own_keys
