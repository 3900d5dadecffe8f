"""Plain messages, `{"role": …, "content": …}`, as a conversation."""

from __future__ import annotations

from typing import Any, NamedTuple

from mlxchat.conversation.conversation import Conversation
from mlxchat.conversation.entries import Reply, UserMessage
from mlxchat.conversation.plain import WrongValue, read_list
from mlxchat.settings.parameters import Settings

ROLES = {"system": "system", "developer": "system", "user": "user", "assistant": "assistant"}
NO_MODEL = "imported"
"""Stands where the model of a reply is not known."""


class Row(NamedTuple):
    """One message."""

    role: str
    content: str


def read_rows(value: object) -> list[Row]:
    """The messages; WrongValue where they are none."""
    return read_list(value, _row)


def conversation_of(rows: list[Row]) -> Conversation:
    """A conversation that goes so; WrongValue where nothing is said.

    A system prompt holds from its place on. Replies in a row become one, since roles are in turn.
    """
    conversation = Conversation()
    for row in _joined(rows):
        if row.role == "system":
            conversation.system = row.content
        elif row.role == "user":
            conversation.add(UserMessage(row.content))
        else:
            conversation.add(written_reply(row.content, conversation.system))
    if not conversation.entries:
        raise WrongValue("says nothing")
    return Conversation(root=conversation.root)  # there is nothing to undo in it


def written_reply(text: str, system: str = "", model: str = NO_MODEL) -> Reply:
    """A reply of which nothing but its text is known."""
    return Reply(
        model, None, 0, Settings(), prefill=text, system=system, reason="stop", imported=True
    )


def _joined(rows: list[Row]) -> list[Row]:
    joined: list[Row] = []
    for row in rows:
        if joined and row.role == joined[-1].role == "assistant":
            row = Row(row.role, f"{joined.pop().content}\n\n{row.content}")
        joined.append(row)
    return joined


def _row(value: object) -> Row:
    if not isinstance(value, dict):
        raise WrongValue('must be {"role": …, "content": …}')
    given = value.get("role")
    role = ROLES.get(given) if isinstance(given, str) else None
    if role is None:
        raise WrongValue("must be system, user or assistant", "role")
    try:
        return Row(role, _content(value.get("content")))
    except WrongValue as error:
        raise error.within("content") from None


def _content(value: Any) -> str:
    """A text, or the texts of content parts."""
    if isinstance(value, str):
        return value
    if not isinstance(value, list):
        raise WrongValue("must be a text")
    return "".join(read_list(value, _part))


def _part(value: Any) -> str:
    if not isinstance(value, dict) or value.get("type") != "text":
        raise WrongValue("must be of type text")
    text = value.get("text")
    if not isinstance(text, str):
        raise WrongValue("must be a text", "text")
    return text
