"""The tree of a conversation: any sequence of gestures keeps it whole, and undo takes each back."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from mlxchat.conversation.conversation import Conversation
from mlxchat.conversation.entries import Reply, UserMessage
from mlxchat.conversation.fork import fork_of
from mlxchat.conversation.node import Node
from mlxchat.engine.interface import Message
from mlxchat.settings.parameters import Settings


def reply(text: str) -> Reply:
    return Reply("model", None, 1, Settings(), prefill=text, reason="stop")


def talk(*texts: str) -> Conversation:
    """Messages in turn, the person's first, each a step of its own."""
    conversation = Conversation("Be brief.")
    for place, text in enumerate(texts):
        conversation.begin_step(f"say {text}")
        conversation.add(reply(text) if place % 2 else UserMessage(text))
    return conversation


def said(conversation: Conversation) -> list[str]:
    return [entry.text for entry in conversation.entries]


def check(conversation: Conversation) -> None:
    """What holds of every tree."""
    for node in conversation.root.walk():
        assert node.shown is None or node.shown in node.versions
        for child in node.children:
            assert child.parent is node
    path = conversation.path
    assert not any(node.hidden for node in path)
    assert len({node.id for node in conversation.nodes()}) == len(list(conversation.nodes()))
    for node in path:
        version = node.version
        assert 1 <= version.number <= version.count


def test_a_version_stands_beside_and_what_followed_comes_back():
    conversation = talk("a", "b", "c")
    first = conversation.path[1]
    conversation.begin_step("retry")
    other = conversation.add_version(first, reply("B"))
    assert said(conversation) == ["a", "B"]
    assert other.version.text == "‹2/2›"
    assert conversation.show_version(other, -1) is first
    assert said(conversation) == ["a", "b", "c"]
    assert conversation.show_version(first, -1) is None


def test_an_edit_as_a_version_and_in_place():
    conversation = talk("a", "b", "c", "d")
    question = conversation.path[0]
    conversation.edit(question, "A")
    assert said(conversation) == ["A", "b", "c", "d"]
    conversation.edit_as_version(conversation.path[2], "C")
    assert said(conversation) == ["A", "b", "C"]
    conversation.undo()
    conversation.undo()
    assert said(conversation) == ["a", "b", "c", "d"]


def test_an_edited_reply_is_the_persons_own_and_keeps_what_it_was():
    conversation = talk("a", "b")
    node = conversation.path[1]
    before = node.entry
    conversation.edit(node, "mine")
    assert isinstance(node.entry, Reply)
    assert node.entry.edited
    assert node.entry.message == Message("assistant", "mine")
    conversation.undo()
    assert node.entry is before


def test_deleting_shows_the_nearest_version_or_ends_the_path():
    conversation = talk("a", "b")
    node = conversation.path[1]
    conversation.add_version(node, reply("B"))
    conversation.delete(conversation.tip)
    assert said(conversation) == ["a", "b"]
    conversation.delete(conversation.tip)
    assert said(conversation) == ["a"]
    conversation.undo()
    assert said(conversation) == ["a", "b"]
    conversation.undo()
    assert said(conversation) == ["a", "B"]
    conversation.redo()
    assert said(conversation) == ["a", "b"]


def test_undo_shows_where_it_was():
    conversation = talk("a", "b", "c", "d")
    far = conversation.path[0]
    conversation.edit_as_version(conversation.path[3], "D")
    conversation.edit_as_version(far, "A")
    assert said(conversation) == ["A"]
    conversation.undo()
    assert said(conversation) == ["a", "b", "c", "D"]


def test_a_new_gesture_forgets_what_was_undone():
    conversation = talk("a", "b")
    conversation.undo()
    conversation.begin_step("other")
    conversation.add(reply("c"))
    assert conversation.redo() is None
    assert [n.entry.text for n in conversation.nodes() if n.entry] == ["a", "b", "c"]


def test_the_system_prompt_changes_along_a_branch():
    conversation = talk("a", "b")
    conversation.system = "Be"
    conversation.system = "Be rude."
    node = conversation.path[1]
    conversation.begin_step("retry")
    other = conversation.add_version(node, reply("B"))
    assert conversation.system == "Be rude."
    conversation.system = "Be kind."
    conversation.show_version(other, -1)
    assert conversation.system == "Be rude."
    assert conversation.messages()[0] == Message("system", "Be rude.")
    conversation.show_version(node, 1)
    assert conversation.system == "Be kind."
    conversation.undo()
    assert conversation.system == "Be rude."


def test_typing_the_system_prompt_is_one_step():
    conversation = talk("a", "b")
    for text in ("B", "Be", "Be kind"):
        conversation.system = text
    conversation.undo()
    assert conversation.system == "Be brief."


def test_a_fork_is_a_conversation_of_its_own():
    conversation = talk("a", "b", "c", "d")
    conversation.rate(conversation.path[1], "good")
    fork = fork_of(conversation.path[2])
    assert said(fork) == ["a", "b", "c"]
    assert fork.path[1].rating == "good"
    assert fork.system == "Be brief."
    fork.delete(fork.path[1])
    assert said(conversation) == ["a", "b", "c", "d"]
    assert not {n.id for n in fork.nodes()} & {n.id for n in conversation.nodes()}


def test_watchers_hear_of_every_node_that_changes():
    conversation = talk("a")
    heard: list[Node] = []
    conversation.watch = heard.append
    node = conversation.add(reply("b"))
    assert heard == [node, conversation.path[0]]
    heard.clear()
    conversation.note(node, "fine")
    conversation.undo()
    assert heard == [node, node]


def state(conversation: Conversation) -> dict[int, tuple[Any, ...]]:
    """What undo brings back: all but what is looked at."""
    return {
        node.id: (node.entry, node.hidden, node.system, node.rating, node.note)
        for node in conversation.root.walk()
        if not node.hidden
    }


class Gestures(RuleBasedStateMachine):
    """Any gestures in any order."""

    def __init__(self) -> None:
        super().__init__()
        self.conversation = Conversation("Be brief.")
        self.states = [state(self.conversation)]
        """After each step that can be undone."""
        self.undone: list[dict[int, tuple[Any, ...]]] = []
        self.seen: set[int] = set()

    def did(self) -> None:
        now = state(self.conversation)
        if now != self.states[-1]:
            self.states.append(now)
        self.undone.clear()

    def some(self, data: st.DataObject) -> Node:
        return data.draw(st.sampled_from(self.conversation.path))

    @rule(text=st.text(min_size=1, max_size=3))
    def say(self, text: str) -> None:
        self.conversation.begin_step("message")
        self.conversation.add(UserMessage(text))
        self.conversation.add(reply(text))
        self.did()

    @precondition(lambda self: self.conversation.path)
    @rule(data=st.data())
    def write_version(self, data: st.DataObject) -> None:
        self.conversation.begin_step("retry")
        self.conversation.add_version(self.some(data), reply("again"))
        self.did()

    @precondition(lambda self: self.conversation.path)
    @rule(data=st.data(), in_place=st.booleans())
    def edit(self, data: st.DataObject, in_place: bool) -> None:
        conversation, node = self.conversation, self.some(data)
        (conversation.edit if in_place else conversation.edit_as_version)(node, "other")
        self.did()

    @precondition(lambda self: self.conversation.path)
    @rule(data=st.data())
    def delete(self, data: st.DataObject) -> None:
        self.conversation.delete(self.some(data))
        self.did()

    @precondition(lambda self: self.conversation.path)
    @rule(data=st.data(), rating=st.sampled_from(["good", "bad", None]))
    def rate(self, data: st.DataObject, rating: Any) -> None:
        self.conversation.rate(self.some(data), rating)
        self.did()

    @precondition(lambda self: self.conversation.path)
    @rule(data=st.data())
    def look_elsewhere(self, data: st.DataObject) -> None:
        there = [n for n in self.conversation.nodes() if not any(m.hidden for m in n.path())]
        self.conversation.show(data.draw(st.sampled_from(there)))

    @rule()
    def undo(self) -> None:
        if self.conversation.undo() is None:
            assert len(self.states) == 1
        else:
            self.undone.append(self.states.pop())
        assert state(self.conversation) == self.states[-1]

    @rule()
    def redo(self) -> None:
        if self.conversation.redo() is None:
            assert not self.undone
        else:
            self.states.append(self.undone.pop())
        assert state(self.conversation) == self.states[-1]

    @invariant()
    def whole(self) -> None:
        check(self.conversation)

    @invariant()
    def nothing_is_lost(self) -> None:
        there = {node.id for node in self.conversation.nodes()}
        assert self.seen <= there
        self.seen = there


Gestures.TestCase.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)
TestGestures = Gestures.TestCase


@pytest.mark.parametrize("place", [0, 1])
def test_the_beginning_has_no_versions(place: int):
    conversation = talk("a", "b")
    with pytest.raises(Exception, match="no versions"):
        conversation.add_version(conversation.root, reply("x"))
    assert conversation.path[place].version.count == 1
