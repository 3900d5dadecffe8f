"""On which line of a TOML text each key stands: tomllib does not tell.

A statement of valid TOML is the shortest run of lines that is valid alone, so that tomllib itself
finds where each begins, in strings and arrays over several lines too.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from typing import Any

Path = tuple[str, ...]
"""A key's name, after those of the tables around it."""


def lines_of(text: str) -> dict[Path, int]:
    """The line, counted from 1, on which each key and table of a valid TOML text is set first."""
    lines: dict[Path, int] = {}
    table: Path = ()
    for number, statement in _statements(text):
        if statement.lstrip().startswith("["):
            table = _longest(_parsed(statement) or {})
            lines.setdefault(table, number)
        else:
            for path in _paths(_parsed(statement) or {}):
                lines.setdefault(table + path, number)
    return lines


def _statements(text: str) -> Iterator[tuple[int, str]]:
    """Each statement with the line on which it begins."""
    begun, start = "", 1
    for number, line in enumerate(text.split("\n"), 1):
        if not begun and (not line.strip() or line.lstrip().startswith("#")):
            continue
        start = start if begun else number
        begun += f"{line}\n"
        if _parsed(begun) is not None:
            yield start, begun
            begun = ""


def _parsed(statement: str) -> dict[str, Any] | None:
    try:
        return tomllib.loads(statement)
    except (tomllib.TOMLDecodeError, RecursionError):
        return None


def _longest(table: Mapping[str, Any]) -> Path:
    """The path of the table that a header opens."""
    for name, value in table.items():
        inner = value[0] if isinstance(value, list) else value
        return (name, *_longest(inner))
    return ()


def _paths(table: Mapping[str, Any]) -> Iterator[Path]:
    """Every key of a statement, with the tables that its dots open."""
    for name, value in table.items():
        yield (name,)
        if isinstance(value, dict):
            yield from ((name, *inner) for inner in _paths(value))
