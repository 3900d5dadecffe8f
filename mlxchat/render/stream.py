"""A reply that grows, as lines. The one entrance to rendering for both front ends."""

from __future__ import annotations

from collections.abc import Iterable

from mlxchat.render.document import Document, render_document
from mlxchat.render.lines import Line
from mlxchat.render.plain import render_plain
from mlxchat.render.reasoning import Kind, Reasoning, Splitter
from mlxchat.render.wrap import EMPTY

__all__ = ["MarkdownStream", "render_markdown", "render_plain"]


class MarkdownStream:
    """The lines of a reply while it is written.

    `think_tags` are the pair of tags around reasoning; with `open_reasoning` the text starts
    inside such a pair. `width` is in terminal cells, at least 1.
    """

    def __init__(
        self,
        width: int,
        *,
        open_reasoning: bool = False,
        think_tags: tuple[str, str] | None = None,
    ) -> None:
        self.lines: list[Line] = []
        """All lines, wrapped to the width. Not to be changed from outside."""
        self.source = ""
        """The text so far, as it was given."""
        self._width = max(1, width)
        self._options = (think_tags, open_reasoning)
        self._folded = False
        self._finished = False
        self._start()

    def append(self, text: str) -> int:
        """Add text; returns the index of the first line that may have changed. Lines before it
        are the same objects as they were."""
        self.source += text
        return self._append(text)

    def finish(self) -> int:
        """The reply is complete: settle what needed the whole text. Returns the first line that
        changed. Nothing may be added after it."""
        if self._finished:
            return len(self.lines)
        self._finished = True
        return self._finish()

    @property
    def settled(self) -> int:
        """How many lines no more text changes, but for what `finish` puts right: a link whose
        address came later, the header of reasoning."""
        lines = self._parts[-1].lines
        gap = self._settled > 0 and bool(lines)
        return self._settled + (gap + self._parts[-1].settled if lines else 0)

    def resize(self, width: int) -> None:
        """Wrap everything to another width."""
        if max(1, width) != self._width:
            self._width = max(1, width)
            self._start()
            self._append(self.source)
            if self._finished:
                self._finish()

    @property
    def width(self) -> int:
        """The width in cells that the lines are wrapped to."""
        return self._width

    @property
    def folded(self) -> bool:
        """Whether each block of reasoning is shown as its header alone."""
        return self._folded

    @folded.setter
    def folded(self, folded: bool) -> None:
        if folded == self._folded:
            return
        self._folded = folded
        for part in self._parts:
            if isinstance(part, Reasoning):
                part.fold(folded)
        self._settled = len(self._joined(self._parts[:-1]))
        self.lines[:] = self._joined(self._parts)

    @property
    def reasoning_headers(self) -> list[int]:
        """The indexes of the lines that are headers of reasoning."""
        headers, at = [], 0
        for part in self._parts:
            if part.lines:
                at += at > 0
                if isinstance(part, Reasoning):
                    headers.append(at)
                at += len(part.lines)
        return headers

    def _start(self) -> None:
        self._splitter = Splitter(*self._options)
        self._carriage_return = False
        self._parts: list[Document | Reasoning] = [self._new_part(self._splitter.kind)]
        self._settled = 0
        """How many lines come before the last part's."""
        self.lines.clear()

    def _new_part(self, kind: Kind) -> Document | Reasoning:
        if kind == "reasoning":
            return Reasoning(self._width, self._folded)
        return Document(self._width)

    def _append(self, text: str) -> int:
        text = ("\r" if self._carriage_return else "") + text
        self._carriage_return = text.endswith("\r")
        text = text.removesuffix("\r").replace("\r\n", "\n").replace("\r", "\n")
        return self._add_all(self._splitter.feed(text))

    def _finish(self) -> int:
        first = self._add_all(self._splitter.feed("\n")) if self._carriage_return else None
        flushed = self._add_all(self._splitter.flush())
        last = self._update(self._parts[-1].finish())
        return min(flushed, last) if first is None else min(first, flushed, last)

    def _add_all(self, pieces: Iterable[tuple[Kind, str]]) -> int:
        first = len(self.lines)
        for kind, text in pieces:
            if (kind == "reasoning") != isinstance(self._parts[-1], Reasoning):
                first = min(first, self._update(self._parts[-1].finish()))
                self._parts.append(self._new_part(kind))
                self._settled = len(self.lines)
            if text:
                first = min(first, self._update(self._parts[-1].append(text)))
        return first

    def _update(self, changed: int) -> int:
        """Take over the last part's lines from `changed` on."""
        lines = self._parts[-1].lines
        start = self._settled + (self._settled > 0)
        if len(self.lines) <= self._settled or changed == 0:
            gap = [EMPTY] if self._settled and lines else []
            self.lines[self._settled :] = [*gap, *lines]
            return self._settled
        self.lines[start + changed :] = lines[changed:]
        return start + changed

    @staticmethod
    def _joined(parts: Iterable[Document | Reasoning]) -> list[Line]:
        lines: list[Line] = []
        for part in parts:
            lines += [EMPTY] if lines and part.lines else []
            lines += part.lines
        return lines


def render_markdown(
    text: str,
    width: int,
    *,
    open_reasoning: bool = False,
    think_tags: tuple[str, str] | None = None,
    folded: bool = False,
) -> list[Line]:
    """The lines of a whole reply, in one pass; those of a finished MarkdownStream."""
    splitter = Splitter(think_tags, open_reasoning)
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    parts: list[tuple[Kind, list[str]]] = [(splitter.kind, [])]
    for kind, piece in [*splitter.feed(text), *splitter.flush()]:
        if kind != parts[-1][0]:
            parts.append((kind, []))
        parts[-1][1].append(piece)
    lines: list[Line] = []
    for kind, pieces in parts:
        shown = _part_lines(kind, "".join(pieces), max(1, width), folded)
        lines += [EMPTY, *shown] if lines and shown else shown
    return lines


def _part_lines(kind: Kind, text: str, width: int, folded: bool) -> list[Line]:
    if kind == "answer":
        return render_document(text, width)
    reasoning = Reasoning(width, folded)
    reasoning.append(text)
    reasoning.finish()
    return reasoning.lines
