"""The clipboard of the person's terminal."""

from __future__ import annotations

from typing import Any

from textual.app import App

from mlxchat.files.copies import copied


def copy_with_file(app: App[Any], text: str, suffix: str) -> str:
    """Put a text onto the clipboard and into a file; a sentence that says where it is. Raises
    MlxchatError as `copied` does."""
    return copied(text, suffix, app.copy_to_clipboard)
