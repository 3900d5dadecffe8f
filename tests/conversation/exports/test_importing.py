"""What comes in from other programs, and the sentence for what does not."""

from __future__ import annotations

import json

import pytest

from mlxchat.conversation.conversation import Conversation
from mlxchat.conversation.entries import Reply
from mlxchat.conversation.exports.importing import import_conversations
from mlxchat.conversation.summary import reply_footer
from mlxchat.errors import MlxchatError

HELLO = [{"role": "user", "content": "Hello"}, {"role": "assistant", "content": "Hi"}]


def imported(content: object) -> list[Conversation]:
    data = content if isinstance(content, bytes) else json.dumps(content).encode()
    return [chat.conversation for chat in import_conversations(data, "a.json")]


def said(conversation: Conversation) -> list[tuple[str, str]]:
    return [(type(entry).__name__, entry.text) for entry in conversation.entries]


@pytest.mark.parametrize(
    "content",
    [
        HELLO,
        {"messages": HELLO},
        [{"messages": HELLO}],
        [HELLO],
        b"\xef\xbb\xbf" + json.dumps(HELLO, indent=2).encode(),
        json.dumps({"messages": HELLO, "tools": None}).encode() + b"\r\n",
        [{"role": "user", "content": [{"type": "text", "text": "Hel"},
                                      {"type": "text", "text": "lo"}]}, HELLO[1]],
    ],
)  # fmt: skip
def test_a_list_of_messages(content):
    (conversation,) = imported(content)
    assert said(conversation) == [("UserMessage", "Hello"), ("Reply", "Hi")]
    assert conversation.undo() is None
    reply = conversation.last_reply
    assert reply is not None
    assert (reply.imported, reply.reason, len(reply.tokens)) == (True, "stop", 0)
    assert reply_footer(reply) == "imported, and nothing but its text is known"
    conversation.edit(conversation.tip, "Ho")
    assert conversation.last_reply is not None
    changed = reply_footer(conversation.last_reply)
    assert changed == "written by you, in the place of an imported reply"


def test_a_system_prompt_holds_from_its_place_on():
    rows = [{"role": "system", "content": "A"}, *HELLO, {"role": "developer", "content": "B"},
            *HELLO]  # fmt: skip
    (conversation,) = imported(rows)
    assert conversation.root.system == "A"
    assert [entry.system for entry in conversation.entries if isinstance(entry, Reply)] == [
        "A", "B",
    ]  # fmt: skip
    assert conversation.system == "B"


def test_replies_in_a_row_are_one():
    (conversation,) = imported([*HELLO, HELLO[1]])
    assert said(conversation)[1:] == [("Reply", "Hi\n\nHi")]


def test_lines_of_several_kinds():
    pair = {"prompt": "Hello", "chosen": "Hi", "rejected": "No"}
    data = "\n\n".join(json.dumps(line) for line in ({"messages": HELLO}, HELLO, pair)).encode()
    assert [said(c)[-1] for c in imported(data)] == [("Reply", "Hi")] * 3


def test_pairs_without_a_prompt():
    pair = {"chosen": HELLO, "rejected": [HELLO[0], {"role": "assistant", "content": "No"}]}
    (conversation,) = imported(pair)
    versions = conversation.path[0].versions
    assert [(node.entry.text, node.rating) for node in versions] == [("Hi", "good"), ("No", "bad")]


BAD = [
    (b"", "is empty"),
    (b" \n\t", "is empty"),
    (b"Hello", "is neither JSON"),
    (b"\x89PNG\r\n", "line 1 is not written in UTF-8"),
    (b"[\n1,\n", "line 3 is not valid JSON"),
    (b"5", "is neither JSON"),
    (b"[]", "nothing is said"),
    (b"[1]", "must be a list"),
    (b"{}", "has no messages"),
    (b'{"messages": []}', "messages says nothing"),
    (b'{"messages": 3}', "messages must be a list"),
    (b"[" * 100_000, "nested too deeply"),
    (b'{"a":' * 100_000, "nested too deeply"),
    (b'[{"role": "user", "content": ' + b"9" * 5000 + b"}]", "more than 400 digits"),
    (b'{"messages": NaN}', "NaN"),
    (b'{"messages": 1e999}', "messages must be a list"),
    (json.dumps([{"role": "system", "content": "x"}]).encode(), "says nothing"),
    (json.dumps([{"role": "tool", "content": "x"}]).encode(), "[0].role must be system"),
    (json.dumps([{"role": ["user"], "content": "x"}]).encode(), "[0].role must be system"),
    (json.dumps([{"role": "user", "content": None}]).encode(), "[0].content must be a text"),
    (json.dumps([{"role": "user", "content": [{"type": "image_url"}]}]).encode(), "of type text"),
    (json.dumps({"chosen": "a", "rejected": "b"}).encode(), "prompt says nothing"),
    (json.dumps({"prompt": "p", "chosen": "a"}).encode(), "rejected must be a list"),
    (json.dumps({"messages": HELLO}).encode() + b'\n\n{"messages": [{}]}\n',
     "line 3: messages[0].role must be"),
    (json.dumps({"messages": HELLO}).encode() + b"\n{oops}\n", "line 2 is not valid JSON"),
]  # fmt: skip


@pytest.mark.parametrize(("data", "reason"), BAD)
def test_broken_content_is_one_sentence_with_the_reason(data, reason):
    with pytest.raises(MlxchatError) as error:
        imported(data)
    sentence = str(error.value)
    assert sentence.startswith("a.json cannot be imported: ")
    assert reason in sentence
    assert "\n" not in sentence
    assert len(sentence) < 300


def test_a_name_that_is_hostile_is_harmless():
    with pytest.raises(MlxchatError) as error:
        import_conversations(b"", "\x1b[31m\n")
    assert "\x1b" not in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("written", "read"),
    [
        (rb"a\u0000b\ud83dc", "a\x00b\ufffdc"),
        (rb"\ude00\uD83D\uDE00\ud83d", "\ufffd😀\ufffd"),
        (rb"\ud83d\ud83d\ude00", "\ufffd😀"),
        (rb"\\ud83d", r"\ud83d"),
    ],
)
def test_halves_of_characters_and_nuls(written: bytes, read: str):
    (conversation,) = imported(b'[{"role": "user", "content": "' + written + b'"}]')
    assert said(conversation) == [("UserMessage", read)]
