"""What was done to a conversation, so that it can be undone and done again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

from mlxchat.conversation.node import Node

Field = Literal["entry", "shown", "hidden", "system", "rating", "note", "vote"]
"""What a step can change of a node."""


@dataclass(frozen=True, slots=True)
class Change:
    """One field of one node, before and after."""

    node: Node
    field: Field
    before: Any
    after: Any


@dataclass(slots=True)
class Step:
    """What one gesture of the person did."""

    label: str
    """What it was: `retry`, `edit`."""
    changes: list[Change] = field(default_factory=list)


class Steps:
    """The steps of a conversation. `touched` is told of each node that a change left different."""

    def __init__(self, touched: Callable[[Node], None]) -> None:
        self._touched = touched
        self._done: list[Step] = []
        self._undone: list[Step] = []
        self._went_back = False
        """Whether the last step is there by undo or redo: nothing joins it."""

    @property
    def count(self) -> int:
        """How many steps can be undone."""
        return sum(bool(step.changes) for step in self._done)

    @property
    def undone(self) -> int:
        """How many steps can be done again."""
        return len(self._undone)

    @property
    def last(self) -> str:
        """The label of the last step that can be undone; empty where there is none."""
        return next((step.label for step in reversed(self._done) if step.changes), "")

    def begin(self, label: str, joins: Node | None = None) -> None:
        """Another gesture begins: what is changed from now on is one step. Where the last one has
        the same label and ended at the node `joins`, it goes on: typing is one step."""
        last = self._done[-1] if self._done else None
        ended = (last.label, last.changes[-1].node) if last and last.changes else None
        if ended == (label, joins) and not self._went_back:
            return
        self._went_back = False
        if last and not last.changes:
            self._done.pop()
        self._done.append(Step(label))

    def change(self, node: Node, name: Field, value: Any) -> None:
        """Change a field, as a part of the step that began last."""
        before = getattr(node, name)
        if before is value:
            return
        if self._done:
            changes = self._done[-1].changes
            if changes and (changes[-1].node, changes[-1].field) == (node, name):
                before = changes.pop().before
            if before != value:
                changes.append(Change(node, name, before, value))
        self._undone.clear()
        self.put(node, name, value)

    def added(self, node: Node) -> None:
        """A node was put into the tree, as a part of the step that began last."""
        if self._done:
            self._done[-1].changes.append(Change(node, "hidden", True, False))
        self._undone.clear()
        self._touched(node)

    def put(self, node: Node, name: Field, value: Any) -> None:
        """Change a field without a way back: what is shown, not what was said."""
        if getattr(node, name) is not value:
            setattr(node, name, value)
            self._touched(node)

    def undo(self) -> Step | None:
        """Take the last step back; None where there is none."""
        self._went_back = True
        while self._done:
            step = self._done.pop()
            if step.changes:
                for change in reversed(step.changes):
                    self.put(change.node, change.field, change.before)
                self._undone.append(step)
                return step
        return None

    def redo(self) -> Step | None:
        """Take the last undo back; None where there is none."""
        self._went_back = True
        if not self._undone:
            return None
        step = self._undone.pop()
        for change in step.changes:
            self.put(change.node, change.field, change.after)
        self._done.append(step)
        return step
