"""Markdown source to a tree of blocks. markdown-it-py parses; inline text is parsed when shown."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.token import Token

MAX_NESTING = 40
MAX_BRACKETS = 200
"""Paragraphs with more unclosed brackets than this are shown as they are written."""

MAX_COLUMNS = 100
"""Tables with more columns are shown as they are written."""

Env = dict[str, Any]


def _as_written(url: str) -> str:
    return url


def _any_address(_url: str) -> bool:
    return True


@cache
def markdown_parser() -> MarkdownIt:
    """The parser, made for the first message: nothing is parsed before the first paint."""
    from markdown_it import MarkdownIt

    markdown = MarkdownIt("commonmark", {"maxNesting": MAX_NESTING})
    markdown.enable(["table", "strikethrough"])
    # Addresses are only ever shown, never opened: show them as they are written.
    shown: Any = markdown
    shown.normalizeLink = shown.normalizeLinkText = _as_written
    shown.validateLink = _any_address
    return markdown


@dataclass(slots=True)
class Block:
    """A block with the blocks in it. `start` and `end` are lines of the source parsed."""

    token: Token
    start: int
    end: int
    children: list[Block] = field(default_factory=list)
    source: str = ""
    """For kind "raw" alone: the text to be shown as it is written."""

    @property
    def kind(self) -> str:
        """The token's type, without `_open`."""
        return self.token.type.removesuffix("_open")

    @property
    def inline(self) -> Token | None:
        """The inline token of a paragraph, a heading or a table cell."""
        return next((c.token for c in self.children if c.token.type == "inline"), None)

    @property
    def content_end(self) -> int:
        """The line after the last one with content: lists and quotes can end in blank lines."""
        if self.children and self.kind in (
            "bullet_list",
            "ordered_list",
            "list_item",
            "blockquote",
        ):
            return self.children[-1].content_end
        return self.end if self.token.type not in _CONTAINERS else self.start + 1


_CONTAINERS = ("bullet_list_open", "ordered_list_open", "list_item_open", "blockquote_open")


def new_env() -> Env:
    """An empty store of link definitions."""
    return {"references": {}}


def parse(source: str, env: Env) -> list[Block]:
    """The top-level blocks of `source`; link definitions found in it are added to `env`."""
    if not source.endswith("\n"):
        source += "\n"  # the parser reads past the end of some last lines without one
    tokens: list[Token] = []
    parser = markdown_parser()
    try:
        parser.block.parse(source, parser, env, tokens)
    except (IndexError, ValueError, RecursionError):  # a fault in the parser costs the formatting
        env["failed"] = True
        return [_as_source(source, 0, source.count("\n"))]
    return [_checked(block, source) for block in _tree(tokens)]


def _token(kind: str) -> Token:
    from markdown_it.token import Token

    return Token(kind, "", 0)


def _as_source(source: str, start: int, end: int) -> Block:
    """A block that shows lines of the source as they are written."""
    text = "\n".join(source.split("\n")[start:end]).rstrip("\n")
    return Block(_token("raw"), start, end, source=text)


def _tree(tokens: list[Token]) -> list[Block]:
    top: list[Block] = []
    open_blocks: list[Block] = []
    for token in tokens:
        if token.nesting < 0:
            open_blocks.pop()
            continue
        start, end = token.map or (open_blocks[-1].start, open_blocks[-1].end)
        block = Block(token, start, end)
        (open_blocks[-1].children if open_blocks else top).append(block)
        if token.nesting > 0:
            open_blocks.append(block)
    return top


def _checked(block: Block, source: str) -> Block:
    """The block, or its source as it stands where it is nested so deeply that the parser left
    out parts, or a table that nobody could read."""
    wide = block.kind == "table" and columns(block) > MAX_COLUMNS
    if not wide and _depth(block) < MAX_NESTING - 1:
        return block
    return _as_source(source, block.start, block.end)


def columns(table: Block) -> int:
    """How many columns a table has."""
    return len(table.children[0].children[0].children)


def _depth(block: Block) -> int:
    return max((b.token.level for b in _walk(block)), default=0)


def _walk(block: Block) -> Iterator[Block]:
    waiting = [block]
    while waiting:
        here = waiting.pop()
        yield here
        waiting.extend(here.children)


def parse_inline(content: str, env: Env) -> list[Token]:
    """The inline tokens of a paragraph's text."""
    if _hopeless(content):
        text = _token("text")
        text.content = content
        return [text]
    tokens: list[Token] = []
    parser = markdown_parser()
    parser.inline.parse(content, parser, env, tokens)
    return tokens


def _hopeless(content: str) -> bool:
    """Whether parsing would take time that grows with the square of the length."""
    if len(content) < 1000:
        return False
    return content.count("[") > MAX_BRACKETS + content.count("]") or content.count("<") > 2000
