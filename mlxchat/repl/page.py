"""Where the REPL writes: what is written stays, and only the end of it moves."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple, Protocol

from mlxchat.conversation.entries import Reply
from mlxchat.render.lines import Line
from mlxchat.repl.live import Body

Kind = Literal["said", "quiet", "title", "opened", "warning", "error"]
"""What a statement is: an answer, a remark, the head of a list, the session that was opened, a
warning, a failure."""


class Item(NamedTuple):
    """One line of a list."""

    title: str
    detail: str = ""
    marked: bool = False
    """Whether it is the one in use, or where one stands."""


@dataclass(frozen=True, slots=True)
class Head:
    """What stands above a message."""

    name: str
    mine: bool = False
    """Whether the person said it."""
    branch: str = ""
    """Which version it is: `‹2/3›`."""
    label: str = ""
    """How it was rated, and what was noted about it."""


class ReplyView(Protocol):
    """A reply on the page, while it is written."""

    def grow(self, text: str) -> None:
        """Add text."""

    def tell(self, status: Line) -> None:
        """Say below it what goes on."""

    def setting(self, text: str) -> None:
        """Say that a setting counts from here on: `temp 0.80`."""

    def resize(self) -> None:
        """The terminal has another size."""

    def finish(self, footer: str) -> None:
        """Nothing follows; `footer` says what it cost."""


class Page(Protocol):
    """The page of a REPL."""

    @property
    def width(self) -> int:
        """Cells of a line."""

    @property
    def size(self) -> tuple[int, int]:
        """Columns and rows of the terminal; always the same where they make no difference."""

    @property
    def dialogue(self) -> bool:
        """Whether somebody reads it who can answer."""

    @property
    def clipboard(self) -> Callable[[str], None] | None:
        """Puts a text onto the clipboard of the terminal; None where it has none."""

    def say(self, text: str, kind: Kind = "said") -> None:
        """Write a statement."""

    def list(self, items: Sequence[Item], *, numbered: bool = False) -> None:
        """Write a list, each of its lines with its number where one of them can be chosen."""

    def message(self, head: Head, text: str) -> None:
        """Write what the person said."""

    def reply(self, head: Head, body: Body, reply: Reply) -> ReplyView:
        """Begin a reply, whose text comes through the view."""

    def lines(self, lines: Sequence[Line]) -> None:
        """Write lines as they are."""

    def status(self, text: str) -> None:
        """Say what goes on, until something else is written; empty takes it away."""
