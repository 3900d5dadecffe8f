"""Inline Markdown to spans."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import TYPE_CHECKING

from mlxchat.render.lines import Span
from mlxchat.render.parse import Env, new_env, parse_inline
from mlxchat.render.roles import joined
from mlxchat.render.safe import visible
from mlxchat.render.wrap import cells

if TYPE_CHECKING:
    from markdown_it.token import Token

_OPENS = {"em_open": "emphasis", "strong_open": "strong", "s_open": "strike", "link_open": "link"}


def inline_spans(content: str, env: Env, role: str = "") -> list[Span]:
    """The spans of a paragraph's text, each with `role` outside its own. A newline in a span's
    text is a hard break."""
    if env["references"]:
        return _Spans(role).all(parse_inline(content, env))
    return list(_cached_spans(content, role))


@lru_cache(maxsize=2048)
def _cached_spans(content: str, role: str) -> tuple[Span, ...]:
    return tuple(_Spans(role).all(parse_inline(content, new_env())))


class _Spans:
    """Collects spans; neighbours of one role become one span."""

    def __init__(self, role: str) -> None:
        self.roles = [role]
        self.texts: list[tuple[str, str]] = []
        self.links: list[tuple[int, str]] = []

    def all(self, tokens: Iterable[Token]) -> list[Span]:
        for token in tokens:
            self.token(token)
        return self.merged()

    def put(self, text: str, role: str = "") -> None:
        if text:
            self.texts.append((text, joined(self.roles[-1], role)))

    def token(self, token: Token) -> None:
        kind = token.type
        if kind in ("text", "text_special"):
            self.put(visible(token.content).replace("\n", " "))
        elif kind == "softbreak":
            self.put(" ")
        elif kind == "hardbreak":
            self.put("\n")
        elif kind == "code_inline":
            self.put(visible(token.content).replace("\n", " "), "code.inline")
        elif kind == "html_inline":
            self.put(visible(token.content).replace("\n", " "), "html")
        elif kind == "image":
            self.image(token)
        elif kind in _OPENS:
            self.open(token)
        elif token.nesting < 0:
            self.close(token)
        else:
            self.put(visible(token.content))

    def open(self, token: Token) -> None:
        self.roles.append(joined(self.roles[-1], _OPENS[token.type]))
        if token.type == "link_open":
            self.links.append((len(self.texts), str(token.attrs.get("href", ""))))

    def close(self, token: Token) -> None:
        self.roles.pop()
        if token.type == "link_close" and self.links:
            start, url = self.links.pop()
            self.address(url, "".join(text for text, _ in self.texts[start:]))

    def address(self, url: str, label: str) -> None:
        """The address of a link, unless its label says the same."""
        shown = visible(url).replace("\n", " ")
        if shown and label not in (shown, shown.removeprefix("mailto:")):
            self.put(f" ({shown})" if label else shown, "link.url")

    def image(self, token: Token) -> None:
        label = visible(token.content).replace("\n", " ")
        self.put(f"▨ {label}" if label else "▨", "image")
        self.address(str(token.attrs.get("src", "")), label)

    def merged(self) -> list[Span]:
        spans: list[Span] = []
        for text, role in self.texts:
            if spans and spans[-1].role == role:
                text = spans.pop().text + text
            spans.append(Span(text, role))
        return spans


def spans_width(spans: Iterable[Span]) -> int:
    """Cells that the spans take on one line."""
    return cells("".join(span.text for span in spans))
