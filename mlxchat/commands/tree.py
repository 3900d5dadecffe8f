"""What commands do to the tree of a conversation, and what is said of it."""

from __future__ import annotations

from mlxchat.conversation.entries import Reply
from mlxchat.conversation.node import Node, Rating
from mlxchat.errors import MlxchatError
from mlxchat.session.chat import ChatSession

BEGINS_SO = "The next reply begins so."
DELETED = "Deleted (/undo brings it back)"
FORKED = "This is a new conversation; the one before stays as it was."
ONE_VERSION = "What is in sight has one version: /retry writes another."


def meant(node: Node | None) -> Node:
    """The message that a command is about, or an MlxchatError where there is none."""
    if node is None:
        raise MlxchatError("There is no message yet.")
    return node


def undo(session: ChatSession) -> str:
    """Take back what was done last; what it was. Raises MlxchatError where nothing was done."""
    label = session.undo_step()
    if label is None:
        raise MlxchatError("There is nothing to undo in this conversation.")
    return f"Undone: {label}"


def redo(session: ChatSession) -> str:
    """Take back the last undo; what was done again. Raises MlxchatError where there is none."""
    label = session.redo_step()
    if label is None:
        raise MlxchatError("There is nothing to do again in this conversation.")
    return f"Done again: {label}"


def rate(session: ChatSession, node: Node, rating: Rating | None) -> None:
    """Call a reply good or bad, or neither. Raises MlxchatError for a message of the person's."""
    if not isinstance(node.entry, Reply):
        raise MlxchatError("Only replies are rated: pick one of the model's (Shift+Up).")
    session.rate(node, rating)


def write_version(session: ChatSession, node: Node) -> None:
    """Write a version after the last one. Raises MlxchatError for a message of the person's."""
    if not isinstance(node.entry, Reply):
        raise MlxchatError(
            "This is the last version of your message: edit it (Shift+Up, e) for another."
        )
    session.retry(node)
