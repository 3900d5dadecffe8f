"""`{"messages": [{"role": …, "content": …}, …]}` in JSON Lines, as `mlx_lm.lora` reads it.

A line is a conversation: the path that is shown, up to before its first reply that was stopped,
cut or rated bad, which the model would learn too; the person makes any reply fit by rating it good.
With `only`, a line is a reply of that kind with what it answers, as it is. mlx_lm renders a line
with the model's chat template, and with --mask-prompt learns from the last message alone: so roles
are in turn, and the last message is the reply. Ratings and notes are not in the lines; templates
would trip over them.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence

from mlxchat.conversation.entries import Reply
from mlxchat.conversation.exports.chat import Chat, Exported, Options, counted
from mlxchat.conversation.exports.only import wanted
from mlxchat.conversation.exports.turns import in_turn, last_to_train_on, turn_of, turns_before
from mlxchat.conversation.node import Node
from mlxchat.errors import MlxchatError

Line = dict[str, object]


def write_messages(chats: Sequence[Chat], options: Options) -> Exported:
    """One line a conversation, or one a reply; MlxchatError where there is none."""
    places = [node for chat in chats for node in _places(chat, options)]
    lines = [line for node in places if (line := _line(node)) is not None]
    if not lines:
        mark = f"is marked {options.only} and" if options.only else "is whole, not bad and"
        raise MlxchatError(f"There is nothing to train on: no reply {mark} answers a message.")
    count = len(lines)
    out = len(chats) - count if options.only is None else len(places) - count
    name = "reply that answers no message" if options.only else "conversation without such a reply"
    return Exported(
        json_lines(lines), counted(count, "line"), f"Left out: {out} × {name}." if out else ""
    )


def json_lines(lines: Iterable[Line]) -> str:
    """Each on a line of its own."""
    return "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)


def _places(chat: Chat, options: Options) -> list[Node]:
    """The replies that a line ends with."""
    if options.only is None:
        last = last_to_train_on(chat.conversation)
        return [last] if last else []
    marked = wanted(chat.conversation, options.only)
    return [node for node in marked if isinstance(node.entry, Reply) and node.entry.text.strip()]


def _line(node: Node) -> Line | None:
    before = turns_before(node)
    return {"messages": [*before, turn_of(node)]} if in_turn(before) else None
