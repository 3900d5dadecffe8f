"""Preference pairs as trees: the prompt, and below it both replies, marked good and bad.

The prompt, `chosen` and `rejected` are lists of messages or texts. Without a prompt, what the two
lists have in common is the prompt. Pairs of the same prompt are one tree.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from mlxchat.conversation.conversation import Conversation
from mlxchat.conversation.exports.message_rows import (
    Row,
    conversation_of,
    read_rows,
    written_reply,
)
from mlxchat.conversation.node import Node, Rating
from mlxchat.conversation.plain import WrongValue


class Pair(NamedTuple):
    """Two replies to the same messages."""

    prompt: tuple[Row, ...]
    chosen: str
    rejected: str


def read_pair(value: dict[str, Any]) -> Pair:
    """The pair of a line; WrongValue says what is wrong."""
    chosen, rejected = (_rows(value, name, "assistant") for name in ("chosen", "rejected"))
    if "prompt" in value:
        prompt = _rows(value, "prompt", "user")
    else:
        same = (a == b for a, b in zip(chosen, rejected, strict=False))
        length = next((n for n, equal in enumerate(same) if not equal), 0)
        prompt, chosen, rejected = chosen[:length], chosen[length:], rejected[length:]
    if not any(row.role == "user" for row in prompt):
        raise WrongValue("says nothing", "prompt")
    return Pair(tuple(prompt), _reply(chosen, "chosen"), _reply(rejected, "rejected"))


def trees_of(pairs: list[Pair]) -> list[Conversation]:
    """A tree for each prompt, in the order in which they came."""
    trees: dict[tuple[Row, ...], _Tree] = {}
    for pair in pairs:
        if pair.prompt not in trees:
            trees[pair.prompt] = _Tree(pair.prompt)
        trees[pair.prompt].add(pair)
    return [Conversation(root=tree.root) for tree in trees.values()]


class _Tree:
    """The replies to one prompt."""

    def __init__(self, prompt: tuple[Row, ...]) -> None:
        conversation = conversation_of(list(prompt))
        self.root, self._place = conversation.root, conversation.tip
        self._system = conversation.system
        self._versions: dict[tuple[Rating, str], Node] = {}

    def add(self, pair: Pair) -> None:
        """Put both replies there, and show the good one."""
        self._place.shown = self._version("good", pair.chosen)
        self._version("bad", pair.rejected)

    def _version(self, rating: Rating, text: str) -> Node:
        """The reply of that text and mark, made where there is none."""
        if (rating, text) not in self._versions:
            node = Node(written_reply(text, self._system), self._place, rating=rating)
            self._place.children.append(node)
            self._versions[rating, text] = node
        return self._versions[rating, text]


def _rows(value: dict[str, Any], name: str, role: str) -> list[Row]:
    given = value.get(name)
    if isinstance(given, str):
        return [Row(role, given)]
    try:
        return read_rows(given)
    except WrongValue as error:
        raise error.within(name) from None


def _reply(rows: list[Row], name: str) -> str:
    if not rows or any(row.role != "assistant" for row in rows):
        raise WrongValue("must be one reply of the assistant", name)
    return "\n\n".join(row.content for row in rows)
