"""Whole trees as JSON: they come back equal, and nothing else comes in."""

from __future__ import annotations

import json
import math

from hypothesis import given
from hypothesis import strategies as st

from mlxchat.conversation.conversation import Conversation
from mlxchat.conversation.entries import Reply, UserMessage
from mlxchat.conversation.entry_dict import entry_from_dict, entry_to_dict
from mlxchat.conversation.exports.chat import Chat, Options
from mlxchat.conversation.exports.importing import import_conversations
from mlxchat.conversation.exports.tree_json import write_json
from mlxchat.conversation.token_list import TokenList
from mlxchat.engine.interface import TokenRecord
from mlxchat.parameters import Settings
from tests.conversation.trees import entry_fields, outline, replies, trees


def exported(*conversations: Conversation, title: str = "Title") -> bytes:
    chats = [Chat(title, conversation) for conversation in conversations]
    return write_json(chats, Options()).text.encode()


def imported(data: bytes) -> list[Chat]:
    return import_conversations(data, "chats.json")


def small() -> Conversation:
    conversation = Conversation("Be brief.")
    conversation.add(UserMessage("Hello"))
    settings = Settings(temp=0.7, logit_bias=(("no", -math.inf),))
    token = TokenRecord(5, "Hi", -0.1, 0, [(5, -0.1), (6, -2.5)], settings, 1.5, -0.05)
    conversation.add(Reply("m", None, 1, settings, tokens=TokenList([token]), reason="stop"))
    return conversation


@given(st.lists(trees().filter(lambda tree: bool(tree.root.children)), min_size=1, max_size=3))
def test_trees_come_back_equal(conversations):
    back = imported(exported(*conversations))
    assert [chat.title for chat in back] == ["Title"] * len(back)
    assert [outline(chat.conversation) for chat in back] == list(map(outline, conversations))


@given(replies())
def test_a_reply_comes_back_equal(reply):
    plain = json.loads(json.dumps(entry_to_dict(reply), allow_nan=False))
    assert entry_fields(entry_from_dict(plain)) == entry_fields(reply)
