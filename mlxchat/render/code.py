"""Code blocks to lines."""

from __future__ import annotations

from collections.abc import Iterable

from mlxchat.render.lexing import START, State, highlight
from mlxchat.render.lines import Line, Span
from mlxchat.render.roles import joined
from mlxchat.render.safe import visible
from mlxchat.render.wrap import wrap_code

GUTTER = " "
LEAST_WIDTH = 4
"""Cells; where there are fewer, what stands before content (gutters, bars, indents) is left out."""


class CodeLines:
    """Lays out lines of code one after another. A line depends on those before it alone."""

    def __init__(self, info: str, width: int, role: str = "") -> None:
        words = info.split(maxsplit=1)
        self.language = words[0].strip("{}.,:").lower() if words else ""
        self.width, self.role = width, role
        self.state: State = START

    def header(self) -> list[Line]:
        """The line that names the language; none where the fence names none."""
        if not self.language:
            return []
        text = GUTTER + visible(self.language)
        return wrap_code([Span(text, joined(self.role, "code.language"))], self.width)

    def add(self, source: str) -> list[Line]:
        """The lines on the screen of the next line of code."""
        lines, self.state = self._line(source)
        return lines

    def preview(self, source: str) -> list[Line]:
        """As `add`, for a line that may still grow."""
        return self._line(source)[0]

    def all(self, sources: Iterable[str]) -> list[Line]:
        """The header and all the lines; one empty line where there is no code."""
        lines = [line for source in sources for line in self.add(source)]
        return self.header() + (lines or self.add(""))

    def _line(self, source: str) -> tuple[list[Line], State]:
        spans, state = highlight(self.language, self.state, visible(source).replace("\n", " "))
        if self.role:
            spans = tuple(Span(text, joined(self.role, role)) for text, role in spans)
        gutter = Span(GUTTER, joined(self.role, "code"))
        if self.width < LEAST_WIDTH:
            return wrap_code(spans or (gutter,), self.width), state
        wrapped = wrap_code(spans, self.width - len(GUTTER))
        return [Line((gutter, *line.spans)) for line in wrapped], state


def source_lines(content: str) -> list[str]:
    """The lines of a code token's content."""
    lines = content.split("\n")
    return lines[:-1] if lines[-1].strip() == "" else lines
