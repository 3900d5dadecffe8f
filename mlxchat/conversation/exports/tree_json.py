"""Whole trees as JSON, which `tree_reading` turns into equal trees again.

    {"format": "mlxchat conversations", "version": 1, "conversations": [
    {"title": …, "overflow": "ask", "messages": [
    {"id": …, "parent": null, …},
    …
    ]}
    ]}

Each message is on a line of its own, parents first and versions in order. The first one is the
root, which says nothing. A message has the fields of `Node`: `parent` and `shown` are ids, `entry`
is what `entry_dict` makes of it. Ids have up to 63 bits, which some readers of JSON round.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from mlxchat.conversation.entry_dict import entry_to_dict
from mlxchat.conversation.exports.chat import Chat, Exported, Options, counted, damage_in
from mlxchat.conversation.exports.only import narrowed
from mlxchat.conversation.node import Node
from mlxchat.conversation.plain import to_plain, whole
from mlxchat.errors import MlxchatError

FORMAT = "mlxchat conversations"
VERSION = 1


def write_json(chats: Sequence[Chat], options: Options) -> Exported:
    """All of the trees; with `only`, the messages that lead to those of that kind."""
    kept = chosen(chats, options)
    head = json.dumps({"format": FORMAT, "version": VERSION})[:-1]
    text = f'{head}, "conversations": [\n' + ",\n".join(map(_chat, kept)) + "\n]}\n"
    return Exported(text, counted(len(kept), "conversation"), damage_in(kept))


def chosen(chats: Sequence[Chat], options: Options) -> list[Chat]:
    """The conversations with the messages that are wanted; MlxchatError where there are none."""
    if options.only is None:
        kept = [chat for chat in chats if chat.conversation.root.children]
    else:
        found = ((chat.title, narrowed(chat.conversation, options.only)) for chat in chats)
        kept = [Chat(title, conversation) for title, conversation in found if conversation]
    if not kept:
        kind = f"No message is {options.only}" if options.only else "No message was written yet"
        raise MlxchatError(f"{kind}: there is nothing to export.")
    return kept


def _chat(chat: Chat) -> str:
    messages = ",\n".join(_line(_node(node)) for node in chat.conversation.root.walk())
    about = {"title": whole(chat.title), "overflow": chat.conversation.overflow}
    return f'{_line(about)[:-1]}, "messages": [\n{messages}\n]}}'


def _line(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, allow_nan=False)


def _node(node: Node) -> dict[str, Any]:
    return {
        "id": node.id,
        "parent": node.parent and node.parent.id,
        "created": node.created,
        "shown": node.shown and node.shown.id,
        "hidden": node.hidden,
        "system": node.system if node.system is None else whole(node.system),
        "rating": node.rating,
        "note": whole(node.note),
        "vote": node.vote and to_plain(node.vote),
        "entry": node.entry and entry_to_dict(node.entry),
    }
