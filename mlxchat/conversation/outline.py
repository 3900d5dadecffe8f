"""The tree of a conversation as lines, one for each message.

What goes on straight is not indented, however long it is: at each fork the shown branch (or the
newest) stays in its column, and the others stand before it, one column further in.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from mlxchat.conversation.node import Node


@dataclass(frozen=True, slots=True)
class OutlineLine:
    """One message and where it stands."""

    node: Node
    depth: int
    """How many forks it is away from the branch that is shown."""
    forks: bool
    """Whether it is the first of a branch beside another one."""
    number: int
    count: int
    """Which version of its message it is, of how many, the hidden ones apart; 0 of a hidden one."""
    on_path: bool
    hidden: bool
    """Whether it or something before it was taken away."""


def outline(root: Node, *, hidden: bool = False) -> list[OutlineLine]:
    """All messages below `root`, with the hidden ones or without."""
    path = set(map(id, root.tip.path()))
    lines: list[OutlineLine] = []
    # Later ones first: what is pushed last comes next.
    waiting = _branches(root, 0, False, hidden)
    while waiting:
        node, depth, forks, gone = waiting.pop()
        lines.append(_line(node, depth, forks, gone, id(node) in path))
        waiting += _branches(node, depth, gone, hidden)
    return lines


def matching(
    lines: list[OutlineLine], wanted: Callable[[Node], bool] | None = None
) -> list[OutlineLine]:
    """The lines of wanted messages; without their neighbours they have no depth."""
    if wanted is None:
        return lines
    return [
        OutlineLine(o.node, 0, False, o.number, o.count, o.on_path, o.hidden)
        for o in lines
        if wanted(o.node)
    ]


def _branches(
    node: Node, depth: int, gone: bool, hidden: bool
) -> list[tuple[Node, int, bool, bool]]:
    """A node's children in the order of a stack: the one that goes on straight first."""
    children = node.children if hidden else node.versions
    if not children:
        return []
    straight = node.shown if node.shown in children else _newest(children)
    others = [child for child in reversed(children) if child is not straight]
    return [
        (straight, depth, False, gone or straight.hidden),
        *((other, depth + 1, True, gone or other.hidden) for other in others),
    ]


def _newest(children: list[Node]) -> Node:
    return next((child for child in reversed(children) if not child.hidden), children[-1])


def _line(node: Node, depth: int, forks: bool, gone: bool, on_path: bool) -> OutlineLine:
    versions = node.parent.versions if node.parent else [node]
    number = 0 if node.hidden else versions.index(node) + 1
    return OutlineLine(node, depth, forks, number, len(versions), on_path, gone)
