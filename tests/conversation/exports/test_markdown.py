"""Markdown: nothing that was said breaks its structure, and it can be read again."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from mlxchat.conversation.conversation import Conversation, system_at
from mlxchat.conversation.entries import Reply, UserMessage
from mlxchat.conversation.exports.chat import Chat, Options, one_line, title_of
from mlxchat.conversation.exports.importing import import_conversations
from mlxchat.conversation.exports.markdown import safe, write_markdown
from mlxchat.conversation.exports.only import in_sight
from mlxchat.conversation.node import Node
from mlxchat.errors import MlxchatError
from mlxchat.render.safe import visible
from tests.conversation.exports.chats import chats, reply, talk, version
from tests.conversation.strategies import texts, trees

ALL = Options(branches=True)


def written(conversation: Conversation, options: Options = ALL) -> str:
    return write_markdown(chats(conversation), options).text


def read(text: str) -> Conversation:
    (chat,) = import_conversations(text.encode(), "a.md")
    return chat.conversation


def what_it_says(conversation: Conversation) -> list[Any]:
    """What Markdown keeps of each message in sight."""
    nodes = [conversation.root, *in_sight(conversation)]
    places = {node: place for place, node in enumerate(nodes)}
    return [(places.get(node.parent), *message(node)) for node in nodes]


def message(node: Node) -> tuple[Any, ...]:
    entry = node.entry
    system = None if node.system is None else safe(node.system)
    if entry is None:
        return (system or "",)
    model = one_line(entry.model) if isinstance(entry, Reply) else None
    said = node.vote and replace(node.vote, lane=one_line(node.vote.lane))
    marks = node.rating, said, safe(node.note)
    return system, model, safe(entry.text), *marks, shown(node)


def shown(node: Node) -> bool:
    return node.parent is not None and node.parent.shown is node


@given(trees())
def test_it_comes_back(conversation):
    if not in_sight(conversation):
        return
    assert what_it_says(read(written(conversation))) == what_it_says(conversation)


@given(st.lists(texts, min_size=1, max_size=6))
def test_nothing_that_was_said_is_structure(said):
    conversation = talk(*said, system=said[0])
    text = written(conversation)
    tokens = MarkdownIt("commonmark").parse(text)
    outside = [token for token in tokens if token.level == 0]
    headings = [t for t in outside if t.type == "heading_open"]
    assert len(headings) == 1 + len(said) + bool(said[0])
    assert not [t for t in outside if t.type in ("fence", "code_block")]
    assert [t.content.strip() for t in outside if t.type == "html_block"] == [
        "<!-- mlxchat conversation -->"
    ]
    assert visible(text.replace("\t", "")) == text.replace("\t", "")


def test_what_it_looks_like():
    conversation = talk("Hello", "# Hi\n\n```python\nprint(1)", system="Be brief.")
    conversation.rate(conversation.tip, "good")
    conversation.note(conversation.tip, "Unclosed.")
    assert written(conversation) == (
        "# Title\n\n<!-- mlxchat conversation -->\n\n## System prompt\n\n> Be brief.\n\n"
        "## 1. You\n\n> Hello\n\n## 2. Assistant: m\n\n> # Hi\n>\n> ```python\n> print(1)\n\n"
        "- 0 tok\n- m · temp 0.00 · seed 1\n- Rated good\n\n"
        "Note:\n\n> Unclosed.\n"
    )


@pytest.mark.parametrize("reason", ["stop", "length", "context", "cancelled", "interrupted"])
def test_what_ended_a_reply_comes_back(reason):
    conversation = talk("Hello")
    conversation.add(reply("cut o", reason=reason))
    back = read(written(conversation))
    assert back.last_reply.reason == reason
    assert read(written(back)).last_reply.reason == reason


def test_a_failure_and_a_hand_come_back():
    conversation = talk("Hello", "Hi")
    conversation.edit(conversation.tip, "Ho")
    conversation.add(UserMessage("And?"))
    conversation.add(replace(reply("", reason="failed"), failure="It broke off: *why*?"))
    back = read(written(conversation))
    replies = [entry for entry in back.entries if isinstance(entry, Reply)]
    assert [entry.edited for entry in replies] == [True, False]
    assert (replies[1].reason, replies[1].failure) == ("failed", "It broke off: *why*?")


def test_branches_follow_where_they_are_wanted():
    conversation = talk("Hello", "Hi")
    version(conversation, "Ho")
    assert "Hi" not in written(conversation, Options())
    assert "version 2 of 2" in written(conversation, Options())
    assert "## Branch after message 1\n\n## 3. Assistant: m (version 1 of 2)" in written(
        conversation
    )


def test_only_what_is_marked():
    conversation = talk("Hello", "Hi", "Bye", "Ciao")
    version(conversation, "Good bye", "good")
    text = written(conversation, Options(only="good"))
    assert re.findall("^> (.*)", text, re.MULTILINE) == ["Hello", "Hi", "Bye", "Good bye"]
    with pytest.raises(MlxchatError, match="No message is noted"):
        written(conversation, Options(only="noted"))


def test_several_conversations():
    both = [Chat("One *", talk("a", "b")), Chat("", talk("c\nd" * 50, "e"))]
    text = write_markdown(both, Options()).text
    back = import_conversations(text.encode(), "a.md")
    assert [chat.title for chat in back] == ["One *", title_of(both[1])]
    assert [chat.conversation.last_reply.text for chat in back] == ["b", "e"]


def test_lines_of_another_system_are_read():
    conversation = talk("Hello", "Hi")
    text = written(conversation).replace("\n", "\r\n")
    assert what_it_says(read(text)) == what_it_says(conversation)


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ("## 1. You\n\n", "line 5 is followed by nothing that was said"),
        ("## 1. You\n\n> a\n\n## 1. You\n\n> a", "line 9 is message 1 again"),
        ("## Branch after message 7", "line 5 names message 7, which does not come before it"),
        ("Hello", "nothing is said in it"),
    ],
)
def test_what_somebody_broke_is_named_with_its_line(wrong, sentence):
    with pytest.raises(MlxchatError, match=re.escape(sentence)):
        read(f"# T\n\n<!-- mlxchat conversation -->\n\n{wrong}\n")


def test_a_reply_keeps_its_system_prompt():
    conversation = talk("Hello", system="A")
    conversation.system = "B"
    node = conversation.add(reply("Hi", "B"))
    back = read(written(conversation))
    assert back.last_reply.system == system_at(back.tip) == system_at(node) == "B"
