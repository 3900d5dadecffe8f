"""The messages that were sent, as prompt_toolkit takes them."""

from __future__ import annotations

from collections.abc import Iterable

from prompt_toolkit.history import History

from mlxchat.files.message_history import MessageHistory
from mlxchat.session.pastes import Pastes


class SharedHistory(History):
    """The history that all front ends share. It keeps texts whole; the prompt shows long ones as
    tokens."""

    def __init__(self, messages: MessageHistory, pastes: Pastes) -> None:
        super().__init__()
        self._messages = messages
        self._pastes = pastes

    def load_history_strings(self) -> Iterable[str]:
        """All messages, the last one first."""
        return map(self._pastes.folded, reversed(self._messages.messages))

    def store_string(self, string: str) -> None:
        """Remember a message."""
        self._messages.add(self._pastes.expand(string))
