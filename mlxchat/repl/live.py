"""Text that grows on the terminal: a reply while it is written.

Lines that no more text changes are written once and scroll away; the others are drawn anew where
they change. What is higher than the terminal is shown from below until it is settled.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from mlxchat.render.lines import Line
from mlxchat.repl.region import Region


class Body(Protocol):
    """Lines of a text that grows, such as a MarkdownStream."""

    @property
    def lines(self) -> Sequence[Line]:
        """All of them, wrapped to the width."""

    @property
    def settled(self) -> int:
        """How many of them no more text changes."""

    def append(self, text: str) -> int:
        """Add text; the first line that changed."""

    def finish(self) -> int:
        """The text is complete; the first line that changed."""

    def resize(self, width: int) -> None:
        """Wrap everything to another width."""


class LiveText:
    """A body at the end of a region's terminal, and lines below it that say what goes on."""

    def __init__(self, region: Region, body: Body) -> None:
        self._region = region
        self._body = body
        self._below: list[Line] = []
        self._kept = 0
        """Lines of the body that stay for good."""
        self._top = 0
        """The first line of the body that is drawn."""

    def grow(self, text: str) -> None:
        """Add text, and draw what changed."""
        self._draw(self._body.append(text))

    def tell(self, below: Sequence[Line]) -> None:
        """Draw other lines below the body."""
        if list(below) != self._below:
            self._below = list(below)
            self._draw(len(self._body.lines))

    def finish(self, footer: Sequence[Line] = ()) -> None:
        """The text is complete: all of it stays for good, and these lines below it."""
        before = list(self._body.lines[self._kept :])
        changed = self._body.finish()
        # What has scrolled away stays as it was written, and so does all that belongs to it.
        lines = list(self._body.lines[self._kept :]) if changed >= self._kept else before
        same = changed - self._kept if self._top == self._kept else 0
        self._below = []
        self._region.leave([*lines, *footer], max(0, min(same, self._drawn_of_body)))
        self._kept = self._top = len(self._body.lines)

    def resize(self) -> None:
        """The terminal has another size: what may still change is wrapped and drawn anew."""
        self._region.forget()
        gone = _letters(self._body.lines[: self._kept])
        self._body.resize(self._region.width)
        self._kept = self._top = _place(self._body.lines, gone) if self._kept else 0
        self._draw(self._kept)

    @property
    def _drawn_of_body(self) -> int:
        return max(0, len(self._region.drawn) - len(self._below))

    def _draw(self, changed: int) -> None:
        lines, room = self._body.lines, max(1, self._region.room - len(self._below))
        settled = max(self._kept, min(self._body.settled, len(lines) - room))
        top = max(settled, len(lines) - room)
        if self._top == self._kept and top == settled:
            # What stays for good scrolls away while the rest is written.
            same = min(changed - self._kept, self._drawn_of_body)
            self._region.draw([*lines[self._kept :], *self._below], max(0, same))
            self._region.keep(settled - self._kept)
        else:
            self._draw_from_below(changed, settled, top)
        self._kept, self._top = settled, top

    def _draw_from_below(self, changed: int, settled: int, top: int) -> None:
        """Draw a body of which more is unsettled than the terminal is high, before or now."""
        lines = self._body.lines
        if settled > self._kept:
            # One line more, for there to be one that what stays is told apart from.
            self._region.draw(lines[self._kept : settled + 1])
            self._region.keep(settled - self._kept)
        same = changed - top if (settled, top) == (self._kept, self._top) else 0
        self._region.draw([*lines[top:], *self._below], max(0, min(same, self._drawn_of_body)))


def _letters(lines: Sequence[Line]) -> int:
    """How many letters and digits there are: no other width changes that."""
    return sum(character.isalnum() for line in lines for character in line.text)


def _place(lines: Sequence[Line], letters: int) -> int:
    """The line in which the letter after so many stands."""
    for number, line in enumerate(lines):
        letters -= _letters([line])
        if letters < 0:
            return number
    return len(lines) if letters == 0 else max(0, len(lines) - 1)
