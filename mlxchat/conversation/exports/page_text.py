"""Hostile text as HTML: what it says, and nothing that a browser would run, load or follow.

Markdown is rendered, HTML in it is shown as text. Links and pictures become their text with the
address beside it. What could not be seen (control characters, changes of direction) is made
visible.
"""

from __future__ import annotations

from collections.abc import MutableMapping, Sequence
from html import escape
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token

from mlxchat.conversation.exports.markdown import safe

MAX_NESTING = 40
MOST_OPEN = 200
"""Text with more brackets than this that are never closed is not parsed: it would take for ever."""
MOST_ANGLES = 2000

Env = MutableMapping[str, Any]


def plain_html(text: str) -> str:
    """The text as it is written."""
    return escape(safe(text))


def markdown_html(text: str) -> str:
    """The text with its Markdown rendered."""
    source = safe(text)
    return _rendered(source) or f"<pre>{escape(source)}</pre>\n"


def _rendered(source: str) -> str:
    """Nothing where it has to be shown as it is written."""
    if _hopeless(source):
        return ""
    env: Env = {}
    try:
        tokens = MARKDOWN.parse(source + "\n", env)
        # The parser leaves out what is nested more deeply.
        if any(token.level >= MAX_NESTING - 1 for token in tokens):
            return ""
        return str(MARKDOWN.renderer.render(tokens, MARKDOWN.options, env))
    except (IndexError, ValueError, RecursionError):  # a fault in the parser costs the looks
        return ""


def _hopeless(source: str) -> bool:
    return source.count("[") > MOST_OPEN + source.count("]") or source.count("<") > MOST_ANGLES


class _Renderer(RendererHTML):
    """Links and pictures as text. Each method renders the token of its name."""

    def link_open(self, tokens: Sequence[Token], at: int, options: Any, env: Env) -> str:
        """Where a link begins."""
        token = tokens[at]
        href = "" if token.info == "auto" else str(token.attrGet("href") or "")
        env.setdefault("addresses", []).append(href)
        return "<u>"

    def link_close(self, tokens: Sequence[Token], at: int, options: Any, env: Env) -> str:
        """Where it ends."""
        return "</u>" + _address(env["addresses"].pop())

    def image(self, tokens: Sequence[Token], at: int, options: Any, env: Env) -> str:
        """A picture by what it is called."""
        called = plain_html(tokens[at].content) or "picture"
        return f"<u>{called}</u>" + _address(str(tokens[at].attrGet("src") or ""))


def _address(url: str) -> str:
    return f" <small>({plain_html(url)})</small>" if url else ""


def _as_written(url: str) -> str:
    return url


def _any_address(_url: str) -> bool:
    return True


def _parser() -> MarkdownIt:
    options = {"html": False, "maxNesting": MAX_NESTING}
    markdown = MarkdownIt("commonmark", options, renderer_cls=_Renderer)
    markdown.enable(["table", "strikethrough"])
    rules: Any = markdown
    # Addresses are only ever shown, never opened: show them as they are written.
    rules.normalizeLink = rules.normalizeLinkText = _as_written
    rules.validateLink = _any_address
    return markdown


MARKDOWN = _parser()
