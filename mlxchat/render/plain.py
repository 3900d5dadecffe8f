"""Text that is no Markdown: what a person typed, notices, reasoning."""

from __future__ import annotations

from mlxchat.render.lines import Line, Span
from mlxchat.render.safe import visible
from mlxchat.render.wrap import EMPTY, wrap


def render_plain(text: str, width: int, role: str = "") -> list[Line]:
    """Text as it is, made safe to print and wrapped to `width` cells."""
    lines: list[Line] = []
    for source in visible(text).split("\n"):
        source = source.rstrip()
        lines += wrap([Span(source, role)], width) if source else [EMPTY]
    return lines
