"""A reply that a server writes: its requests, their streams, the events that come of them.

A change of the settings cuts the stream, and another request goes on from the text that came,
where the model's tokenizer is here (see prompts.py); else it counts from the next reply on.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping
from contextlib import aclosing
from dataclasses import replace
from typing import Any

from mlxchat.engine.interface import (
    Event,
    FinishReason,
    PrefillProgress,
    Repeated,
    ReplyFailed,
    ReplyFinished,
    ReplyRequest,
    ReplyStarted,
    Silent,
    TokenRecord,
    TokenSampled,
    WordsNoted,
)
from mlxchat.engine.server.asking import STREAM, chat_body, logprobs_body, sampling_body
from mlxchat.engine.server.client import Client
from mlxchat.engine.server.cost import Cost
from mlxchat.engine.server.exact_prompt import answer_of
from mlxchat.engine.server.failures import Refused, ServerError
from mlxchat.engine.server.first_token import CUT_CHARACTER, OtherToken, asked_alone, with_space
from mlxchat.engine.server.limits import NEXT_REPLY
from mlxchat.engine.server.pieces import Piece, Usage, first_token_id, piece_of
from mlxchat.engine.server.records import records_of
from mlxchat.engine.server.sentences import lost
from mlxchat.engine.server.served import ServedModel
from mlxchat.engine.server.silence import Silence
from mlxchat.engine.server.thoughts import Thoughts
from mlxchat.engine.server.whole import repeated_of
from mlxchat.errors import MlxchatError
from mlxchat.settings.parameters import MAX_SEED, Settings

CHAT, RAW = "chat/completions", "completions"
PROGRESS = re.compile(rb"keepalive (\d{1,9})/(\d{1,9})")
"""mlx_lm.server's comment while it reads a prompt."""
SETTLE_SECONDS = 0.2
"""How long settings stay as they are before a reply is cut for them: a slider that is dragged
passes many values."""
LIKELY = "logprobs"
MOST_TRIES = 3
"""How often a cut reply is gone on with until its first token is known."""


class Writing:
    """Writes one reply; `tell` takes the events."""

    def __init__(
        self, model: ServedModel, request: ReplyRequest, tell: Callable[[Event], None]
    ) -> None:
        self._model = model
        self._request = request
        self._tell = tell
        self._thoughts = Thoughts()
        self._cost = Cost()
        self._silence = Silence(lambda seconds: tell(Silent(request.reply_id, seconds)))
        self._text = ""
        self._settings = self._wanted = next(iter(request.schedule), request.settings)
        self._changed = 0.0
        """When the settings were changed last."""
        self._token = ""
        """The first token that the stream will begin with, where a reply is gone on with."""
        self._reason = ""
        self._start = request.prefill + "".join(model.spell(request.reply_ids))
        """What the reply goes on from."""
        self._asks_likely = LIKELY not in model.refuses

    @property
    def lane(self) -> int:
        """The lane that it is written in."""
        return self._request.lane

    async def write(self, client: Client) -> None:
        """Ask, and tell of what comes. Raises MlxchatError; what came before stands."""
        self._tell(WordsNoted(self._model.notes(self._settings)))
        self._check_start()
        self._cost.begin()
        self._tell(PrefillProgress(self._request.reply_id, 0, 0, 0))
        unspoken = 0
        async with self._silence.watched():
            if (repeated := self._request.repeats) is not None:
                unspoken = await self._write_whole(client, repeated)
            else:
                while await self._cut(client):
                    self._settings = self._wanted
        self._finish("length" if self._reason == "length" else "stop", unspoken)

    def _check_start(self) -> None:
        begins = self._request.prefill or self._request.reply_ids
        if begins and self._model.no_continuation:
            raise MlxchatError(
                f"The start of a reply cannot be given here: {self._model.no_continuation}."
            )
        if self._request.reply_ids and (not self._start or CUT_CHARACTER in self._start):
            raise MlxchatError("The server cannot go on from a part of a character.")

    def change(self, settings: Settings) -> None:
        """Use other settings from the next piece on, or say why they count later."""
        if self._request.schedule:
            return
        changed = settings.differences(self._wanted)
        self._wanted, self._changed = settings, time.monotonic()
        if self._model.no_continuation or self._no_cut:
            notes = {name: [NEXT_REPLY] for name in changed if name not in UNASKED}
            self._tell(WordsNoted(notes))

    def stopped(self) -> None:
        """The person stopped it."""
        self._finish("cancelled")

    def failed(self, message: str, again: bool) -> None:
        """It broke off; `again`: for a reason that may pass."""
        self._tell(ReplyFailed(self._request.reply_id, message, again=again))

    # Requests

    async def _cut(self, client: Client) -> bool:
        """Write until the reply is over, or is to be gone on with under other settings: whether
        that is so."""
        for _ in range(MOST_TRIES):
            if self._room == 0:
                self._reason = "length"
                return False
            try:
                return await self._stream(client)
            except OtherToken:
                continue
        raise ServerError("The server did not go on from the text that it wrote.", again=True)

    async def _stream(self, client: Client) -> bool:
        try:
            return await self._read(client)
        except Refused:
            if self._model.is_mlx or not self._asks_likely:
                raise
        self._asks_likely = False
        over = await self._read(client)
        self._model.refuses.add(LIKELY)
        return over

    async def _write_whole(self, client: Client, repeated: Repeated) -> int:
        """Take the reply as one answer; how many of its last tokens it does not say."""
        self._cost.at_once = True
        pieces = len(self._request.schedule)
        whole = await repeated_of(
            client, self._asked(), self._model, self._settings, pieces, repeated
        )
        self._reason = whole.piece.finish_reason
        usage = whole.piece.usage or Usage()
        self._cost.usage = replace(usage, reply=len(whole.records))
        for record in whole.records:
            self._say(record)
        return whole.unspoken

    async def _read(self, client: Client) -> bool:
        path, body = self._asked()
        if path == RAW and self._beginning:
            self._token = await self._first_token(client, body)
        over = False
        async with aclosing(client.events(path, body)) as events:
            async for event in events:
                self._silence.heard()
                if isinstance(event, bytes):
                    self._take_comment(event)
                elif event is None:
                    over = True
                    break
                else:
                    self._take(piece_of(event))
                    if self._wants_cut:
                        return True
        if not (over or self._reason):
            raise ServerError(lost(self._model.address), again=True)
        return False

    def _asked(self) -> tuple[str, Mapping[str, Any]]:
        request, model = self._request, self._model
        raw = bool(self._beginning or model.prompts.plain)
        likely = logprobs_body(is_mlx=model.is_mlx, raw=raw) if self._asks_likely else {}
        body = {**STREAM, **model.body(request.adapter), **self._sampling, **likely}
        if raw:
            text = model.prompts.text(request.messages, self._beginning)
            return RAW, {**body, "prompt": text}
        return CHAT, {**body, **chat_body(request.messages, model.spec, is_mlx=model.is_mlx)}

    async def _first_token(self, client: Client, body: Mapping[str, Any]) -> str:
        answer = await answer_of(client, RAW, asked_alone(body), self._model.prompts.end)
        token_id = first_token_id(answer)
        return "" if token_id is None else self._model.prompts.token_text(token_id)

    @property
    def _sampling(self) -> Mapping[str, Any]:
        """The settings, for as much of the reply as is left; what goes on draws other random
        numbers than its start."""
        settings = self._settings
        if self._room is not None:
            settings = replace(settings, max_tokens=self._room)
        seed = (self._request.seed + self._cost.pieces) % (MAX_SEED + 1)
        return sampling_body(settings, seed, is_mlx=self._model.is_mlx)

    @property
    def _room(self) -> int | None:
        """How many tokens are left of the reply's length; None where it has no limit."""
        if self._settings.max_tokens < 0:
            return None
        counted = len(self._request.reply_ids) - self._request.uncounted + self._cost.pieces
        return max(0, self._settings.max_tokens - counted)

    @property
    def _beginning(self) -> str:
        return self._start + self._text

    @property
    def _no_cut(self) -> str:
        return "what a model thinks cannot be gone on with" if self._thoughts.any else ""

    @property
    def _wants_cut(self) -> bool:
        """Whether the settings are others now, and have been for a moment."""
        same = self._wanted is self._settings
        if same or self._reason or self._model.no_continuation or self._no_cut:
            return False
        settled = time.monotonic() - self._changed >= SETTLE_SECONDS
        changed = self._wanted.differences(self._settings).keys() - UNASKED
        return settled and bool(changed)

    # What comes

    def _take(self, piece: Piece) -> None:
        self._reason = piece.finish_reason or self._reason
        self._cost.usage = piece.usage or self._cost.usage
        text = self._thoughts.take(piece)
        if text and self._token:
            text, self._token = with_space(text, self._token), ""
        for record in records_of(text, piece.rows, self._settings, self._model.names):
            self._say(record)

    def _say(self, record: TokenRecord) -> None:
        if not self._cost.pieces:
            self._tell(ReplyStarted(self._request.reply_id))
        self._cost.count_piece(record.text)
        self._text += record.text
        self._tell(TokenSampled(self._request.reply_id, record))

    def _take_comment(self, comment: bytes) -> None:
        found = PROGRESS.fullmatch(comment)
        if found and not self._cost.pieces:
            done, total = map(int, found.groups())
            self._tell(PrefillProgress(self._request.reply_id, 0, min(done, total), total))

    def _finish(self, reason: FinishReason, unspoken: int = 0) -> None:
        statistics = self._cost.statistics
        self._tell(ReplyFinished(self._request.reply_id, reason, statistics, unspoken))


UNASKED = frozenset({"seed"})
"""Settings that no running reply is cut for."""
