"""A message's place in the tree of a conversation."""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

from mlxchat.conversation.entries import Entry
from mlxchat.conversation.vote import Vote

Rating = Literal["good", "bad"]

RANDOM_BITS = 20


class _Ids:
    """Ids of which each is greater than the one before, whatever the clock does."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._last = 0

    def __call__(self) -> int:
        milliseconds = time.time_ns() // 10**6
        fresh = milliseconds << RANDOM_BITS | secrets.randbits(RANDOM_BITS)
        with self._lock:
            self._last = max(fresh, self._last + 1)
            return self._last


_ids = _Ids()


def new_id() -> int:
    """An id for a session or a message: 63 bits, in order of time, and no other program's.

    42 bits of milliseconds since 1970, then chance, so that two programs that write to one file do
    not meet; within one program no two are the same, however fast they are made.
    """
    return _ids()


@dataclass(frozen=True, slots=True)
class Version:
    """Which of several messages at one place is shown, counted from 1."""

    number: int
    count: int

    @property
    def text(self) -> str:
        """`‹2/3›`; nothing where there is only one."""
        return f"‹{self.number}/{self.count}›" if self.count > 1 else ""


@dataclass(slots=True, eq=False)
class Node:
    """A message with what was said after it, one child for each version."""

    entry: Entry | None
    """None at the root."""
    parent: Node | None = None
    """None at the root."""
    id: int = field(default_factory=new_id)
    created: float = field(default_factory=time.time)
    """Seconds since 1970."""
    children: list[Node] = field(default_factory=list)
    """All of them, oldest first, those that were taken away too."""
    shown: Node | None = None
    """The child on the path that is shown; None where the path ends here."""
    hidden: bool = False
    """Whether it was taken away, with all that follows it; nothing is ever destroyed."""
    system: str | None = None
    """The system prompt from here on; None: as before."""
    rating: Rating | None = None
    note: str = ""
    """What the person noted about it."""
    vote: Vote | None = None
    """What they said of it beside the replies of other models; None where they did not."""

    @property
    def versions(self) -> list[Node]:
        """The children that are there to be shown."""
        return [child for child in self.children if not child.hidden]

    @property
    def version(self) -> Version:
        """Which version of its message it is."""
        versions = self.parent.versions if self.parent else [self]
        return Version(versions.index(self) + 1, len(versions))

    @property
    def tip(self) -> Node:
        """The end of the path that is shown from here."""
        node = self
        while node.shown is not None:
            node = node.shown
        return node

    def path(self) -> list[Node]:
        """From the root to here."""
        nodes = [self]
        while nodes[-1].parent is not None:
            nodes.append(nodes[-1].parent)
        return nodes[::-1]

    def walk(self) -> Iterator[Node]:
        """This node and all below it, parents first, in the order of their versions."""
        waiting = [self]
        while waiting:
            node = waiting.pop()
            yield node
            waiting += reversed(node.children)
