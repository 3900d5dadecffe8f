"""A walk through the messages that were sent, with Up and Down."""

from __future__ import annotations

from mlxchat.files.message_history import MessageHistory


class HistoryWalk:
    """A walk through the history with the unsent draft at its end; what is edited on the way
    stays until a message is sent."""

    def __init__(self, history: MessageHistory) -> None:
        self._history = history
        self.reset()

    def reset(self) -> None:
        """Go to the end, with an empty draft."""
        self._edited: dict[int, str] = {}
        self._place: int | None = None

    def move(self, steps: int, text: str) -> str | None:
        """The message `steps` away from the one shown, whose text is now `text`; None at an end."""
        messages = self._history.messages
        place = len(messages) if self._place is None else min(self._place, len(messages))
        target = place + steps
        if not 0 <= target <= len(messages):
            return None
        self._edited[place] = text
        self._place = target
        return self._edited.get(target, messages[target] if target < len(messages) else "")
