"""A Markdown document that grows: finished blocks are laid out once and never again."""

from __future__ import annotations

from mlxchat.render.layout import (
    Context,
    gap_before,
    item_marker,
    lay_out,
    lay_out_all,
    lay_out_item,
)
from mlxchat.render.lines import Line, Span
from mlxchat.render.open_blocks import OpenBlock, OpenFence, OpenParagraph, OpenTable, Update
from mlxchat.render.parse import Block, Env, new_env, parse
from mlxchat.render.safe import visible
from mlxchat.render.wrap import EMPTY, wrap

ALLOWANCE = 4000
"""Characters that may be parsed again per append, on average."""
MOST_RAW = 4000
"""Characters shown as they are written while parsing has to wait."""
LINE_COST = 40
"""Parsing a line, or laying one out, counts as so many characters."""
MOST_ALLOWANCE = 80_000


def render_document(text: str, width: int) -> list[Line]:
    """The lines of a whole document, in one pass."""
    env = new_env()
    return lay_out_all(parse(text, env), Context(width, env))


class Document:
    """Lines of Markdown that arrives in pieces. Newlines must be "\\n" alone."""

    def __init__(self, width: int) -> None:
        self.lines: list[Line] = []
        self.width = width
        self._texts: list[str] = []
        self._env: Env = new_env()
        self._tail = ""
        """What is not settled: the text from the start of the open block or list item."""
        self._new_line = False
        """Whether the tail has complete lines that were not looked at."""
        self._done = 0
        """How many lines are settled."""
        self._blocks = 0
        """How many blocks are settled."""
        self._list: _OpenList | None = None
        self._open: OpenBlock | None = None
        self._open_start = 0
        """The open block's first line."""
        self._allowance = MOST_ALLOWANCE
        self._parsed = 0
        """How much of the tail was parsed for what is shown, and the lines that this took."""
        self._parsed_lines = 0

    @property
    def settled(self) -> int:
        """How many lines no more text changes, but for links that are given an address later."""
        return self._done if self._open is None else self._open_start + self._open.done

    def append(self, text: str) -> int:
        """Add text; returns the first line that may have changed."""
        self._texts.append(text)
        self._tail += text
        self._new_line = self._new_line or "\n" in text
        self._allowance = min(self._allowance + ALLOWANCE, MOST_ALLOWANCE)
        update = self._open.feed(text) if self._open is not None else None
        if update is not None and update.rest is None:
            return self._show(self._open_start + update.keep, update.lines)
        first = len(self.lines)
        if update is not None:
            first = self._show(self._open_start + update.keep, update.lines)
            self._close(update)
        self._open = None
        return min(first, self._look_again())

    def finish(self) -> int:
        """The text is complete; returns the first line that changed."""
        first = len(self.lines)
        if isinstance(self._open, OpenFence | OpenTable) and self._open.partial.strip():
            first = self.append("\n")
        if isinstance(self._open, OpenFence):
            first = min(first, self._show(self._open_start + self._open.done, self._open.ending()))
        elif not isinstance(self._open, OpenTable):
            first = min(first, self._parse(final=True))
        if self._env["references"] or "failed" in self._env:
            first = min(first, self._show(0, render_document("".join(self._texts), self.width)))
        return first

    def _show(self, start: int, lines: list[Line]) -> int:
        """Replace the lines from `start`; equal lines at the front stay the same objects."""
        shown = self.lines
        same, most = 0, min(len(lines), len(shown) - start)
        while same < most and shown[start + same] == lines[same]:
            same += 1
        if same < len(lines) or start + same < len(shown):
            shown[start + same :] = lines[same:]
        return start + same

    def _close(self, update: Update) -> None:
        """Settle the open block, whose lines are shown; the text after it is the new tail."""
        self._done = len(self.lines)
        self._blocks += 1
        self._tail = update.rest or ""
        self._new_line = True

    def _look_again(self) -> int:
        """Parse the tail; where that was done too often for its length, show it as it is written
        until it may be done again."""
        if self._allowance >= len(self._tail):
            return self._parse()
        text = visible(self._tail[self._parsed :][:MOST_RAW]).strip()
        start = min(self._done + self._parsed_lines, len(self.lines))
        return self._show(start, wrap([Span(text)], self.width) if text else [])

    def _parse(self, final: bool = False) -> int:
        """Settle what more text cannot change and show the rest of the tail as it stands."""
        start = self._done
        lines = self._settle() if self._new_line and not final else []
        self._done += len(lines)
        env = self._env if final else {"references": dict(self._env["references"])}
        blocks = parse(self._tail, env)
        opened = None if final else self._opened(blocks)
        if opened is None:
            shown = self._provisional(blocks, env)
            lines_worked = self._tail.count("\n") + len(shown)
            self._allowance -= len(self._tail) + LINE_COST * lines_worked
            self._parsed, self._parsed_lines = len(self._tail), len(shown)
            return self._show(start, lines + shown)
        self._open, update = opened
        lines += [EMPTY] * (self._blocks > 0)
        self._open_start = start + len(lines)
        first = self._show(start, lines + update.lines)
        if update.rest is None:
            return first
        self._open = None
        self._close(update)
        return min(first, self._parse())

    def _opened(self, blocks: list[Block]) -> tuple[OpenBlock, Update] | None:
        """The tail as a block that can be added to, where it is one."""
        if len(blocks) != 1 or blocks[0].start != 0 or self._list is not None:
            return None
        context = Context(self.width, self._env)
        return (
            OpenFence.start(self._tail, blocks[0], context)
            or OpenTable.start(self._tail, blocks[0], context)
            or OpenParagraph.start(self._tail, blocks[0], context)
        )

    def _settle(self) -> list[Line]:
        """The lines of the blocks and list items in the tail that no more text can change, going
        by its complete lines; they leave the tail."""
        self._new_line = False
        source = self._tail[: self._tail.rfind("\n") + 1]
        blocks = parse(source, self._env)
        self._allowance -= len(source) + LINE_COST * source.count("\n")
        if not blocks:
            return []
        last = blocks[-1]
        if _is_closed(last, source.count("\n")):
            lines = self._take(blocks)
            self._tail = self._tail[_offset(source, last.end) :]
            return lines
        lines, start = self._take(blocks[:-1]), last.start
        if last.kind in ("bullet_list", "ordered_list") and len(last.children) > 1:
            lines += self._take_items(last)
            start = last.children[-1].start
        self._tail = self._tail[_offset(source, start) :]
        return lines

    def _take(self, blocks: list[Block]) -> list[Line]:
        lines: list[Line] = []
        for block in blocks:
            lines += self._block_lines(block, self._env)
            self._blocks += 1
            self._list = None
        return lines

    def _take_items(self, block: Block) -> list[Line]:
        """The lines of all items but the last; the tail will start with that one."""
        *settled, second_last, last = block.children
        lines = self._block_lines(_with_items(block, [*settled, second_last]), self._env)
        number = self._list.number if self._list else int(block.token.attrs.get("start", 1))
        self._list = _OpenList(number + len(settled) + 1, gap_before(second_last, last))
        return lines

    def _block_lines(self, block: Block, env: Env) -> list[Line]:
        """A block's lines with what separates them from the settled ones."""
        context = Context(self.width, env)
        if self._list is not None:
            return self._list.lines(block, context)
        return [EMPTY] * (self._blocks > 0) + lay_out(block, context)

    def _provisional(self, blocks: list[Block], env: Env) -> list[Line]:
        """Lines of blocks that stay in the tail."""
        kept = self._blocks, self._list
        saved_env, self._env = self._env, env
        lines = self._take(blocks)
        self._env = saved_env
        self._blocks, self._list = kept
        return lines


def _is_closed(block: Block, lines: int) -> bool:
    """Whether a block that is the last of so many complete lines can go on no more."""
    if block.kind == "hr":
        return True
    # A heading with a bar in it is the head of a table if a line of dashes follows.
    return block.kind in ("heading", "paragraph", "table", "fence") and block.end < lines


class _OpenList:
    """A list whose first items are settled."""

    def __init__(self, number: int, gap: bool) -> None:
        self.number = number
        """The number of the first item that is not."""
        self.gap = gap
        """Whether a blank line stands before it."""

    def lines(self, block: Block, context: Context) -> list[Line]:
        """The lines of the list's other items, which the parser took for a list of their own."""
        lines: list[Line] = []
        for number, item in enumerate(block.children):
            gap = gap_before(block.children[number - 1], item) if number else self.gap
            lines += [EMPTY] * gap
            lines += lay_out_item(item, item_marker(block, number, self.number), context)
        return lines


def _with_items(block: Block, items: list[Block]) -> Block:
    return Block(block.token, block.start, block.end, items)


def _offset(source: str, line: int) -> int:
    """Where a line of the source starts."""
    position = 0
    for _ in range(line):
        position = source.index("\n", position) + 1
    return position
