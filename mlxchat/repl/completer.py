"""Completion of what begins with a slash."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from prompt_toolkit.completion import CompleteEvent, Completer, Completion
from prompt_toolkit.document import Document

from mlxchat.errors import MlxchatError
from mlxchat.render.safe import visible

Completions = Callable[[str], list[tuple[str, str]]]


class SlashCompleter(Completer):
    """Offers what the registry of commands offers: words and their arguments."""

    def __init__(self, completions: Completions) -> None:
        self._completions = completions

    def get_completions(
        self, document: Document, complete_event: CompleteEvent
    ) -> Iterable[Completion]:
        """What the text before the cursor could become."""
        text = document.text
        if not text.startswith("/") or "\n" in text or not document.is_cursor_at_the_end:
            return
        try:
            offers = self._completions(text)
        except (MlxchatError, OSError):
            return
        start = text.rfind(" ") + 1
        for whole, help in offers:
            if whole != text.rstrip():
                begins_alike = whole[:start] == text[:start]
                shown = whole[start:] if begins_alike else whole
                at = start - len(text) if begins_alike else -len(text)
                yield Completion(
                    shown, at, display=visible(shown) or " ", display_meta=visible(help)
                )
