"""A branch of a conversation as a conversation of its own."""

from __future__ import annotations

from mlxchat.conversation.conversation import Conversation
from mlxchat.conversation.node import Node


def fork_of(tip: Node) -> Conversation:
    """A conversation with the messages up to `tip`, their ratings, votes and notes; the entries are
    the same, since what is finished never changes."""
    root, *path = tip.path()
    copy = Node(None, system=root.system)
    last = copy
    for node in path:
        last.shown = Node(
            node.entry, last, created=node.created, system=node.system, rating=node.rating,
            note=node.note, vote=node.vote,
        )  # fmt: skip
        last.children.append(last.shown)
        last = last.shown
    return Conversation(root=copy)
