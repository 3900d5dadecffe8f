"""Which messages of a conversation are wanted: those rated good or bad, or with a note."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, get_args

from mlxchat.conversation.conversation import Conversation
from mlxchat.conversation.node import Node

Only = Literal["good", "bad", "rated", "noted"]
ONLY: tuple[Only, ...] = get_args(Only)

_WANTED: dict[Only, Callable[[Node], bool]] = {
    "good": lambda node: node.rating == "good",
    "bad": lambda node: node.rating == "bad",
    "rated": lambda node: node.rating is not None,
    "noted": lambda node: bool(node.note),
}


def in_sight(conversation: Conversation) -> list[Node]:
    """All messages that were not taken away, those of other branches too, parents first."""
    found: list[Node] = []
    waiting = [conversation.root]
    while waiting:
        node = waiting.pop()
        found.append(node)
        waiting += reversed(node.versions)
    return found[1:]


def wanted(conversation: Conversation, only: Only) -> list[Node]:
    """The messages of that kind, on all branches."""
    return [node for node in in_sight(conversation) if _WANTED[only](node)]


def narrowed(conversation: Conversation, only: Only) -> Conversation | None:
    """A conversation of the messages of that kind and of those that lead to them; None where there
    are none."""
    kept: set[Node] = set()
    for node in reversed(in_sight(conversation)):
        if _WANTED[only](node) or any(child in kept for child in node.versions):
            kept.add(node)
    if not kept:
        return None
    found = Conversation(root=_copy(conversation.root, kept))
    found.overflow = conversation.overflow
    return found


def _copy(root: Node, kept: set[Node]) -> Node:
    top = _alone(root, None)
    waiting = [(root, top)]
    while waiting:
        node, copy = waiting.pop()
        for child in node.children:
            if child in kept:
                below = _alone(child, copy)
                copy.children.append(below)
                waiting.append((child, below))
                if child is node.shown or copy.shown is None:
                    copy.shown = below
    return top


def _alone(node: Node, parent: Node | None) -> Node:
    return Node(
        node.entry, parent, node.id, node.created, system=node.system, rating=node.rating,
        note=node.note, vote=node.vote,
    )  # fmt: skip
