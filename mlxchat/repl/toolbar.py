"""The line under the prompt: what the next reply is drawn with, and how full the context is."""

from __future__ import annotations

from typing import NamedTuple

from prompt_toolkit.formatted_text import StyleAndTextTuples

from mlxchat.commands.typed import Hint
from mlxchat.conversation.summary import active_settings
from mlxchat.render.one_line import cut
from mlxchat.render.safe import visible
from mlxchat.render.wrap import cells
from mlxchat.session.chat import ChatSession

GAP = "  "
VALUE, ACCENT, QUIET = "value", "accent", ""


class Part(NamedTuple):
    """One thing to tell. Those of the greatest `rank` are left out first where it is narrow."""

    text: str
    rank: int
    look: str = VALUE


def parts(session: ChatSession, speed: float) -> list[Part]:
    """What there is to tell, in the order of the line."""
    if session.hidden:
        return [Part("which lane is which is hidden until you vote", 0)]
    model = session.info.name.rpartition("/")[2] if session.info else "no model: /model"
    adapter, preset = session.adapter_words, session.preset.name
    temp, *others = active_settings(session.settings).values()
    told = [
        Part(model, 6, ACCENT),
        *([Part(adapter, 2)] if adapter else []),
        Part(temp, 0),
        *([Part(" ".join(others), 3)] if others else []),
        Part(preset + ("*" if session.modified else ""), 7, QUIET),
        Part(_context(session), 1),
        *([Part(f"{speed:.0f} tok/s", 5, QUIET)] if speed else []),
        *([Part(f"{len(session.lanes)} lanes", 4, ACCENT)] if session.comparing else []),
    ]
    return [part for part in told if part.text]


def _context(session: ChatSession) -> str:
    use = session.context
    if not use.limit:
        return f"ctx {use.used:,}" if use.used else ""
    return f"ctx {use.used:,}/{use.limit:,}"


def fitting(told: list[Part], width: int) -> list[Part]:
    """As many of them as have room, the most important ones."""
    shown = list(told)
    while len(shown) > 1 and _width(shown) > width:
        shown.remove(max(shown, key=lambda part: part.rank))
    return shown


def toolbar(session: ChatSession, speed: float, width: int) -> StyleAndTextTuples:
    """The line, in at most `width` cells."""
    shown = fitting(parts(session, speed), width - 2)
    line: StyleAndTextTuples = [("class:bottom-toolbar", " ")]
    for number, part in enumerate(shown):
        text = visible(part.text)
        text = text if cells(text) <= width - 2 else cut(text, width - 2)
        look = f"class:bottom-toolbar.{part.look}" if part.look else "class:bottom-toolbar"
        line += [("class:bottom-toolbar", GAP if number else ""), (look, text)]
    return line


def hint_line(told: Hint, width: int) -> StyleAndTextTuples:
    """What there is to say of a command that is typed."""
    text = told.text if cells(told.text) <= width - 2 else cut(told.text, width - 2)
    look = "class:bottom-toolbar.wrong" if told.wrong else "class:bottom-toolbar.value"
    return [("class:bottom-toolbar", " "), (look, text)]


def _width(shown: list[Part]) -> int:
    return sum(cells(visible(part.text)) for part in shown) + len(GAP) * (len(shown) - 1)
