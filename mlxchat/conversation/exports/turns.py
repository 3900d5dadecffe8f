"""A conversation up to a reply as plain messages, for what trains on it."""

from __future__ import annotations

from mlxchat.conversation.conversation import Conversation
from mlxchat.conversation.entries import Reply
from mlxchat.conversation.fork import fork_of
from mlxchat.conversation.node import Node
from mlxchat.conversation.plain import whole

Turn = dict[str, str]
"""`{"role": …, "content": …}`"""


def turns_before(node: Node) -> list[Turn]:
    """The messages that a reply answers, under the system prompt that it was written under."""
    reply = _reply(node)
    rows = fork_of(node).before(reply)
    return [{"role": row.role, "content": whole(row.content)} for row in rows]


def turn_of(node: Node) -> Turn:
    """The reply itself."""
    return {"role": "assistant", "content": whole(_reply(node).text)}


def in_turn(turns: list[Turn]) -> bool:
    """Whether they are a question, an answer and so on, perhaps under a system prompt, and end
    with a question: what every chat template takes."""
    roles = [turn["role"] for turn in turns]
    if roles[:1] == ["system"]:
        del roles[0]
    return len(roles) % 2 == 1 and all(
        role == ("assistant" if place % 2 else "user") for place, role in enumerate(roles)
    )


def last_to_train_on(conversation: Conversation) -> Node | None:
    """The last reply on the shown path up to which every one can be trained on, so that one that
    cannot is not among what a line says either; None where the first one cannot."""
    last = None
    for node in conversation.path:
        if is_to_train_on(node):
            last = node
        elif isinstance(node.entry, Reply) and node.entry.text:  # one without text is in no prompt
            break
    return last


def is_to_train_on(node: Node) -> bool:
    """Whether it is a reply that ended by itself and that the person does not call bad, or any
    that they call good as it is."""
    entry = node.entry
    if not isinstance(entry, Reply) or not entry.text.strip() or entry.reason is None:
        return False
    return node.rating == "good" or (node.rating is None and entry.reason == "stop")


def _reply(node: Node) -> Reply:
    assert isinstance(node.entry, Reply)
    return node.entry
