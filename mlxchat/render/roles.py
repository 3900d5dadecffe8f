"""Every role that a span can have. Themes give each a look; a test checks that none is missing."""

from __future__ import annotations

CODE_CLASSES: tuple[str, ...] = (
    "code.comment",
    "code.keyword",
    "code.type",
    "code.string",
    "code.escape",
    "code.number",
    "code.name.function",
    "code.name.class",
    "code.name.builtin",
    "code.name.decorator",
    "code.name.attribute",
    "code.name.tag",
    "code.name.variable",
    "code.operator",
    "code.punctuation",
    "code.heading",
    "code.inserted",
    "code.deleted",
    "code.error",
)
"""What highlighting tells apart. Each follows the role "code": "code code.string"."""

ROLES: tuple[str, ...] = (
    "heading1",
    "heading2",
    "heading3",
    "heading4",
    "heading5",
    "heading6",
    "emphasis",
    "strong",
    "strike",
    "link",
    "link.url",
    "image",
    "html",
    "code.inline",
    "code",
    "code.language",
    *CODE_CLASSES,
    "quote",
    "quote.bar",
    "list.marker",
    "task.done",
    "task.open",
    "table.border",
    "table.header",
    "table.cell",
    "rule",
    "reasoning",
    "reasoning.header",
)
"""A span's role is one of these, or several joined by spaces, outermost first."""


def joined(outer: str, inner: str) -> str:
    """The role of something with the role `inner` inside something with the role `outer`."""
    if not outer or not inner:
        return outer or inner
    return f"{outer} {inner}"
