"""What a reply over a server cost, and the records of its text."""

from __future__ import annotations

import time

from mlxchat.engine.interface import UNKNOWN_TOKEN, TokenRecord
from mlxchat.engine.server.pieces import Usage
from mlxchat.engine.statistics import Statistics
from mlxchat.settings.parameters import Settings

UNKNOWN = float("nan")


def text_record(text: str, settings: Settings) -> TokenRecord:
    """The record of a piece of text whose tokens, and how likely they were, nobody sent."""
    return TokenRecord(UNKNOWN_TOKEN, text, UNKNOWN, 0, (), settings, UNKNOWN)


class Cost:
    """Counts the pieces of a reply, which come one for about a token, and their time."""

    def __init__(self) -> None:
        self.pieces = 0
        self.usage = Usage()
        """What the server says of the last request."""
        self._begun = self._first = self._last = time.monotonic()

    def begin(self) -> None:
        """The reply is asked for."""
        self._begun = time.monotonic()

    def count_piece(self) -> None:
        """A piece came."""
        self._last = time.monotonic()
        if not self.pieces:
            self._first = self._last
        self.pieces += 1

    @property
    def statistics(self) -> Statistics:
        """What the server says; else what was seen here."""
        usage, pieces = self.usage, self.pieces
        return Statistics(
            prompt_tokens=usage.prompt,
            reused_tokens=min(usage.cached, usage.prompt),
            reply_tokens=max(usage.reply, pieces),
            first_token_seconds=max(0.0, self._first - self._begun) if pieces else 0.0,
            reply_seconds=self._last - self._first,
            context_tokens=usage.prompt + usage.reply if usage.prompt else 0,
        )
