"""Whole trees as JSON: they come back equal, and nothing else comes in."""

from __future__ import annotations

import json
import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlxchat.conversation.conversation import Conversation
from mlxchat.conversation.entries import Reply, UserMessage
from mlxchat.conversation.entry_dict import entry_from_dict, entry_to_dict
from mlxchat.conversation.exports.chat import Chat, Options
from mlxchat.conversation.exports.importing import import_conversations
from mlxchat.conversation.exports.tree_json import write_json
from mlxchat.conversation.token_list import TokenList
from mlxchat.engine.alternatives import Alternatives
from mlxchat.engine.interface import ModelSpec, TokenRecord
from mlxchat.errors import MlxchatError
from mlxchat.settings.parameters import Settings
from tests.conversation.strategies import replies, trees
from tests.trees import same_entry, same_tree


def exported(*conversations: Conversation, title: str = "Title") -> bytes:
    chats = [Chat(title, conversation) for conversation in conversations]
    return write_json(chats, Options()).text.encode()


def imported(data: bytes) -> list[Chat]:
    return import_conversations(data, "chats.json")


def small() -> Conversation:
    conversation = Conversation("Be brief.")
    conversation.add(UserMessage("Hello"))
    settings = Settings(temp=0.7, logit_bias=(("no", -math.inf),))
    likely = Alternatives([(5, -0.1), (6, -2.5)])
    token = TokenRecord(5, "Hi", -0.1, 0, likely, settings, 1.5, -0.05)
    conversation.add(Reply("m", None, 1, settings, tokens=TokenList([token]), reason="stop"))
    return conversation


@given(st.lists(trees().filter(lambda tree: bool(tree.root.children)), min_size=1, max_size=3))
def test_trees_come_back_equal(conversations):
    back = imported(exported(*conversations))
    assert [chat.title for chat in back] == ["Title"] * len(back)
    for conversation, chat in zip(conversations, back, strict=True):
        same_tree(conversation, chat.conversation)


@given(replies())
def test_a_reply_comes_back_equal(reply):
    plain = json.loads(json.dumps(entry_to_dict(reply), allow_nan=False))
    same_entry(reply, entry_from_dict(plain))


def test_what_a_file_may_not_bring_in():
    conversation = small()
    reply = conversation.last_reply
    assert reply is not None
    reply.spec = ModelSpec("somewhere", trust_remote_code=True)
    reply.reason = None
    conversation.note(conversation.tip, "half \ud83d")
    back = imported(exported(conversation))[0].conversation
    assert back.last_reply.spec == replace(reply.spec, trust_remote_code=False)
    assert back.last_reply.reason == "interrupted"
    assert back.tip.note == "half \ufffd"


def test_other_programs_can_read_it():
    document = json.loads(exported(small()))
    assert document["format"] == "mlxchat conversations"
    assert document["version"] == 1
    root, question, answer = document["conversations"][0]["messages"]
    assert (root["system"], root["entry"]) == ("Be brief.", None)
    assert question["entry"] == {"role": "user", "text": "Hello"}
    assert answer["entry"]["text"] == "Hi"
    assert answer["entry"]["settings"]["logit_bias"] == [["no", "-inf"]]
    assert answer["entry"]["tokens"][0]["alternatives"] == [[5, -0.100000001], [6, -2.5]]


def test_keys_of_a_newer_program_are_passed_over():
    conversation = imported(exported(small()))[0].conversation
    document = json.loads(exported(conversation))
    for node in document["conversations"][0]["messages"]:
        node["colour"] = {"deep": [1]}
    document["conversations"][0]["messages"][2]["entry"]["settings"]["warmth"] = 3
    back = imported(json.dumps(document).encode())[0].conversation
    same_tree(conversation, back)


ANSWER = ("conversations", 0, "messages", 2)
BROKEN = [
    (("version",), 2, "newer"),
    (("version",), True, "version must be a whole number"),
    (("format",), "other", "format"),
    (("conversations",), {}, "conversations must be a list"),
    (("conversations", 0), 5, "conversations[0] must be an object"),
    (("conversations", 0, "messages"), [], "no root"),
    (("conversations", 0, "overflow"), "burst", "overflow must be one of ask, window, stop"),
    (("conversations", 0, "title"), 7, "title must be a text"),
    ((*ANSWER, "id"), 2**63, "messages[2].id is too large"),
    ((*ANSWER, "id"), -1, "messages[2].id must be from 0"),
    ((*ANSWER, "parent"), 12345, "parent must be a message before it"),
    ((*ANSWER, "parent"), None, "parent must be a message before it"),
    ((*ANSWER, "shown"), 12345, "shown is none of its versions"),
    ((*ANSWER, "created"), "nan", "created must be from 0"),
    ((*ANSWER, "created"), 1e300, "created must be from 0"),
    ((*ANSWER, "rating"), "great", "rating must be one of good, bad"),
    ((*ANSWER, "hidden"), 1, "hidden must be true or false"),
    ((*ANSWER, "entry"), None, "entry must be there"),
    ((*ANSWER, "entry", "role"), "tool", "entry.role must be user or assistant"),
    ((*ANSWER, "entry", "seed"), -1, "entry.seed must be from 0"),
    ((*ANSWER, "entry", "given"), 2, "entry.given must be from 0 to 1"),
    ((*ANSWER, "entry", "unspoken"), -1, "entry.unspoken must be from 0 to 1"),
    ((*ANSWER, "entry", "settings", "temp"), -1, "temp must be from 0"),
    ((*ANSWER, "entry", "settings", "temp"), "hot", "settings.temp must be a number"),
    ((*ANSWER, "entry", "settings", "logit_bias"), [["a"]], "logit_bias[0] must have 2 items"),
    ((*ANSWER, "entry", "runs"), [], "runs are missing"),
    ((*ANSWER, "entry", "tokens", 0, "logprob"), 1000, "tokens[0].logprob must be from -inf"),
    ((*ANSWER, "entry", "tokens", 0, "logprob"), "nan", "tokens[0].logprob must be from -inf"),
    ((*ANSWER, "entry", "tokens", 0, "token_id"), 2**31, "token_id must be from 0"),
    ((*ANSWER, "entry", "tokens", 0, "rank"), 2**31, "tokens[0].rank must be from 0"),
    ((*ANSWER, "entry", "tokens", 0, "alternatives"), [[2**31, -1.0]],
     "alternatives[0] must be from 0"),
    ((*ANSWER, "entry", "left_out"), -1, "entry.left_out must be from 0"),
    ((*ANSWER, "entry", "tokens", 0, "alternatives"), [[1]], "alternatives[0] must be a token's"),
    ((*ANSWER, "entry", "reason"), "bored", "entry.reason must be one of"),
    ((*ANSWER, "entry", "statistics"), [], "entry.statistics must be an object"),
]  # fmt: skip


@pytest.mark.parametrize(("place", "value", "sentence"), BROKEN)
def test_a_wrong_value_is_named_with_its_place(place, value, sentence):
    document = json.loads(exported(small()))
    inner = document
    for key in place[:-1]:
        inner = inner[key]
    inner[place[-1]] = value
    with pytest.raises(MlxchatError) as error:
        imported(json.dumps(document).encode())
    assert str(error.value).startswith("chats.json cannot be imported: ")
    assert sentence in str(error.value)
    assert "\n" not in str(error.value)


@given(st.floats(0, 1), st.binary(max_size=3))
def test_a_damaged_file_is_one_sentence_or_a_conversation(share, damage):
    whole = exported(small())
    at = int(share * len(whole))
    damaged = whole[:at] + damage + whole[at + 1 :]
    try:
        chats = imported(damaged)
    except MlxchatError as error:
        assert "\n" not in str(error)
    else:
        exported(*(chat.conversation for chat in chats))
