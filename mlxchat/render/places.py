"""Where the words of rendered lines stand in the text that they were rendered from."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from mlxchat.render.lines import Line, Span
from mlxchat.render.roles import joined

ADDED = frozenset(("quote.bar", "rule", "table.border", "reasoning.header", "link.url"))
"""Roles of what rendering adds: none of it stands in the text, or it stands elsewhere."""
NEAR = 400
"""Characters of markup that are skipped at most before a word. More is a word that is not there."""

_WORD = re.compile(r"\S+")


class Word(NamedTuple):
    """A run of visible characters on a line, and where it stands in the text."""

    line: int
    column: int
    """In characters of the line."""
    start: int
    length: int

    @property
    def end(self) -> int:
        """The character of the text after it."""
        return self.start + self.length


def words_of(lines: Iterable[Line], text: str) -> Iterator[Word]:
    """The words of rendered lines that are found in the text, in order. Each is looked for behind
    the one before; what was rendered from something else (a bullet, an entity) is left out."""
    at, far = 0, False
    for number, line in enumerate(lines):
        column = 0
        for span in line.spans:
            added = not ADDED.isdisjoint(span.role.split())
            far = far or "reasoning.header" in span.role  # what it folds away is skipped
            for match in () if added else _WORD.finditer(span.text):
                start = text.find(match[0], at, None if far else at + NEAR + len(match[0]))
                if start >= 0:
                    at, far = start + len(match[0]), False
                    yield Word(number, column + match.start(), start, len(match[0]))
            column += len(span.text)


def with_role(line: Line, stretches: Sequence[range], role: str) -> Line:
    """The line with a role more on some characters. The stretches are in order."""
    spans: list[Span] = []
    column = 0
    for span in line.spans:
        spans += _split(span, column, stretches, role)
        column += len(span.text)
    return Line(tuple(spans))


def _split(span: Span, column: int, stretches: Sequence[range], role: str) -> Iterator[Span]:
    done = 0
    for stretch in stretches:
        low, high = (min(max(i - column, done), len(span.text)) for i in (stretch[0], stretch.stop))
        if low < high:
            yield span._replace(text=span.text[done:low])
            yield Span(span.text[low:high], joined(span.role, role))
            done = high
    yield span._replace(text=span.text[done:])
