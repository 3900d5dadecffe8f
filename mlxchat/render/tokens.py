"""A reply as its tokens, one after the other, wrapped to lines."""

from __future__ import annotations

from bisect import bisect_right
from typing import NamedTuple

from mlxchat.render.safe import visible
from mlxchat.render.wrap import cells, cut, fit

LINE_BREAK = "↵"
EMPTY = "∅"
"""Stands for a token that completes no character and has no name."""


class Piece(NamedTuple):
    """A part of a token on one line."""

    token: int
    """The token's place in the reply, from 0; below 0 for text that is no token."""
    text: str
    width: int
    """In cells."""


class TokenLines:
    """Tokens in lines of at most `width` cells.

    Lines break where a word does, which is inside a token where that begins with a space: the
    space stays on the line before.
    """

    def __init__(self, width: int) -> None:
        self.width = max(1, width)
        self.lines: list[list[Piece]] = [[]]
        self._used = 0
        self._word = 0
        """The piece of the last line with which its last word begins."""
        self._starts: list[int] = []
        """The line in which each token begins."""

    def __len__(self) -> int:
        return len(self._starts)

    def add(self, text: str) -> int:
        """Add the next token; the first line that changed."""
        self._starts.append(-1)
        return self._add(len(self._starts) - 1, text or EMPTY)

    def add_text(self, text: str) -> int:
        """Add text that is no token, such as a prefilled start; the first line that changed."""
        return self._add(-1, text)

    def line_of(self, token: int) -> int:
        """The line in which a token begins."""
        return self._starts[token]

    def token_at(self, line: int, column: int) -> int | None:
        """The token at a cell of a line, or the nearest before it."""
        found = None
        for piece in self.lines[line] if 0 <= line < len(self.lines) else ():
            found = piece.token if piece.token >= 0 else found
            column -= piece.width
            if column < 0 and found is not None:
                break
        return found

    def column_of(self, token: int) -> int:
        """The cell at which a token begins in its line."""
        column = 0
        for piece in self.lines[self._starts[token]]:
            if piece.token == token:
                break
            column += piece.width
        return column

    def first_from(self, line: int) -> int:
        """The first token that begins at a line or after it; their number where there is none."""
        return bisect_right(self._starts, line - 1)

    def _add(self, token: int, text: str) -> int:
        first = len(self.lines) - 1
        rows = visible(text.replace("\n", LINE_BREAK + "\n")).split("\n")
        for number, row in enumerate(rows):
            if number:
                self._new_line()
            if row:
                self._place(token, fit(row, self.width))
        return first

    def _place(self, token: int, text: str) -> None:
        """Put text at the end of the last line, or on a new one with the word that it ends."""
        space, width = text[0] == " ", cells(text)
        if self._used + width <= self.width:
            self._word = len(self.lines[-1]) if space else self._word
            self._append(token, text, width)
            return
        moved = [] if space else self._take_word()
        self._begin_line([*moved, (token, text)])

    def _take_word(self) -> list[tuple[int, str]]:
        """Take the last word off the last line, unless it is all that is there."""
        line = self.lines[-1]
        taken = line[self._word :] if self._word else []
        del line[len(line) - len(taken) :]
        for piece in taken:
            self._used -= piece.width
            if piece.token >= 0 and self._starts[piece.token] == len(self.lines) - 1:
                self._starts[piece.token] = -1
        return [(piece.token, piece.text) for piece in taken]

    def _begin_line(self, items: list[tuple[int, str]]) -> None:
        token, text = items[0]
        if text[0] == " " and len(text) > 1 and self._used < self.width:
            self._append(token, " ", 1)
            items[0] = (token, text[1:])
        if self.lines[-1]:
            self._new_line()
        for token, text in items:
            self._fill(token, text)

    def _fill(self, token: int, text: str) -> None:
        """Put text onto the last line, and onto new ones where it has no room."""
        if self._used and self._used + cells(text) > self.width:
            self._new_line()
        for start, end in cut(text, self.width):
            if start:
                self._new_line()
            self._append(token, text[start:end], cells(text[start:end]))

    def _append(self, token: int, text: str, width: int) -> None:
        if token >= 0 and self._starts[token] < 0:
            self._starts[token] = len(self.lines) - 1
        self.lines[-1].append(Piece(token, text, width))
        self._used += width

    def _new_line(self) -> None:
        self.lines.append([])
        self._used = self._word = 0
