"""Text on one line: the beginning of a message, a column of a table."""

from __future__ import annotations

from collections.abc import Iterable

from mlxchat.render.safe import visible
from mlxchat.render.wrap import cells, clusters

MOST_READ = 2000
"""Characters of a text that are looked at for its first words."""
LONGEST_QUOTED = 40


def first_words(text: str, most: int = 200) -> str:
    """The beginning of a text on one line, safe to print, of at most `most` characters."""
    return visible(" ".join(text[:MOST_READ].split()))[:most]


def quoted(text: str) -> str:
    """What was typed or given, as a sentence repeats it."""
    return f"“{first_words(text, LONGEST_QUOTED)}{'…' if len(text) > LONGEST_QUOTED else ''}”"


def fitted(text: str, width: int) -> str:
    """Text of one line in exactly `width` cells: filled up with spaces, or cut with an ellipsis."""
    missing = width - cells(text)
    return text + " " * missing if missing >= 0 else cut(text, width)


def cut(text: str, width: int) -> str:
    """The beginning of a line that fills `width` cells together with an ellipsis."""
    if width < 1:
        return ""
    kept, used = _first(clusters(text), width - 1)
    return "".join(kept) + "…" + " " * (width - 1 - used)


def end_of(text: str, width: int) -> str:
    """A line, or the end of it behind an ellipsis where it has more than `width` cells."""
    if cells(text) <= width:
        return text
    kept, _ = _first(reversed(clusters(text)), width - 1)
    return "…" + "".join(reversed(kept)) if width > 0 else ""


def _first(of: Iterable[tuple[str, int]], width: int) -> tuple[list[str], int]:
    """The first clusters, as many as fit, and the cells that they take."""
    kept, used = [], 0
    for cluster, wide in of:
        if used + wide > width:
            break
        kept.append(cluster)
        used += wide
    return kept, used
