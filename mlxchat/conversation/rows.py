"""The messages of a path as an engine takes them, and which places of the tree each was made of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from mlxchat.conversation.entries import Reply, UserMessage
from mlxchat.conversation.node import Node
from mlxchat.engine.interface import Message


@dataclass(slots=True)
class Row:
    """One message of a prompt."""

    message: Message
    nodes: list[Node] = field(default_factory=list)


def rows_of(path: Sequence[Node], until: Reply | None = None) -> list[Row]:
    """The messages on a path (up to a reply), roles in turn, as many templates demand.

    A reply without text, stopped or failed at once, is left out; what the person wrote before and
    after it is one message.
    """
    rows: list[Row] = []
    for node in path:
        entry = node.entry
        if entry is until and until is not None:
            break
        if isinstance(entry, UserMessage):
            if not rows or rows[-1].message.role != "user":
                rows.append(Row(Message("user", "")))
            before = rows[-1].message.content
            text = f"{before}\n\n{entry.text}" if before else entry.text
            rows[-1].message = Message("user", text)
            rows[-1].nodes.append(node)
        elif entry is not None and entry.text:
            rows.append(Row(entry.message, [node]))
    return rows


def nodes_left_out(path: Sequence[Node], reply: Reply) -> list[Node]:
    """The places on a path whose messages were not in the prompt of a reply."""
    if not reply.left_out:
        return []
    kept = rows_of(path, until=reply)[reply.left_out :]
    return list(path[: path.index(kept[0].nodes[0])]) if kept else []


def out_of_sight(path: Sequence[Node]) -> list[Node]:
    """The places on a path that are out of the model's sight: not in the prompt of the last
    reply."""
    replies = (node.entry for node in reversed(path) if isinstance(node.entry, Reply))
    reply = next((reply for reply in replies if reply.sees_known), None)
    return nodes_left_out(path, reply) if reply else []
