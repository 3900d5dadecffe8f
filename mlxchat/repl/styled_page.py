"""The page on a terminal with colours: lines that still change are drawn anew at its end."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Sequence

from prompt_toolkit.output import Output
from prompt_toolkit.styles import BaseStyle

from mlxchat.conversation.entries import Reply
from mlxchat.render.lines import Line, Span
from mlxchat.render.one_line import cut
from mlxchat.render.plain import render_plain
from mlxchat.render.safe import visible
from mlxchat.render.wrap import EMPTY, cells, prefixed, wrap
from mlxchat.repl.live import Body, LiveText
from mlxchat.repl.page import Head, Item, Kind
from mlxchat.repl.region import Region

ROLES: dict[Kind, str] = {
    "said": "",
    "quiet": "muted",
    "title": "title",
    "opened": "",
    "warning": "warning",
    "error": "error",
}
LEAST_DETAIL = 16
"""Cells that a detail has beside its title; below it where there are fewer."""
ROOMY = 15
"""Lines of a terminal from which an empty one stands below a reply."""
MARK, NO_MARK = "● ", "  "


class StyledPage:
    """Writes lines of spans in the colours of a theme."""

    dialogue = True

    def __init__(self, output: Output, style: BaseStyle) -> None:
        self._output = output
        self._region = Region(output, style)

    @property
    def width(self) -> int:
        """Cells of a line."""
        return self._region.width

    @property
    def size(self) -> tuple[int, int]:
        """Columns and rows of the terminal."""
        size = self._output.get_size()
        return size.columns, size.rows

    def clipboard(self, text: str) -> None:
        """Put a text onto the clipboard of the terminal, if that takes it."""
        self._output.write_raw(f"\x1b]52;c;{b64encode(text.encode()).decode()}\a")
        self._output.flush()

    def use(self, style: BaseStyle) -> None:
        """Write in the colours of another theme from now on."""
        self._region.use(style)

    def say(self, text: str, kind: Kind = "said") -> None:
        """Write a statement."""
        self.lines(render_plain(text, self.width, ROLES[kind]))

    def list(self, items: Sequence[Item], *, numbered: bool = False) -> None:
        """Write a list: titles in a column, details beside them or below where that is narrow."""
        if not items:
            return
        digits = len(str(len(items)))
        marked = any(item.marked for item in items)
        indent = (digits + 2 if numbered else 0) + (len(MARK) if marked else 0)
        room = max(1, self.width - indent)
        titles = min(max(cells(visible(item.title)) for item in items), max(1, room // 2))
        lines: list[Line] = []
        for number, item in enumerate(items, 1):
            head = [Span(f"{number:>{digits}}  ", "accent")] if numbered else []
            head += [Span(MARK if item.marked else NO_MARK, "accent")] if marked else []
            lines += prefixed(_item(item, titles, room), *_margins(head, indent))
        self.lines(lines)

    def message(self, head: Head, text: str) -> None:
        """Write what the person said."""
        self.lines([EMPTY, _head(head, self.width), *render_plain(text, self.width)])

    def reply(self, head: Head, body: Body, reply: Reply) -> LiveReply:
        """Begin a reply."""
        self.lines([EMPTY, _head(head, self.width)])
        return LiveReply(self._region, body)

    def lines(self, lines: Sequence[Line]) -> None:
        """Write lines as they are."""
        self._region.draw([])
        self._region.write(lines)

    def status(self, text: str) -> None:
        """Say what goes on, on a line that goes away."""
        shown = visible(text)
        shown = shown if cells(shown) <= self.width else cut(shown, self.width)
        self._region.draw([Line((Span(shown, "muted"),))] if text else [])


class LiveReply:
    """A reply that is written, with a line below it that says what goes on."""

    def __init__(self, region: Region, body: Body) -> None:
        self._region = region
        self._live = LiveText(region, body)

    def grow(self, text: str) -> None:
        """Add text."""
        self._live.grow(text)

    def tell(self, status: Line) -> None:
        """Say below it what goes on."""
        self._live.tell([status])

    def setting(self, text: str) -> None:
        """The line below tells the settings."""

    def resize(self) -> None:
        """The terminal has another size."""
        self._live.resize()

    def finish(self, footer: str) -> None:
        """Nothing follows."""
        lines = render_plain(footer, self._region.width, "muted") if footer else []
        air = [EMPTY] if self._region.room >= ROOMY else []
        self._live.finish([*lines, *air])


def _margins(head: Sequence[Span], indent: int) -> tuple[Span, Span]:
    """What stands before the first line of an item, and before its others."""
    return Span("".join(span.text for span in head), "accent"), Span(" " * indent)


def _item(item: Item, titles: int, room: int) -> list[Line]:
    title, detail = visible(item.title), visible(item.detail)
    role = "accent" if item.marked else ""
    if not detail:
        return wrap([Span(title, role)], room)
    beside = room - titles - 2
    if beside < LEAST_DETAIL or cells(title) > titles:
        below = render_plain(detail, max(1, room - 2), "muted")
        return [*wrap([Span(title, role)], room), *prefixed(below, Span("  "), Span("  "))]
    first = Span(title + " " * (titles - cells(title) + 2), role)
    lines = render_plain(detail, beside, "muted")
    return prefixed(lines, first, Span(" " * (titles + 2)))


def _head(head: Head, width: int) -> Line:
    parts = [Span(visible(head.name), "user" if head.mine else "name")]
    parts += [Span(f" {visible(text)}", "muted") for text in (head.branch, head.label) if text]
    room, fitting = width, []
    for span in parts:
        text = span.text if cells(span.text) <= room else cut(span.text, room)
        fitting.append(Span(text, span.role))
        room -= cells(text)
    return Line(tuple(span for span in fitting if span.text))
