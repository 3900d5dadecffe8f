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
from tests.conversation.expected import Expected, check_whole


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


def test_a_gesture_that_changes_nothing_forgets_nothing():
    conversation = talk("a", "b")
    conversation.rate(conversation.path[0], "good")
    conversation.undo()
    conversation.rate(conversation.path[1], None)
    assert conversation.redo() is not None
    assert conversation.path[0].rating == "good"


def test_what_was_taken_away_comes_back_where_it_is_shown():
    conversation = talk("a", "b", "c", "d")
    conversation.begin_step("retry")
    other = conversation.add_version(conversation.path[1], reply("B"))
    conversation.show_version(other, -1)
    question, answer = conversation.path[2:]
    conversation.delete(answer)
    conversation.delete(question)
    conversation.show_version(conversation.tip, 1)
    conversation.show(answer)
    assert said(conversation) == ["a", "b", "c", "d"]
    assert not question.hidden
    assert conversation.undo().label == "bring back"
    assert (question.hidden, answer.hidden) == (True, True)
    assert said(conversation) == ["a", "b"]
    conversation.redo()
    assert said(conversation) == ["a", "b", "c", "d"]


def test_a_version_of_what_is_not_shown_is_shown():
    conversation = talk("a", "b")
    first = conversation.path[0]
    conversation.system = "Be kind."
    conversation.edit_as_version(first, "A")
    conversation.system = "Be rude."
    conversation.begin_step("retry")
    conversation.add_version(first.children[0], reply("B"))
    assert said(conversation) == ["a", "B"]
    assert conversation.system == "Be kind."


def test_a_version_that_redo_takes_away_is_shown_no_longer():
    conversation = talk("a", "b")
    conversation.begin_step("retry")
    other = conversation.add_version(conversation.path[1], reply("B"))
    first = conversation.show_version(other, -1)
    conversation.delete(other)
    conversation.undo()
    conversation.show(other)
    conversation.redo()
    assert conversation.tip is first
    check_whole(conversation)


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


def test_a_system_prompt_that_is_typed_back_is_no_step():
    conversation = talk()
    for text in ("Be", "Be brief."):
        conversation.system = text
    assert conversation.undo() is None


def test_typing_after_an_undo_is_a_step_of_its_own():
    conversation = talk("a", "b")
    conversation.system = "Be kind."
    conversation.rate(conversation.tip, "good")
    conversation.undo()
    conversation.system = "Be rude."
    conversation.undo()
    assert conversation.system == "Be kind."


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


class Gestures(RuleBasedStateMachine):
    """Any gestures in any order."""

    def __init__(self) -> None:
        super().__init__()
        self.conversation = Conversation("Be brief.")
        self.expected = Expected(self.conversation)
        self.seen: set[int] = set()

    def on_path(self, data: st.DataObject) -> Node:
        return data.draw(st.sampled_from(self.conversation.path))

    def anywhere(self, data: st.DataObject) -> Node:
        """Any message, those that were taken away too."""
        return data.draw(st.sampled_from(list(self.conversation.nodes())))

    @rule(text=st.text(min_size=1, max_size=3))
    def say(self, text: str) -> None:
        self.conversation.begin_step("message")
        self.conversation.add(UserMessage(text))
        self.conversation.add(reply(text))
        self.expected.did()

    @precondition(lambda self: self.conversation.root.children)
    @rule(data=st.data())
    def write_version(self, data: st.DataObject) -> None:
        node = self.anywhere(data)
        self.conversation.begin_step("retry")
        version = self.conversation.add_version(node, reply("again"))
        assert self.conversation.tip is version
        assert not any(place.hidden for place in node.path())
        self.expected.did()

    @precondition(lambda self: self.conversation.path)
    @rule(data=st.data())
    def edit_in_place(self, data: st.DataObject) -> None:
        node, path = self.on_path(data), self.conversation.path
        self.conversation.edit(node, "other")
        assert self.conversation.path == path
        self.expected.did()

    @precondition(lambda self: self.conversation.root.children)
    @rule(data=st.data())
    def edit_as_version(self, data: st.DataObject) -> None:
        version = self.conversation.edit_as_version(self.anywhere(data), "other")
        assert self.conversation.tip is version
        self.expected.did()

    @precondition(lambda self: self.conversation.root.children)
    @rule(data=st.data())
    def delete(self, data: st.DataObject) -> None:
        node = self.anywhere(data)
        self.conversation.delete(node)
        assert node.hidden
        self.expected.did()

    @precondition(lambda self: self.conversation.path)
    @rule(data=st.data(), rating=st.sampled_from(["good", "bad", None]))
    def rate(self, data: st.DataObject, rating: Any) -> None:
        self.conversation.rate(self.on_path(data), rating)
        self.expected.did()

    @rule(text=st.sampled_from(["Be brief.", "Be kind.", ""]))
    def change_system(self, text: str) -> None:
        if text != self.conversation.system:
            self.conversation.system = text
            assert self.conversation.system == text
            self.expected.did(typed=self.conversation.tip)

    @precondition(lambda self: self.conversation.root.children)
    @rule(data=st.data())
    def look_elsewhere(self, data: st.DataObject) -> None:
        """At a message that was taken away too: that brings it back."""
        node = self.anywhere(data)
        back = any(place.hidden for place in node.path())
        self.conversation.show(node)
        assert node in self.conversation.path
        if back:
            self.expected.did()

    @precondition(lambda self: self.conversation.path)
    @rule(data=st.data(), step=st.sampled_from([-1, 1]))
    def look_at_a_version(self, data: st.DataObject, step: int) -> None:
        node = self.on_path(data)
        shown = self.conversation.show_version(node, step)
        assert shown is None or shown.version.number == node.version.number + step

    @rule()
    def undo(self) -> None:
        self.expected.undo(self.conversation.undo())

    @rule()
    def redo(self) -> None:
        self.expected.redo(self.conversation.redo())

    @invariant()
    def whole(self) -> None:
        check_whole(self.conversation)

    @invariant()
    def nothing_is_lost(self) -> None:
        there = {node.id for node in self.conversation.nodes()}
        assert self.seen <= there
        self.seen = there

    def teardown(self) -> None:
        self.expected.all_the_way(self.conversation.undo, self.conversation.redo)


Gestures.TestCase.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)
TestGestures = Gestures.TestCase


@pytest.mark.parametrize("place", [0, 1])
def test_the_beginning_has_no_versions(place: int):
    conversation = talk("a", "b")
    with pytest.raises(Exception, match="no versions"):
        conversation.add_version(conversation.root, reply("x"))
    assert conversation.path[place].version.count == 1
