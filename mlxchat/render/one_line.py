"""Text on one line: the beginning of a message, a column of a table."""

from __future__ import annotations

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
    kept, used = [], 0
    for cluster, wide in clusters(text):
        if used + wide > width - 1:
            break
        kept.append(cluster)
        used += wide
    return "".join(kept) + "…" + " " * (width - 1 - used)


def ending(text: str, width: int) -> str:
    """A line whole, or else its end, which fills at most `width` cells together with an
    ellipsis."""
    if cells(text) <= width:
        return text
    kept, room = "", width - 1
    for cluster, wide in reversed(clusters(text)):
        if (room := room - wide) < 0:
            break
        kept = cluster + kept
    return f"…{kept}"
