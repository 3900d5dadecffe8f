"""Where a reply differs from the other one that it is compared with."""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from mlxchat.render.lines import Line, Span
from mlxchat.render.places import Word, with_role, words_of

FIRST = Span("≠ ", "mark.differs")
"""Before the line in which two replies part."""


@dataclass(frozen=True, slots=True)
class Difference:
    """What sets a reply's text apart from another's, in characters."""

    first: int | None = None
    """Where they part; None where they do not, or have not yet."""
    own: tuple[range, ...] = ()
    """What the other has not, in order; nothing where that is not asked for."""


class DifferenceMarks:
    """The marks of one reply's difference, on the lines that show it."""

    def __init__(self) -> None:
        self.difference = Difference()
        self._line: int | None = None
        """The line in which the replies part."""
        self._parts: range | None = None
        """The characters of that line that are the first to differ."""
        self._own: dict[int, list[range]] = {}
        """The characters of each line that the other has not."""

    @property
    def shown(self) -> bool:
        """Whether there is anything to mark."""
        return self.difference != Difference()

    def place(self, text: str, lines: Iterable[Line], first: int) -> int:
        """Find the marks' places, where those before line `first` are as they were; the first line
        that changed."""
        if not self.shown:
            return self._forget(first)
        if self._parts is not None and not self.difference.own and (self._line or 0) < first:
            return first
        before = self._line, self._own
        words = list(words_of(lines, text))
        self._place_first(words)
        self._own = _stretches(words, self.difference.own)
        if (self._line, self._own) == before:
            return first
        places = [line for line in (before[0], self._line) if line is not None]
        return min([first, *places, *before[1], *self._own])

    def mark(self, line: int, otherwise: Span) -> Span:
        """What stands before a line; beside a mark that is there already."""
        if line != self._line:
            return otherwise
        other = otherwise.text.strip()
        return Span(f"≠{other}", FIRST.role) if other else FIRST

    def look(self, number: int, line: Line) -> Line:
        """The line as it is painted."""
        if (own := self._own.get(number)) is not None:
            line = with_role(line, own, "own")
        if number == self._line and self._parts is not None:
            line = with_role(line, [self._parts], "differs")
        return line

    def _forget(self, first: int) -> int:
        places = [line for line in (self._line, *self._own) if line is not None]
        self._line, self._parts, self._own = None, None, {}
        return min([first, *places])

    def _place_first(self, words: Sequence[Word]) -> None:
        self._line = self._parts = None
        at = self.difference.first
        if at is None or not words:
            return
        index = bisect_right(words, at, key=lambda word: word.end)
        word = words[min(index, len(words) - 1)]
        self._line = word.line
        if index < len(words):
            begins = word.column + max(0, at - word.start)
            self._parts = range(begins, word.column + word.length)


def _stretches(words: Sequence[Word], own: Sequence[range]) -> dict[int, list[range]]:
    """The characters of each line that stand in one of the stretches of the text."""
    found: dict[int, list[range]] = defaultdict(list)
    place, last = 0, None
    for word in words:
        while place < len(own) and own[place].stop <= word.start:
            place += 1
        for stretch in own[place:]:
            low, high = max(stretch.start, word.start), min(stretch.stop, word.end)
            if low >= high:
                break
            columns = range(word.column + low - word.start, word.column + high - word.start)
            if last == (word.line, stretch):  # and the space between the two
                columns = range(found[word.line].pop().start, columns.stop)
            found[word.line].append(columns)
            last = word.line, stretch
    return dict(found)
