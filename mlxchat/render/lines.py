"""What rendering produces: lines of spans, each with the name of a role.

A role says what a span is ("heading1", "code.keyword", "strong"), never how it looks; each front
end maps roles to its own colours. Several roles are joined by spaces, outermost first:
"quote strong".
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from wcwidth import wcswidth


class Span(NamedTuple):
    """A run of characters with one look. Its text is safe to print: no control characters."""

    text: str
    role: str = ""


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a screen, no wider than it was wrapped for."""

    spans: tuple[Span, ...] = ()

    @property
    def text(self) -> str:
        """The line's characters."""
        return "".join(span.text for span in self.spans)

    @property
    def width(self) -> int:
        """The line's width in terminal cells."""
        return max(0, wcswidth(self.text))
