"""Blocks that are still being written and can be added to without starting over."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Protocol

from mlxchat.render.code import CodeLines
from mlxchat.render.inline import inline_spans
from mlxchat.render.layout import Context, body_rows, lay_out_all, new_table, row_cells
from mlxchat.render.lines import Line, Span
from mlxchat.render.parse import Block, parse, parse_inline
from mlxchat.render.wrap import EMPTY, wrap

_FENCE = re.compile(r"(`{3,}|~{3,})[^\n]*\n")
_MARKUP = frozenset("*_~[]<&`\\")
_GOES_ON = re.compile(r" *(?:[^\s=:|>#`~*+_<\[\d-]|[*_`~]{1,2}[^\W\d_]|\d+[^\d.)])")
"""The start of a line that can only continue a paragraph."""
_UNDECIDED = re.compile(r" *(?:[*_`~]{0,2}|\d{0,9})")


@dataclass(slots=True)
class Update:
    """What adding text did to a block's lines: those from `keep` on are now `lines`."""

    keep: int
    lines: list[Line]
    rest: str | None = None
    """Where the block has ended: the text after it."""


class OpenBlock(Protocol):
    """A block that grows."""

    done: int
    """How many of its lines no more text changes."""

    def feed(self, text: str) -> Update | None:
        """Add text; None where the whole block must be looked at again."""


class OpenFence:
    """A fenced code block. Lines that are complete are never highlighted again."""

    LONG = 4000
    """Characters from which an unfinished line is shown only as it grows by a tenth."""

    def __init__(self, fence: str, info: str, context: Context) -> None:
        closing = re.escape(fence[0])
        self.closing = re.compile(rf" {{0,3}}{closing}{{{len(fence)},}}[ \t]*")
        self.fence = fence
        self.code = CodeLines(info, context.width, context.role)
        self.partial = ""
        self.done = 0
        self.has_code = False
        self.shown = 0
        """How much of the unfinished line is shown, in characters and in lines."""
        self.shown_lines = 0

    @classmethod
    def start(cls, source: str, block: Block, context: Context) -> tuple[OpenFence, Update] | None:
        """The open fence that `source` is, with its lines so far."""
        match = _FENCE.match(source)
        if match is None or block.kind != "fence":
            return None
        opened = cls(match.group(1), block.token.info, context)
        update = opened.feed(source[match.end() :], opened.code.header())
        return opened, update

    def feed(self, text: str, header: list[Line] | None = None) -> Update:
        lines = list(header or ())
        keep = self.done
        *complete, self.partial = (self.partial + text).split("\n")
        for number, source in enumerate(complete):
            if self.closing.fullmatch(source):
                lines += self.ending()
                return Update(keep, lines, "\n".join([*complete[number + 1 :], self.partial]))
            lines += self.code.add(source)
            self.has_code = True
        self.done += len(lines)
        if not complete and self.LONG < len(self.partial) < 1.1 * self.shown:
            return Update(keep + self.shown_lines, [])
        preview = self._preview()
        self.shown, self.shown_lines = len(self.partial), len(preview)
        return Update(keep, lines + preview)

    def ending(self) -> list[Line]:
        """What comes after the complete lines where the text ends without a closing fence."""
        return [] if self.has_code else self.code.add("")

    def _preview(self) -> list[Line]:
        """The unfinished line; what may become the closing fence is not shown."""
        shown = self.partial.strip()
        if not shown or (shown[0] == self.fence[0] and not shown.strip(self.fence[0])):
            return []
        return self.code.preview(self.partial)


def _lines(source: str) -> list[str]:
    """The lines with their newlines; other separators of Unicode do not count."""
    return [line for line in re.split(r"(?<=\n)", source) if line]


class OpenTable:
    """A table. Rows that are complete are not parsed again, and laid out again only where a new
    one changes a column's width. The unfinished row does not move the columns."""

    MOST_EMPTY = 0x10000
    """The parser ends a table for which it had to make up more empty cells than this."""
    done = 0  # a row can widen its column in all of them

    def __init__(self, head: str, block: Block, context: Context) -> None:
        self.head, self.context = head, context
        self.table = new_table(block, context)
        self.partial = ""
        self.empty_cells = 0

    @classmethod
    def start(cls, source: str, block: Block, context: Context) -> tuple[OpenTable, Update] | None:
        """The open table that `source` is, with its lines so far."""
        head = "".join(_lines(source)[:2])
        if block.kind != "table" or not head.endswith("\n"):
            return None
        opened = cls(head, block, context)
        update = opened.feed(source[len(head) :])
        if update is None:
            return None
        return opened, replace(
            update, keep=0, lines=opened.table.lines[: update.keep] + update.lines
        )

    def feed(self, text: str) -> Update | None:
        table = self.table
        before = len(table.lines)
        complete, _, self.partial = (self.partial + text).rpartition("\n")
        if "\n" in text:
            complete += "\n"
            blocks = parse(self.head + complete, self.context.env)
            for row in body_rows(blocks[0]):
                cells = row_cells(row, self.context, "table.cell")
                self.empty_cells += sum(not cell for cell in cells)
                before = min(before, table.add(cells))
            if self.empty_cells > self.MOST_EMPTY:
                return None
            rows_end = blocks[0].end - 2
            rows = _lines(complete)
            if rows_end < len(rows):
                rest = "".join(rows[rows_end:]) + self.partial
                return Update(before, table.lines[before:], rest)
        return Update(before, table.lines[before:] + self._preview())

    def _preview(self) -> list[Line]:
        if not self.partial.strip():
            return []
        blocks = parse(self.head + self.partial, self.context.env)
        cells = [row_cells(row, self.context, "table.cell") for row in body_rows(blocks[0])]
        lines = [line for row in cells for line in self.table.row_lines(row, len(self.table.rows))]
        after = lay_out_all(blocks[1:], self.context)
        return lines + ([EMPTY, *after] if after else [])


class OpenParagraph:
    """A long paragraph. Its beginning is settled where no markup is open; where markup stays
    open for very long it is settled all the same, and put right when the paragraph ends."""

    LEAST = 400
    """Characters from which a paragraph is worth this."""
    CHUNK = 160
    LONGEST = 1500

    def __init__(self, context: Context) -> None:
        self.context = context
        self.carried: list[Span] = []
        self.open = ""
        self.held = ""
        """The start of a new line that may yet be anything."""
        self.done = 0

    @classmethod
    def start(
        cls, source: str, block: Block, context: Context
    ) -> tuple[OpenParagraph, Update] | None:
        """The open paragraph that `source` is, with its lines so far."""
        if block.kind != "paragraph" or len(source) < cls.LEAST or source[0] in "[<":
            return None
        opened, last_line = cls(context), source.rfind("\n")
        if last_line < 0:
            return opened, Update(0, opened._add(source))
        settled = opened._add(source[:last_line])[: opened.done]
        update = opened.feed(source[last_line:])
        return (opened, Update(0, settled + update.lines)) if update else None

    def feed(self, text: str) -> Update | None:
        text, self.held = self.held + text, ""
        start = text.rfind("\n")
        if start >= 0:
            if not all(_GOES_ON.match(line) for line in text[:start].split("\n")[1:]):
                return None
            last = text[start + 1 :]
            if _UNDECIDED.fullmatch(last):
                text, self.held = text[:start], text[start:]
            elif not _GOES_ON.match(last):
                return None
        keep = self.done
        return Update(keep, self._add(text))

    def _add(self, text: str) -> list[Line]:
        settled: list[Line] = []
        self.open += text
        while len(self.open) > self.CHUNK and (at := self._settle_at()):
            *lines, last = wrap(self.carried + self._spans(self.open[:at]), self.context.width)
            settled += lines
            self.carried, self.open = list(last.spans), self.open[at:]
        self.done += len(settled)
        return settled + wrap(self.carried + self._spans(self.open), self.context.width)

    def _spans(self, text: str) -> list[Span]:
        return inline_spans(text, self.context.env, self.context.role)

    def _settle_at(self) -> int:
        """The length of what can be settled of the open text; 0 where nothing can."""
        at = self.open.rfind(" ", 1, min(len(self.open) - 20, self.LONGEST))
        if len(self.open) > self.LONGEST:
            return at if at > 0 else self.LONGEST
        if at <= 0:
            return 0
        tokens = parse_inline(self.open[:at], self.context.env)
        open_markup = any(t.type == "text" and not _MARKUP.isdisjoint(t.content) for t in tokens)
        return 0 if open_markup else at
