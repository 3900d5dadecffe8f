"""Text in the columns of the file. Half a character, which files can hold, is no text to SQLite:
what has one in it is saved as bytes."""

from __future__ import annotations

from typing import overload

Column = str | bytes


def to_column(text: str) -> Column:
    """The text as it is bound to a statement."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-8", "surrogatepass")
    return text


@overload
def from_column(value: Column) -> str: ...
@overload
def from_column(value: Column | None) -> str | None: ...
def from_column(value: Column | None) -> str | None:
    """The text again."""
    return value.decode("utf-8", "surrogatepass") if isinstance(value, bytes) else value
