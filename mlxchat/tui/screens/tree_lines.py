"""What the map of a conversation shows of each message."""

from __future__ import annotations

from textual.content import Content

from mlxchat.conversation.entries import Reply
from mlxchat.conversation.outline import OutlineLine
from mlxchat.render.one_line import first_words

RATINGS = {"good": ("+", "bold $success"), "bad": ("−", "bold $error")}
NOTE = "✎"
LEAST_TEXT = 30
"""Cells that a message has at least: deeper branches are not moved further in."""
SHOWN, ASIDE, GONE, HERE = "●", "○", "×", "◆"


def tree_line(line: OutlineLine, here: bool, width: int) -> Content:
    """The branch, who spoke, which version, how it was rated, and the first words."""
    entry = line.node.entry
    mine = not isinstance(entry, Reply)
    color = "$user-mark" if mine else "$assistant-mark"
    dot = HERE if here else GONE if line.hidden else SHOWN if line.on_path else ASIDE
    name = "you" if mine else "model"
    version = f"‹{line.number}/{line.count}› " if line.number and line.count > 1 else ""
    words = first_words(entry.text if entry else "", width) or "(empty)"
    text = "$text-muted" if line.hidden or not line.on_path else "$foreground"
    strong = "bold " if here else ""
    return Content.assemble(
        (_guides(line, width), "$text-muted"),
        (f"{dot} ", f"bold {color}" if not line.hidden else "$text-muted"),
        (f"{name:<5} ", f"{strong}{color}" if not line.hidden else "$text-muted"),
        (version, "$text-muted"),
        *_marks(line),
        (words, f"{strong}{text}" + (" strike" if line.hidden else "")),
    )


def _guides(line: OutlineLine, width: int) -> str:
    """Lines from the fork to here, as far as there is room for them."""
    if not line.depth:
        return ""
    most = max(1, (width - LEAST_TEXT) // 2)
    depth = min(line.depth, most)
    bars = "│ " * (depth - 1)
    if line.depth > most:
        bars = "⋯ " + bars[2:]
    return bars + ("├╴" if line.forks else "│ ")


def _marks(line: OutlineLine) -> list[tuple[str, str]]:
    rating = line.node.rating
    marks = [(f"{RATINGS[rating][0]} ", RATINGS[rating][1])] if rating else []
    return [*marks, (f"{NOTE} ", "$accent")] if line.node.note else marks
