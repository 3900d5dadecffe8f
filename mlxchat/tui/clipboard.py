"""The clipboard of the person's terminal, and a file for those that have none."""

from __future__ import annotations

from typing import Any

from textual.app import App

from mlxchat.errors import MlxchatError
from mlxchat.files.copies import write_copy

MOST_BYTES = 74_000
"""Terminals drop longer OSC 52 sequences, some from 100,000 characters of base64 on."""


def copy_with_file(app: App[Any], text: str, suffix: str) -> str:
    """Put a text onto the clipboard and into a file; a sentence that says where it is.

    No terminal tells whether it took the text, so there is always the file.
    """
    fits = len(text.encode()) <= MOST_BYTES
    if fits:
        app.copy_to_clipboard(text)
    try:
        path = write_copy(text, suffix)
    except OSError as error:
        if not fits:
            raise MlxchatError(f"The copy could not be written ({error.strerror}).") from error
        return f"In the clipboard. No file could be written as well ({error.strerror})."
    if fits:
        return f"In the clipboard, and in {path}"
    return f"Too long for a clipboard: it is in {path}"
