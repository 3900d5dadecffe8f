"""How the levels of surprise look, in the text and in the legend."""

from __future__ import annotations

LOOKS: tuple[str, ...] = (
    "color: $foreground;",
    "color: $text-success;",
    "color: $text-warning; text-style: italic;",
    "color: $text-error; text-style: underline;",
    "color: $text-error; background: $error 25%; text-style: bold underline;",
)
"""From what was to be expected to what was not. The first two look alike without colour."""


def level_css(widget: str, component: str) -> str:
    """CSS for the component classes `component-0` and so on of a widget."""
    rules = (f"& > .{component}-{level} {{ {look} }}" for level, look in enumerate(LOOKS))
    return f"{widget} {{\n" + "\n".join(rules) + "\n}\n"
