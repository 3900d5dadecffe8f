"""Copies in files of the data folder, for terminals that pass nothing on to the clipboard."""

from __future__ import annotations

import os
import time
from contextlib import suppress
from pathlib import Path

from mlxchat.files import folders

KEPT = 10
"""How many of the newest copies stay."""


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
