"""Files that exports are written to, and read from: whole or not at all, never over another one."""

from __future__ import annotations

import os
import re
from itertools import islice
from pathlib import Path

from mlxchat.conversation.exports.chat import LARGEST_FILE
from mlxchat.errors import MlxchatError
from mlxchat.files.atomic import write_atomically
from mlxchat.render.safe import visible

LONGEST_STEM = 60
MOST_NAMES = 1000
MOST_READ = 20_000
"""Entries of a folder that are looked at for a completion."""
OFFERED = 20
"""Files that a completion offers."""


def write_export(text: str, file: Path, *, force: bool = False) -> None:
    """Write a file, over an existing one only with `force`. Raises MlxchatError."""
    check_writable(file, force=force)
    try:
        write_atomically(file, text.encode("utf-8", "replace"))
    except (OSError, ValueError) as error:
        raise MlxchatError(f"{shown(file)} cannot be written: {_reason(error)}.") from None


def check_writable(file: Path, *, force: bool = False) -> None:
    """Raises MlxchatError where `write_export` would not touch what is there."""
    try:
        if file.is_dir():
            raise MlxchatError(f"{shown(file)} is a folder: name a file in it.")
        if file.exists() and not force:
            raise MlxchatError(f"{shown(file)} is there already: name another file, or force it.")
    except (OSError, ValueError) as error:
        raise MlxchatError(f"{shown(file)} cannot be written: {_reason(error)}.") from None


def free_file(title: str, suffix: str, folder: Path) -> Path:
    """A file in a folder that is called like a conversation and is not there yet."""
    words = re.findall(r"[^\W_]+", title.lower())
    stem = "-".join(words)[:LONGEST_STEM].strip("-") or "conversation"
    names = [stem, *(f"{stem}-{number}" for number in range(2, MOST_NAMES))]
    free = next((f for n in names if not (f := folder / f"{n}{suffix}").exists()), None)
    if free is None:
        raise MlxchatError(f"{shown(folder)} is full of files called {stem}: name a file.")
    return free


def read_file(file: Path) -> bytes:
    """A file's content. Raises MlxchatError."""
    try:
        if file.is_dir():
            raise MlxchatError(f"{shown(file)} is a folder: name a file in it.")
        if file.stat().st_size > LARGEST_FILE:
            raise MlxchatError(f"{shown(file)} is larger than {LARGEST_FILE // 1024**2} MB.")
        with file.open("rb") as stream:
            return stream.read(LARGEST_FILE + 1)
    except FileNotFoundError:
        raise MlxchatError(f"There is no file {shown(file)}: name one that is there.") from None
    except (OSError, ValueError) as error:
        raise MlxchatError(f"{shown(file)} cannot be read: {_reason(error)}.") from None


def _reason(error: OSError | ValueError) -> str:
    """Why the system took no file of that name."""
    return getattr(error, "strerror", None) or "no file can be called so"


def file_completions(start: str, suffixes: frozenset[str] | None) -> list[tuple[str, str]]:
    """Folders and files of these kinds, or of any, that begin so: (path, what it is). In a folder
    of many thousands not all are looked at: this is asked for at every key."""
    folder, slash, begun = start.rpartition("/")
    try:
        with os.scandir(Path(folder + slash or ".").expanduser()) as entries:
            found = [entry for entry in islice(entries, MOST_READ) if _fits(entry.name, begun)]
        kinds = ((entry, entry.is_dir()) for entry in sorted(found, key=lambda entry: entry.name))
        offered = islice(((e, d) for e, d in kinds if d or _is_of(e.name, suffixes)), OFFERED)
        return [
            (f"{folder}{slash}{entry.name}{'/' if is_folder else ''}",
             "folder" if is_folder else "file")
            for entry, is_folder in offered
        ]  # fmt: skip
    except (OSError, ValueError, RuntimeError):
        return []


def _fits(name: str, begun: str) -> bool:
    hidden = name.startswith(".") and not begun
    return name.startswith(begun) and name.isprintable() and not hidden


def _is_of(name: str, suffixes: frozenset[str] | None) -> bool:
    return suffixes is None or Path(name).suffix in suffixes


def shown(file: Path) -> str:
    """A path as it can be shown."""
    return visible(str(file))
