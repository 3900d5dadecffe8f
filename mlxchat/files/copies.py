"""Copies in files of the data folder, for terminals that pass nothing on to the clipboard."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from mlxchat.errors import MlxchatError
from mlxchat.files import folders

KEPT = 10
"""How many of the newest copies stay."""
MOST_BYTES = 74_000
"""Terminals drop longer OSC 52 sequences, some from 100,000 characters of base64 on."""


def copied(text: str, suffix: str, to_clipboard: Callable[[str], None] | None) -> str:
    """Put a text onto the clipboard of the terminal, where there is one, and into a file;
    a sentence that says where it is. Raises MlxchatError where it is nowhere.

    No terminal tells whether it took the text, so there is always the file.
    """
    fits = to_clipboard is not None and len(text.encode()) <= MOST_BYTES
    if to_clipboard is not None and fits:
        to_clipboard(text)
    try:
        path = write_copy(text, suffix)
    except OSError as error:
        if not fits:
            raise MlxchatError(f"The copy could not be written ({error.strerror}).") from error
        return f"In the clipboard. No file could be written as well ({error.strerror})."
    if fits:
        return f"In the clipboard, and in {path}"
    if to_clipboard is None:
        return f"It is in {path}"
    return f"Too long for a clipboard: it is in {path}"


def copies_folder() -> Path:
    """Where they are kept."""
    return folders.data_folder() / "copies"


def write_copy(text: str, suffix: str) -> Path:
    """Write `text` into a new file that nobody else may read, and forget the oldest copies.

    Raises OSError where the folder cannot be written.
    """
    folder = copies_folder()
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = folder / f"{time.strftime('%Y%m%d-%H%M%S')}-{time.time_ns() % 10**9:09}{suffix}"
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with open(descriptor, "w", encoding="utf-8", newline="") as file:
        file.write(text)
    for old in sorted(folder.glob("[0-9]*-*-*"))[:-KEPT]:
        with suppress(OSError):
            old.unlink()
    return path
