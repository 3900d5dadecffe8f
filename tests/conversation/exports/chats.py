"""Small conversations for the tests of exports."""

from __future__ import annotations

from mlxchat.conversation.conversation import Conversation
from mlxchat.conversation.entries import Reply, UserMessage
from mlxchat.conversation.exports.chat import Chat
from mlxchat.conversation.node import Node, Rating
from mlxchat.settings.parameters import Settings


def reply(text: str, system: str = "", reason: str = "stop", model: str = "m") -> Reply:
    """A reply that says this."""
    return Reply(model, None, 1, Settings(), prefill=text, system=system, reason=reason)  # type: ignore[arg-type]


def talk(*texts: str, system: str = "", model: str = "m") -> Conversation:
    """A question, an answer, and so on."""
    conversation = Conversation(system)
    for place, text in enumerate(texts):
        says = reply(text, system, model=model) if place % 2 else UserMessage(text)
        conversation.add(says)
    return conversation


def version(conversation: Conversation, text: str, rating: Rating | None = None) -> Node:
    """Another version of the last message, with a mark."""
    node = conversation.add_version(conversation.tip, reply(text, conversation.system))
    conversation.rate(node, rating)
    return node


def chats(*conversations: Conversation) -> list[Chat]:
    """With titles."""
    return [Chat("Title", conversation) for conversation in conversations]
