"""What holds of every conversation, and what undo has to bring back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from mlxchat.conversation.conversation import Conversation
from mlxchat.conversation.node import Node

State = dict[int, tuple[Any, ...]]


def check_whole(conversation: Conversation) -> None:
    """Fails where something does not hold that holds of every tree."""
    nodes = list(conversation.root.walk())
    for node in nodes:
        assert node.shown is None or node.shown in node.versions
        for child in node.children:
            assert child.parent is node
    path = conversation.path
    assert not any(node.hidden for node in path)
    assert len({node.id for node in nodes}) == len(nodes)
    for node in path:
        version = node.version
        assert 1 <= version.number <= version.count


def state(conversation: Conversation) -> State:
    """What undo brings back: all but what is looked at."""
    return {
        node.id: (node.entry, node.hidden, node.system, node.rating, node.note, node.vote)
        for node in conversation.root.walk()
        if not node.hidden
    }


class Expected:
    """The states of a conversation that undo and redo have to lead to."""

    def __init__(self, conversation: Conversation) -> None:
        self._conversation = conversation
        self._states = [state(conversation)]
        """After each step that can be undone."""
        self._undone: list[State] = []
        self._typed: Node | None = None
        """Where the system prompt was changed by the last step: more of that is the same step."""

    def did(self, typed: Node | None = None) -> None:
        """A gesture was made; `typed` is the place of a change of the system prompt."""
        now = state(self._conversation)
        if now != self._states[-1]:
            self._undone.clear()
            if typed is not None and typed is self._typed:
                self._states.pop()
        if now != self._states[-1]:
            self._states.append(now)
            self._typed = typed
        else:
            self._typed = None

    def all_the_way(self, undo: Callable[[], object], redo: Callable[[], object]) -> None:
        """Go back to the beginning, and to the end again."""
        steps = len(self._states)
        for _ in range(steps):
            self.undo(undo())
        for _ in range(steps):
            self.redo(redo())

    def undo(self, step: object) -> None:
        """Undo gave this."""
        assert (step is None) == (len(self._states) == 1)
        if step is not None:
            self._undone.append(self._states.pop())
        self._went_back()

    def redo(self, step: object) -> None:
        """Redo gave this."""
        assert (step is None) == (not self._undone)
        if step is not None:
            self._states.append(self._undone.pop())
        self._went_back()

    def _went_back(self) -> None:
        assert state(self._conversation) == self._states[-1]
        check_whole(self._conversation)
        self._typed = None
