"""The grey suggestion behind what is typed: the last line of the history that begins so."""

from __future__ import annotations

from collections.abc import Callable

from prompt_toolkit.auto_suggest import AutoSuggest, Suggestion
from prompt_toolkit.buffer import Buffer
from prompt_toolkit.document import Document


class HistorySuggestion(AutoSuggest):
    """Suggests lines, but no command that would be refused now."""

    def __init__(self, refused: Callable[[str], bool]) -> None:
        self._refused = refused

    def get_suggestion(self, buffer: Buffer, document: Document) -> Suggestion | None:
        """The rest of the line."""
        text = document.text.rpartition("\n")[2]
        if not text.strip():
            return None
        for message in reversed(buffer.history.get_strings()):
            for line in reversed(message.splitlines()):
                if line.startswith(text) and line != text and not self._refused(line):
                    return Suggestion(line[len(text) :])
        return None
