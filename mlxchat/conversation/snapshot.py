"""A conversation as it is now, for somebody who reads it while it goes on."""

from __future__ import annotations

from dataclasses import replace

from mlxchat.conversation.conversation import Conversation
from mlxchat.conversation.entries import Entry, Reply
from mlxchat.conversation.node import Node
from mlxchat.conversation.token_list import TokenList


def snapshot_of(conversation: Conversation) -> Conversation:
    """An equal conversation that does not change with this one. What is finished never changes, so
    that only the tree is copied, and a reply that is being written."""
    copies: dict[Node, Node] = {}
    for node in conversation.root.walk():
        parent = copies[node.parent] if node.parent is not None else None
        copies[node] = copy = replace(
            node, entry=_as_it_is(node.entry), parent=parent, children=[], shown=None
        )
        if parent is not None:
            parent.children.append(copy)
    for node, copy in copies.items():
        copy.shown = copies[node.shown] if node.shown is not None else None
    taken = Conversation(root=copies[conversation.root])
    taken.overflow = conversation.overflow
    return taken


def _as_it_is(entry: Entry | None) -> Entry | None:
    if isinstance(entry, Reply) and entry.reason is None:
        return replace(entry, tokens=TokenList(entry.tokens))
    return entry
