"""A reply's tokens as the body of an entry: each in the look of its level."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import overload

from mlxchat.conversation.entries import Reply
from mlxchat.conversation.surprise import MOVED, Measure, level
from mlxchat.render.lines import Line, Span
from mlxchat.render.safe import visible
from mlxchat.render.tokens import TokenLines


def named(token_bytes: bytes) -> str:
    """A token that has no text of its own: a special token's name, or its bytes in hex."""
    try:
        return visible(token_bytes.decode()) or "∅"
    except UnicodeDecodeError:
        return f"‹{token_bytes.hex(' ')}›"


@dataclass(slots=True)
class TokenLook:
    """What all token views of a transcript have in common."""

    measure: Measure = "probability"
    name_of: Callable[[int], str] = str
    """Names a token without text."""
    others: Callable[[Reply], Sequence[float]] = lambda _: ()
    """How probable another model finds each token of a reply, in natural logs, where it is
    known."""

    def other(self, reply: Reply, place: int) -> float | None:
        """How probable another model finds a token; None where it is not known."""
        others = self.others(reply)
        return others[place] if place < len(others) else None

    def level(self, reply: Reply, place: int) -> int:
        """How surprising a token is by the measure."""
        other = self.other(reply, place) if self.measure == MOVED else None
        return level(reply.tokens[place], self.measure, other)


class TokenBody(Sequence[Line]):
    """The tokens of a reply, laid out as they come. Has what MarkdownStream has for an entry."""

    reasoning_headers: tuple[int, ...] = ()
    folded = False

    def __init__(self, reply: Reply, width: int, look: TokenLook) -> None:
        self.cursor: int | None = None
        """The place of the token that is selected."""
        self.lines = self
        self._reply = reply
        self._look = look
        self.resize(width)

    def __len__(self) -> int:
        return len(self.layout.lines)

    def __iter__(self) -> Iterator[Line]:
        return (self[index] for index in range(len(self)))

    @overload
    def __getitem__(self, index: int) -> Line: ...
    @overload
    def __getitem__(self, index: slice) -> list[Line]: ...
    def __getitem__(self, index: int | slice) -> Line | list[Line]:
        if isinstance(index, slice):
            return [self._line(number) for number in range(*index.indices(len(self)))]
        return self._line(index)

    def _line(self, index: int) -> Line:
        spans = []
        for piece in self.layout.lines[index]:
            if piece.token < 0:
                spans.append(Span(piece.text))
                continue
            role = f"token.{self._look.level(self._reply, piece.token)}"
            cursor = " token.cursor" if piece.token == self.cursor else ""
            spans.append(Span(piece.text, role + cursor))
        return Line(tuple(spans))

    @property
    def settled(self) -> int:
        """How many lines no more tokens change: a word of the last one can move to the next."""
        return max(0, len(self) - 1)

    def append(self, text: str = "") -> int:
        """Lay out what the reply has by now; the first line that changed."""
        tokens, first = self._reply.tokens, len(self.layout.lines)
        for record in tokens[len(self.layout) :]:
            shown = record.text or self._look.name_of(record.token_id)
            first = min(first, self.layout.add(shown))
        return first

    def finish(self) -> int:
        """The first line that changed."""
        return self.append()

    def resize(self, width: int) -> None:
        """Wrap everything to a width in cells."""
        self.layout = TokenLines(width)
        if self._reply.prefill:
            self.layout.add_text(self._reply.prefill)
        self.append()

    def line_of(self, place: int) -> int:
        """The line in which a token begins."""
        return self.layout.line_of(place)

    def lines_of(self, place: int) -> tuple[int, int]:
        """The lines first <= line < last in which a token stands."""
        first = last = self.layout.line_of(place)
        lines = self.layout.lines
        while last < len(lines) and (not lines[last] or any(p.token == place for p in lines[last])):
            last += 1
        return first, last
