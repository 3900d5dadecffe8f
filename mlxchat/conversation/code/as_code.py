"""The last reply as code that writes it again with mlx_lm."""

from __future__ import annotations

from typing import Literal, NamedTuple

from mlxchat.conversation.code.python_script import python_script
from mlxchat.conversation.code.sampling_arguments import LookUp, no_words
from mlxchat.conversation.code.shell_line import shell_line
from mlxchat.conversation.conversation import Conversation
from mlxchat.conversation.entries import Reply
from mlxchat.conversation.node import Node
from mlxchat.errors import MlxchatError

FROM_SERVER = (
    "A server wrote this reply, and a script on this machine cannot know with which weights: /copy "
    "copies the text."
)

Language = Literal["python", "shell"]


class Code(NamedTuple):
    """A script or a line, and the ending of a file that holds it."""

    text: str
    suffix: str


def as_code(
    language: Language,
    conversation: Conversation,
    look_up: LookUp = no_words,
    tip: Node | None = None,
) -> Code:
    """What writes the last reply again; MlxchatError where there is nothing to write again.

    `look_up` finds the words of its settings in the vocabulary of its model. `tip` is the end of
    another branch than the one that is shown.
    """
    tip = tip or conversation.tip
    reply = tip.entry if isinstance(tip.entry, Reply) else None
    if reply is not None and reply.damage:
        raise MlxchatError(FROM_SERVER if reply.tokens.text_only else reply.damage)
    if reply is None or not reply.tokens:
        raise MlxchatError("There is no reply to copy yet: send a message first.")
    if not reply.drawn:
        raise MlxchatError("You chose every token of this reply: there is nothing to write again.")
    if reply.reason is None:
        raise MlxchatError("The reply is still being written: stop it first (/stop).")
    messages = conversation.prompt_of(tip)
    if language == "python":
        return Code(python_script(reply, messages, look_up), ".py")
    return Code(shell_line(reply, messages, look_up), ".sh")
