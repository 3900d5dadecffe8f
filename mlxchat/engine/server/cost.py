"""What a reply over a server cost."""

from __future__ import annotations

import time

from mlxchat.engine.server.pieces import Usage
from mlxchat.engine.statistics import Statistics

SPARE_TOKENS = 16
"""Tokens without text that a reply may have beside those of its text: its end, tags."""


class Cost:
    """Counts the pieces of a reply, which come one for about a token, and their time."""

    def __init__(self) -> None:
        self.pieces = self._bytes = 0
        self.usage = Usage()
        """What the server says of the last request."""
        self.at_once = False
        """Whether the whole reply comes as one answer, which tells nothing of its speed."""
        self._begun = self._first = self._last = time.monotonic()

    def begin(self) -> None:
        """The reply is asked for."""
        self._begun = time.monotonic()

    def count_piece(self, text: str) -> None:
        """A piece came."""
        self._bytes += len(text.encode("utf-8", "replace"))
        self._last = time.monotonic()
        if not self.pieces:
            self._first = self._last
        self.pieces += 1

    @property
    def statistics(self) -> Statistics:
        """What the server says; else what was seen here."""
        usage, pieces = self.usage, self.pieces
        # A token has a byte at least: where more are told of, nobody can have written them.
        told = usage.reply if usage.reply <= self._bytes + SPARE_TOKENS else 0
        timed = pieces > 0 and not self.at_once
        return Statistics(
            prompt_tokens=usage.prompt,
            reused_tokens=min(usage.cached, usage.prompt),
            reply_tokens=max(told, pieces),
            first_token_seconds=max(0.0, self._first - self._begun) if timed else 0.0,
            reply_seconds=self._last - self._first if timed else 0.0,
            context_tokens=usage.prompt + (told or pieces) if usage.prompt else 0,
        )
