"""The messages that were sent, kept in a file across sessions: one history for every front end."""

from __future__ import annotations

import contextlib
import json
import os
from pathlib import Path

from mlxchat.files import folders
from mlxchat.files.atomic import write_atomically

MAX_MESSAGES = 1000
MAX_BYTES = 4_000_000
"""Bound of the file when it is read; the newest messages within it are kept."""


class MessageHistory:
    """Sent messages, oldest first: one JSON string to a line of a file.

    A damaged line is left out; where the file cannot be written, the messages last as long as
    the program.
    """

    def __init__(self, path: Path | None = None) -> None:
        self._path = path if path is not None else folders.data_folder() / "history"
        self._messages: list[str] | None = None

    @property
    def messages(self) -> list[str]:
        """All messages, oldest first; read from the file at first use."""
        if self._messages is None:
            self._messages = self._read()
        return self._messages

    def add(self, text: str) -> None:
        """Remember a message, unless it is empty or the same as the last one."""
        messages = self.messages
        if not text.strip() or (messages and messages[-1] == text):
            return
        messages.append(text)
        del messages[:-MAX_MESSAGES]
        with contextlib.suppress(OSError):
            self._append(text)

    def _append(self, text: str) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        line = json.dumps(text).encode() + b"\n"
        flags = os.O_RDWR | os.O_CREAT | os.O_APPEND
        with os.fdopen(os.open(self._path, flags, 0o600), "rb+") as file:
            end = file.seek(0, os.SEEK_END)
            if end:
                # A line that a crash cut off must not swallow this one.
                file.seek(end - 1)
                line = line if file.read(1) == b"\n" else b"\n" + line
            file.write(line)

    def _read(self) -> list[str]:
        try:
            size = self._path.stat().st_size
            with self._path.open("rb") as file:
                file.seek(max(0, size - MAX_BYTES))
                lines = file.read().split(b"\n")
        except OSError:
            return []
        found = [text for line in lines if (text := _message(line)) is not None]
        kept = found[-MAX_MESSAGES:]
        if size > MAX_BYTES or len(lines) > 2 * MAX_MESSAGES:
            with contextlib.suppress(OSError):
                self._rewrite(kept)
        return kept

    def _rewrite(self, messages: list[str]) -> None:
        lines = "".join(json.dumps(text) + "\n" for text in messages)
        write_atomically(self._path, lines.encode("ascii"))


def _message(line: bytes) -> str | None:
    try:
        text = json.loads(line)
    except ValueError:
        return None
    return text if isinstance(text, str) else None
