"""Where the REPL hears the person: messages, answers to its questions, keys during a reply."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import Protocol

from mlxchat.repl.keys import Key
from mlxchat.repl.listening import Listener


class Reader(Protocol):
    """The ears of a REPL."""

    @property
    def keys(self) -> Sequence[Key]:
        """The keys that it hears."""

    def talking(self) -> AbstractContextManager[object]:
        """Be heard from now on: what is typed between two prompts is not lost, nor echoed."""

    def message(self, text: str = "") -> str | None:
        """What the person says or commands; `text` stands there already. None where they leave.
        Raises KeyboardInterrupt for Ctrl+C with nothing typed, MlxchatError where nothing more can
        be read."""

    def answer(self, question: str, text: str = "") -> str | None:
        """The answer to a question; `text` stands there already. None where there is none: they
        went back with Ctrl+C or Ctrl+D."""

    def listening(self) -> AbstractContextManager[Listener]:
        """Hear keys while a reply is written."""

    def away(self) -> AbstractContextManager[object]:
        """Give the terminal to another program meanwhile."""
