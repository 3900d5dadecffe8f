"""A conversation summed up by the model, and a new one that begins with that.

The summary is a message of the person's at the beginning, and what they say next is joined to it in
the prompt. So roles stay in turn for templates that demand it, no words are put into the model's
mouth, and the summary can be read, edited and undone like any other message. The system prompt
stays what the person wrote.
"""

from __future__ import annotations

from collections.abc import Sequence

from mlxchat.conversation.conversation import Conversation
from mlxchat.conversation.entries import Reply, UserMessage
from mlxchat.engine.interface import Message
from mlxchat.errors import MlxchatError
from mlxchat.settings.parameters import Settings

SUMMARY_TOKENS = 400
"""Longest summary: about a page."""
SUMMARY_HEAD = "Summary of what was said before:"
REQUEST = (
    "Sum up our conversation so far, for somebody who has to go on with it without having read it. "
    "Name what I want, what was found out and decided, the facts, names and numbers that are still "
    "needed, and what is open. Write plain short sentences, no greeting and no comment."
)


def asked_to_summarize(messages: Sequence[Message]) -> list[Message]:
    """Messages with the question for a summary at their end; MlxchatError where there are none."""
    if not any(message.role != "system" for message in messages):
        raise MlxchatError("There is nothing to sum up yet: send a message first.")
    return joined(messages, REQUEST)


def joined(messages: Sequence[Message], text: str) -> list[Message]:
    """Messages with something more that the person says, in their last one where nothing answers
    it."""
    if not messages or messages[-1].role != "user":
        return [*messages, Message("user", text)]
    return [*messages[:-1], Message("user", f"{messages[-1].content}\n\n{text}")]


def summary_settings(settings: Settings, room: int) -> Settings:
    """How a summary is drawn: soberly, whatever the person set for the conversation, but for the
    tokens that end a reply."""
    return Settings(
        temp=0.3,
        min_p=0.05,
        max_tokens=min(SUMMARY_TOKENS, room),
        extra_eos_token=settings.extra_eos_token,
    )


def without_thought(reply: Reply, think_tags: tuple[str, str] | None) -> str:
    """What a reply says after it has thought; empty while it thinks."""
    if think_tags is None:
        return reply.text.strip()
    start, end = think_tags
    _, ended, said = reply.text.rpartition(end)
    if ended:
        return said.strip()
    return "" if reply.opens_in_thought or said.lstrip().startswith(start) else said.strip()


def begun_from_summary(system: str, summary: str) -> Conversation:
    """A new conversation that begins with a summary; MlxchatError where that is empty."""
    if not summary.strip():
        raise MlxchatError("The summary is empty: write it, or let the model write it again.")
    conversation = Conversation(system)
    conversation.add(UserMessage(f"{SUMMARY_HEAD}\n\n{summary.strip()}"))
    return conversation
