"""Reasoning in a reply: finding it between its tags, and showing it as a block that folds."""

from __future__ import annotations

import re
from typing import Literal

from mlxchat.render.code import LEAST_WIDTH
from mlxchat.render.lines import Line, Span
from mlxchat.render.plain import render_plain
from mlxchat.render.wrap import cells, prefixed, wrap

Kind = Literal["answer", "reasoning"]
DEFAULT_TAGS = ("<think>", "</think>")

_FENCE = re.compile(r"[\s>]*(?:(?:[-*+]|\d{1,9}[.)])\s+)*(`{3,}|~{3,})")


class Splitter:
    """Cuts streamed text at think tags. What it gives does not depend on how the text was cut
    into pieces before. Tags in code are text."""

    def __init__(self, tags: tuple[str, str] | None, open_reasoning: bool) -> None:
        self.tags = tags if tags and all(tags) else DEFAULT_TAGS if open_reasoning else None
        self.kind: Kind = "reasoning" if open_reasoning else "answer"
        self._held = ""
        self._code = _CodeWatch()

    def feed(self, text: str) -> list[tuple[Kind, str]]:
        """The text cut into parts; a part of another kind than the one before begins a block."""
        if self.tags is None:
            return [(self.kind, text)]
        text = self._held + text
        parts: list[tuple[Kind, str]] = []
        while (at := text.find(self._tag)) >= 0:
            cut = at + len(self._tag)
            if self.kind == "answer" and self._code.holds(text[:at]):
                self._code.add(self._tag)
                parts.append((self.kind, text[:cut]))
            else:
                parts.append((self.kind, text[:at]))
                self._turn()
                parts.append((self.kind, ""))
            text = text[cut:]
        kept = len(text) - _held_back(text, self._tag)
        self._held = text[kept:]
        self._code.add(text[:kept])
        return [*parts, (self.kind, text[:kept])]

    def flush(self) -> list[tuple[Kind, str]]:
        """What was held back because a tag might have begun."""
        held, self._held = self._held, ""
        return [(self.kind, held)] if held else []

    @property
    def _tag(self) -> str:
        assert self.tags is not None
        return self.tags[self.kind == "reasoning"]

    def _turn(self) -> None:
        self.kind = "answer" if self.kind == "reasoning" else "reasoning"
        self._code = _CodeWatch()


class _CodeWatch:
    """Follows Markdown just far enough to know whether a place is in code."""

    def __init__(self) -> None:
        self._line = ""
        self._ticks = 0
        self._fence = ""

    def holds(self, text: str) -> bool:
        """Whether what comes after this text is in code."""
        self.add(text)
        opens = not self._fence and _FENCE.match(self._line) is not None
        return bool(self._fence) or opens or self._ticks % 2 == 1

    def add(self, text: str) -> None:
        """Go on over this text."""
        *complete, last = text.split("\n")
        for line in complete:
            self._add_part(line)
            self._end_line()
        self._add_part(last)

    def _add_part(self, part: str) -> None:
        self._line += part[: max(0, 200 - len(self._line))]
        self._ticks += part.count("`")

    def _end_line(self) -> None:
        match = _FENCE.match(self._line)
        if not self._fence:
            self._fence = match.group(1) if match else ""
        elif match and match.group(1).startswith(self._fence) and match.end() == len(self._line):
            self._fence = ""
        self._line, self._ticks = "", 0


def _held_back(text: str, tag: str) -> int:
    """How many characters at the end may be the start of the tag."""
    for length in range(min(len(text), len(tag) - 1), 0, -1):
        if tag.startswith(text[-length:]):
            return length
    return 0


BAR = Span("│ ", "reasoning")


class Reasoning:
    """One block of reasoning: a header line and, where it is not folded, its text."""

    def __init__(self, width: int, folded: bool) -> None:
        self.width = width
        self.lines: list[Line] = []
        self._texts: list[str] = []
        self._folded = folded
        self._words = 0
        self._in_word = False
        self._finished = False
        self._content = _Growing(width)

    @property
    def has_header(self) -> bool:
        """Whether there is anything to show."""
        return bool(self.lines)

    @property
    def settled(self) -> int:
        """How many lines no more text changes, but for the header, which changes at the end."""
        return 0 if self._folded or not self.lines else 1 + self._content.done

    def append(self, text: str) -> int:
        """Add text; returns the first line that may have changed."""
        self._texts.append(text)
        self._count(text)
        if self._folded or not self.lines:
            return self._rebuild()
        first = self._content.append(text)
        self.lines[1 + first :] = self._content.lines[first:]
        return 1 + first

    def finish(self) -> int:
        """The block is complete; returns the first line that changed."""
        self._finished = True
        return self._rebuild()

    def fold(self, folded: bool) -> None:
        """Show one line for it, or all."""
        self._folded = folded
        self._rebuild()

    def _count(self, text: str) -> None:
        if text:
            joins = self._in_word and not text[0].isspace()
            self._words += len(text.split()) - joins
            self._in_word = not text[-1].isspace()

    def _rebuild(self) -> int:
        text = "".join(self._texts)
        self.lines[:] = [] if not self._words else self._all_lines(text)
        return 0

    def _all_lines(self, text: str) -> list[Line]:
        header = wrap([Span(self._header, "reasoning.header")], self.width)[:1]
        if self._folded:
            return header
        self._content = _Growing(self.width)
        self._content.append(text)
        if self._finished:
            return [*header, *reasoning_lines(text, self.width)]
        return [*header, *self._content.lines]

    @property
    def _header(self) -> str:
        words = f"{self._words} word{'s' * (self._words != 1)}"
        if self._folded:
            return f"▸ {'thought' if self._finished else 'thinking…'} · {words}"
        return f"▾ thought · {words}" if self._finished else "▾ thinking…"


def reasoning_lines(text: str, width: int) -> list[Line]:
    """The lines of a whole text of reasoning."""
    inner = width - cells(BAR.text)
    if inner < LEAST_WIDTH:
        return render_plain(text.strip(), width, "reasoning")
    return prefixed(render_plain(text.strip(), inner, "reasoning"), BAR, BAR)


class _Growing:
    """Text of reasoning that grows: lines before the last are laid out once."""

    def __init__(self, width: int) -> None:
        self.width = width
        self.lines: list[Line] = []
        self._open = ""
        self.done = 0
        """How many lines no more text changes."""

    def append(self, text: str) -> int:
        """Add text; returns the first line that may have changed."""
        self._open = self._open + text if self.done else (self._open + text).lstrip()
        first = self.done
        lines = reasoning_lines(self._open, self.width) if self._open.strip() else []
        settled, _, rest = self._open.rpartition("\n")
        if settled.strip() and rest.strip():
            kept = reasoning_lines(rest, self.width)
            self.done += len(lines) - len(kept)
            self._open = rest
        self.lines[first:] = lines
        return first
