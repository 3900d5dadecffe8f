"""Blocks to lines."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from mlxchat.render.code import LEAST_WIDTH, CodeLines, source_lines
from mlxchat.render.inline import inline_spans
from mlxchat.render.lines import Line, Span
from mlxchat.render.parse import Block, Env
from mlxchat.render.roles import joined
from mlxchat.render.safe import visible
from mlxchat.render.table import Row, Table
from mlxchat.render.wrap import EMPTY, cells, prefixed, wrap, wrap_code

BULLETS = "•◦▪"
_TASKS = {"[ ] ": ("☐ ", "task.open"), "[x] ": ("☑ ", "task.done"), "[X] ": ("☑ ", "task.done")}


@dataclass(frozen=True, slots=True)
class Context:
    """Where a block stands."""

    width: int
    env: Env
    role: str = ""
    depth: int = 0
    """How many bullet lists it is in."""

    def within(self, role: str, cells_less: int = 0) -> Context:
        """The context of something inside, with so many cells less."""
        return replace(self, role=joined(self.role, role), width=self.width - cells_less)


def lay_out(block: Block, context: Context) -> list[Line]:
    """A block's lines, without blank lines around them."""
    return _LAYOUTS.get(block.kind, _raw)(block, context)


def lay_out_all(blocks: Sequence[Block], context: Context) -> list[Line]:
    """Blocks one after another with a blank line between."""
    lines: list[Line] = []
    for number, block in enumerate(blocks):
        lines += [EMPTY] * (number > 0)
        lines += lay_out(block, context)
    return lines


def _paragraph(block: Block, context: Context) -> list[Line]:
    return wrap(_inline(block, context), context.width)


def _inline(block: Block, context: Context) -> list[Span]:
    token = block.inline
    return inline_spans(token.content, context.env, context.role) if token else []


def _heading(block: Block, context: Context) -> list[Line]:
    return _paragraph(block, context.within("heading" + block.token.tag[1:]))


def _rule(_block: Block, context: Context) -> list[Line]:
    return [Line((Span("─" * context.width, joined(context.role, "rule")),))]


def _fence(block: Block, context: Context) -> list[Line]:
    code = CodeLines(block.token.info, context.width, context.role)
    return code.all(source_lines(block.token.content))


def _html(block: Block, context: Context) -> list[Line]:
    role = joined(context.role, "html")
    lines = visible(block.token.content.rstrip("\n")).split("\n")
    return [line for text in lines for line in wrap_code([Span(text, role)], context.width)]


def _raw(block: Block, context: Context) -> list[Line]:
    text = block.source or block.token.content
    return wrap([Span(visible(text).rstrip(), context.role)], context.width)


def _quote(block: Block, context: Context) -> list[Line]:
    bar = Span("▎ ", joined(context.role, "quote.bar"))
    if context.width - 2 < LEAST_WIDTH:
        return lay_out_all(block.children, context.within("quote")) or [EMPTY]
    inner = context.within("quote", 2)
    return prefixed(lay_out_all(block.children, inner) or [EMPTY], bar, bar)


def _list(block: Block, context: Context) -> list[Line]:
    lines: list[Line] = []
    for number, item in enumerate(block.children):
        if number and gap_before(block.children[number - 1], item):
            lines.append(EMPTY)
        lines += lay_out_item(item, item_marker(block, number), context)
    return lines


def gap_before(before: Block, after: Block) -> bool:
    """Whether the source has a blank line between two blocks of a list."""
    return after.start > before.content_end


def item_marker(block: Block, number: int, context_start: int | None = None) -> str:
    """What stands before an item: its number, or "" for the bullet of its depth."""
    if block.kind == "bullet_list":
        return ""
    start = int(block.token.attrs.get("start", 1)) if context_start is None else context_start
    return f"{start + number}{block.token.markup} "


def lay_out_item(item: Block, number: str, context: Context) -> list[Line]:
    """One item of a list. `number` is "" for a bullet."""
    inner = replace(context, depth=context.depth + (not number))
    marker = Span(number or BULLETS[context.depth % len(BULLETS)] + " ", "list.marker")
    done, children = _task(item)
    if done:
        marker = Span(number + done.text, done.role)
    marker = Span(marker.text, joined(context.role, marker.role))
    width = cells(marker.text)
    if context.width - width < LEAST_WIDTH:
        return wrap_code([marker], context.width) + _children(children, inner)
    inner = replace(inner, width=context.width - width)
    return prefixed(_children(children, inner) or [EMPTY], marker, Span(" " * width, context.role))


def _children(children: Sequence[Block], context: Context) -> list[Line]:
    lines: list[Line] = []
    for number, child in enumerate(children):
        if number and gap_before(children[number - 1], child):
            lines.append(EMPTY)
        lines += lay_out(child, context)
    return lines


def _task(item: Block) -> tuple[Span | None, Sequence[Block]]:
    """The check box of a task item and its blocks without it."""
    first = item.children[0] if item.children else None
    token = first.inline if first is not None and first.kind == "paragraph" else None
    if first is None or token is None or token.content[:4] not in _TASKS:
        return None, item.children
    stripped = token.copy(content=token.content[4:])
    inline = Block(stripped, first.start, first.end)
    rest = Block(first.token, first.start, first.end, [inline])
    return Span(*_TASKS[token.content[:4]]), [rest, *item.children[1:]]


def _table(block: Block, context: Context) -> list[Line]:
    table = new_table(block, context)
    for row in body_rows(block):
        table.add(row_cells(row, context, "table.cell"))
    return table.lines


def new_table(block: Block, context: Context) -> Table:
    """The table of a table block, its header only."""
    header = block.children[0].children[0]
    aligned = [
        str(cell.token.attrs.get("style", "")).rpartition(":")[2] for cell in header.children
    ]
    return Table(row_cells(header, context, "table.header"), aligned, context.width, context.role)


def body_rows(block: Block) -> list[Block]:
    """The rows under a table's header."""
    return [row for part in block.children[1:] for row in part.children]


def row_cells(row: Block, context: Context, role: str) -> Row:
    """The spans of a row's cells."""
    inner = context.within(role)
    return tuple(tuple(_inline(cell, inner)) for cell in row.children)


_LAYOUTS: dict[str, Callable[[Block, Context], list[Line]]] = {
    "paragraph": _paragraph,
    "heading": _heading,
    "hr": _rule,
    "fence": _fence,
    "code_block": _fence,
    "html_block": _html,
    "blockquote": _quote,
    "bullet_list": _list,
    "ordered_list": _list,
    "table": _table,
    "raw": _raw,
}
