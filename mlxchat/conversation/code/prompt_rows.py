"""The messages before a reply, as its prompt was really made of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from mlxchat.conversation.entries import Reply
from mlxchat.engine.interface import Message


def prompt_rows(reply: Reply, messages: Sequence[Message]) -> list[Message]:
    """The messages, with the system prompt at the head of the first one where the template wants
    it so."""
    if not reply.form.merged_system or len(messages) < 2:
        return list(messages)
    system, first, *rest = messages
    return [replace(first, content=f"{system.content}\n\n{first.content}"), *rest]


def plain_prompt(reply: Reply, messages: Sequence[Message]) -> str:
    """The prompt's text where no template writes it."""
    return "\n\n".join(message.content for message in messages) + reply.prefill


def own_ids(reply: Reply, rows: Sequence[Message]) -> dict[int, tuple[int, ...]]:
    """The tokens of earlier replies by the number of their row, where the prompt held them and
    encoding their text would give others."""
    if not reply.form.own_ids:
        return {}
    return {number: row.token_ids for number, row in enumerate(rows) if row.token_ids}
