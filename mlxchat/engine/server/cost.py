"""What a reply over a server cost."""

from __future__ import annotations

import time

from mlxchat.engine.server.pieces import Usage
from mlxchat.engine.statistics import Statistics


class Cost:
    """Counts the pieces of a reply, which come one for about a token, and their time."""

    def __init__(self) -> None:
        self.pieces = 0
        self.usage = Usage()
        """What the server says of the last request."""
        self.at_once = False
        """Whether all of them come as one answer, which tells no speed."""
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
            reply_seconds=0.0 if self.at_once else self._last - self._first,
            context_tokens=usage.prompt + usage.reply if usage.prompt else 0,
        )
