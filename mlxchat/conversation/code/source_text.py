"""Pieces of Python source: texts, calls and lists that are pleasant to read."""

from __future__ import annotations

import math
import re
import textwrap
from collections.abc import Mapping, Sequence

WIDTH = 88
"""Columns that a line should keep to."""
INDENT = "    "


def literal(value: object) -> str:
    """A value as Python writes it; texts in double quotes where that needs no escapes."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{literal(k)}: {literal(v)}" for k, v in value.items()) + "}"
    if isinstance(value, float) and not math.isfinite(value):
        return f'float("{value}")'
    written = repr(value)
    if isinstance(value, str) and written[0] == "'" and '"' not in value:
        return f'"{written[1:-1]}"'
    return written


def indented(code: str) -> str:
    """The code one level deeper."""
    return "\n".join(INDENT + line for line in code.split("\n"))


def text_literal(text: str) -> str:
    """A text; one of several lines stands line by line between brackets."""
    lines = text.splitlines(keepends=True)
    if len(lines) < 2:
        return literal(text)
    return "(\n" + "\n".join(indented(literal(line)) for line in lines) + "\n)"


def call(function: str, arguments: Sequence[str], head: str = "", tail: str = "") -> str:
    """A call on one line where it fits, or else an argument a line."""
    line = f"{head}{function}({', '.join(arguments)}){tail}"
    if len(line) <= WIDTH and "\n" not in line:
        return line
    inside = ",\n".join(arguments) + ("," if len(arguments) > 1 else "")
    return f"{head}{function}(\n{indented(inside)}\n){tail}"


def named(arguments: Mapping[str, object]) -> list[str]:
    """Keyword arguments: `temp=0.8`; what is no name goes into a `**{…}`."""
    plain = {k: v for k, v in arguments.items() if re.fullmatch(r"[A-Za-z_]\w*", k, re.ASCII)}
    rest = {k: v for k, v in arguments.items() if k not in plain}
    return [f"{k}={literal(v)}" for k, v in plain.items()] + ([f"**{rest!r}"] if rest else [])


def message_literal(role: str, content: str) -> str:
    """A message as chat templates take it."""
    text = text_literal(content)
    if "\n" not in text:
        return f'{{"role": {literal(role)}, "content": {text}}}'
    entries = f'"role": {literal(role)},\n"content": {text},'
    return "{\n" + indented(entries) + "\n}"


def ids_literal(token_ids: Sequence[int]) -> str:
    """A list of numbers, wrapped."""
    line = ", ".join(map(str, token_ids))
    if len(line) <= WIDTH - 3 * len(INDENT):
        return f"[{line}]"
    return "[\n" + indented(textwrap.fill(line, WIDTH - 2 * len(INDENT))) + "\n]"


def list_literal(items: Sequence[str]) -> str:
    """A list with an item a line."""
    return "[\n" + "".join(indented(item) + ",\n" for item in items) + "]"
