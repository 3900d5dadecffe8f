"""What is written to a file and read from one: conversations with their titles."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from mlxchat.conversation.conversation import Conversation
from mlxchat.conversation.entries import Reply
from mlxchat.conversation.exports.only import Only
from mlxchat.conversation.plain import whole
from mlxchat.render.safe import visible

LONGEST_TITLE = 200
LARGEST_FILE = 512 * 1024 * 1024
"""In bytes; what is imported is held in memory several times over."""

Names = Callable[[Reply, int], str | None]
"""The text of a token of a reply's model, where it is known."""


class Chat(NamedTuple):
    """A conversation and what it is called; its root says when it began."""

    title: str
    conversation: Conversation


@dataclass(frozen=True, slots=True)
class Options:
    """What of the conversations is written."""

    only: Only | None = None
    """Which messages; None for all."""
    branches: bool = False
    """Whether messages of other branches are written, where a format can do without."""
    names: Names | None = None
    """What spells tokens that were not drawn, in the page."""


@dataclass(frozen=True, slots=True)
class Exported:
    """A file's text, and what is in it."""

    text: str
    what: str
    """Such as `3 conversations`."""
    left_out: str = ""
    """A sentence about what is not in it."""


def damage_in(chats: Sequence[Chat]) -> str:
    """A sentence about replies whose saved tokens cannot be read; empty where there are none."""
    nodes = (node for chat in chats for node in chat.conversation.nodes())
    damaged = sum(
        isinstance(node.entry, Reply) and bool(node.entry.tokens.damage) for node in nodes
    )
    if not damaged:
        return ""
    those = "1 reply" if damaged == 1 else f"{damaged} replies"
    return f"The saved tokens of {those} are damaged: only the text is written."


def counted(number: int, name: str) -> str:
    """A number of things: `1 pair`, `2 pairs`."""
    return f"{number} {name}" if number == 1 else f"{number} {name}s"


def one_line(text: str) -> str:
    """A title or a name as it can stand in a line."""
    line = visible(whole(" ".join(text.split())))
    return line if len(line) <= LONGEST_TITLE else line[: LONGEST_TITLE - 1] + "…"


def title_of(chat: Chat) -> str:
    """What it is called; without a title, the beginning of what was said first."""
    said = (entry.text for entry in chat.conversation.entries if entry.text.strip())
    return one_line(chat.title) or one_line(next(said, ""))[:60] or "Conversation"
