"""A reply that a server writes: one request, its stream, the events that come of it."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping
from typing import Any

from mlxchat.engine.interface import (
    UNKNOWN_TOKEN,
    Event,
    FinishReason,
    PrefillProgress,
    ReplyFailed,
    ReplyFinished,
    ReplyRequest,
    ReplyStarted,
    Statistics,
    TokenRecord,
    TokenSampled,
)
from mlxchat.engine.server.asking import STREAM, chat_body, sampling_body
from mlxchat.engine.server.client import END, Client, lost
from mlxchat.engine.server.pieces import Piece, Usage, parse_object, piece_of
from mlxchat.engine.server.served import NO_CONTINUATION, ServedModel
from mlxchat.engine.server.thoughts import Thoughts
from mlxchat.errors import MlxchatError
from mlxchat.settings.parameters import Settings

CHAT = "chat/completions"
PROGRESS = re.compile(rb"keepalive (\d{1,9})/(\d{1,9})")
"""mlx_lm.server's comment while it reads a prompt."""
UNKNOWN = float("nan")


def text_record(text: str, settings: Settings) -> TokenRecord:
    """The record of a piece of text whose tokens, and how likely they were, nobody sent."""
    return TokenRecord(UNKNOWN_TOKEN, text, UNKNOWN, 0, (), settings, UNKNOWN)


class Writing:
    """Writes one reply; `tell` takes the events."""

    def __init__(
        self, model: ServedModel, request: ReplyRequest, tell: Callable[[Event], None]
    ) -> None:
        self._model = model
        self._request = request
        self._tell = tell
        self._thoughts = Thoughts()
        self._pieces = 0
        self._usage = Usage()
        self._begun = time.monotonic()
        self._first = self._last = 0.0
        self._reason = ""

    async def write(self, client: Client) -> None:
        """Ask, and tell of what comes. Raises MlxchatError; what came before stands."""
        if self._request.prefill:
            raise MlxchatError(f"The start of a reply cannot be given here: {NO_CONTINUATION}.")
        self._begun = time.monotonic()
        self._tell(PrefillProgress(self._request.reply_id, 0, 0, 0))
        over = False
        async for event in client.events(CHAT, self._body()):
            if isinstance(event, bytes):
                self._take_comment(event)
            elif event == END:
                over = True
                break
            else:
                self._take(piece_of(parse_object(event)))
        if not (over or self._reason):
            raise MlxchatError(lost(self._model.address))
        self._finish("length" if self._reason == "length" else "stop")

    def stopped(self) -> None:
        """The person stopped it."""
        self._finish("cancelled")

    def failed(self, message: str) -> None:
        """It broke off."""
        self._tell(ReplyFailed(self._request.reply_id, message))

    def _body(self) -> Mapping[str, Any]:
        request, model = self._request, self._model
        return {
            **STREAM,
            **model.body(request.adapter),
            **chat_body(request.messages),
            **sampling_body(request.settings, request.seed, is_mlx=model.is_mlx),
        }

    def _take(self, piece: Piece) -> None:
        self._reason = piece.finish_reason or self._reason
        self._usage = piece.usage or self._usage
        if text := self._thoughts.take(piece):
            self._say(text)

    def _say(self, text: str) -> None:
        self._last = time.monotonic()
        if not self._pieces:
            self._first = self._last
            self._tell(ReplyStarted(self._request.reply_id))
        self._pieces += 1
        record = text_record(text, self._request.settings)
        self._tell(TokenSampled(self._request.reply_id, record))

    def _take_comment(self, comment: bytes) -> None:
        if found := PROGRESS.fullmatch(comment):
            done, total = map(int, found.groups())
            self._tell(PrefillProgress(self._request.reply_id, 0, min(done, total), total))

    def _finish(self, reason: FinishReason) -> None:
        self._tell(ReplyFinished(self._request.reply_id, reason, self._statistics))

    @property
    def _statistics(self) -> Statistics:
        """What the server says, and else what was seen here: the pieces are about the tokens."""
        usage, written = self._usage, self._usage.reply or self._pieces
        return Statistics(
            prompt_tokens=usage.prompt,
            reused_tokens=min(usage.cached, usage.prompt),
            reply_tokens=written,
            first_token_seconds=max(0.0, self._first - self._begun) if self._pieces else 0.0,
            reply_seconds=self._last - self._first,
            context_tokens=usage.prompt + written if usage.prompt else 0,
        )
