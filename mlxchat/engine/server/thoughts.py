"""What a model thinks before it answers: servers send it apart, a reply has it between tags."""

from __future__ import annotations

from collections.abc import Sequence

from mlxchat.engine.interface import Message
from mlxchat.engine.server.pieces import Piece

TAGS = ("<think>", "</think>")


class Thoughts:
    """Puts what is thought and what is said into one text."""

    def __init__(self) -> None:
        self._inside = self._any = False

    @property
    def any(self) -> bool:
        """Whether something was thought."""
        return self._any

    def take(self, piece: Piece) -> str:
        """The text that a piece adds."""
        text = ""
        if piece.thought:
            text = piece.thought if self._inside else TAGS[0] + piece.thought
            self._inside = self._any = True
        if piece.text:
            text += TAGS[1] + piece.text if self._inside else piece.text
            self._inside = False
        return text


def spoken(messages: Sequence[Message]) -> list[Message]:
    """The messages as servers take them: replies without what was thought before them."""
    return [
        Message(m.role, without_thought(m.content) if m.role == "assistant" else m.content)
        for m in messages
    ]


def without_thought(text: str) -> str:
    """A reply's text without what was thought before it."""
    if not text.startswith(TAGS[0]):
        return text
    return text.partition(TAGS[1])[2].lstrip("\n")
