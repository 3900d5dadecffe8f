"""One of several replies to one prompt, in the making."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

from mlxchat.engine.interface import FinishReason, TokenRecord
from mlxchat.engine.loader import LoadedModel
from mlxchat.engine.penalties import LivePenalties
from mlxchat.engine.recorder import RecordingSampler
from mlxchat.engine.sampler import KeySequence, LiveSampler
from mlxchat.engine.samples import Draw
from mlxchat.engine.spelling import Speller
from mlxchat.engine.stop_strings import StopScan
from mlxchat.settings.parameters import Settings

PENALTIES = ("logit_bias", "repetition_penalty", "presence_penalty", "frequency_penalty")
"""The settings that change logits before they are sampled from."""


class SampleRow:
    """One row of a batch: what draws its tokens, and what was drawn."""

    def __init__(self, loaded: LoadedModel, draw: Draw, prompt_ids: Sequence[int]) -> None:
        settings = draw.settings
        special = loaded.xtc_special_tokens(settings)
        self.sampler = RecordingSampler(LiveSampler(settings, special, KeySequence(draw.seed).next))
        self._penalties = LivePenalties(settings, prompt_ids[:-1], loaded.words.bias)
        self._settings = settings
        self._ends = loaded.words.end_tokens(settings.extra_eos_token)
        limit = loaded.info.context_limit
        self._room = None if limit is None else limit - len(prompt_ids)
        self._speller = Speller(loaded.tokenizer)
        self._stops = StopScan()
        self.tokens = 0
        self.first_token_at = self.last_token_at = 0.0
        self.reason: FinishReason | None = None
        self.unspoken = 0

    @property
    def processors(self) -> list[Any]:
        """Its logits processors; none where no penalty is set, which saves work."""
        off = Settings()
        acts = any(self._settings.value(name) != off.value(name) for name in PENALTIES)
        return [self._penalties] if acts else []

    def take(self, token_id: int) -> Iterable[TokenRecord]:
        """Take in the token that was drawn; the records that may be shown now. Where the row is
        over, `reason` says why."""
        self._count()
        self.reason = self._reason_to_stop(token_id)
        record = replace(self.sampler.next().record(""), text=self._text(token_id))
        clear = self._stops.take(record, self._settings.stop_strings)
        if clear.stopped:
            self.reason, self.unspoken = "stop", clear.unspoken
            return clear.records
        if self.reason is None:
            return clear.records
        self.unspoken = int(self.reason == "stop")
        return [*clear.records, *self._stops.flush()]

    def cut(self) -> Iterable[TokenRecord]:
        """End it where it is; the records that were held back."""
        self.reason = "cancelled"
        return self._stops.flush()

    def _count(self) -> None:
        self.last_token_at = time.perf_counter()
        if not self.tokens:
            self.first_token_at = self.last_token_at
        self.tokens += 1

    def _reason_to_stop(self, token_id: int) -> FinishReason | None:
        if token_id in self._ends:
            return "stop"
        if 0 <= self._settings.max_tokens <= self.tokens:
            return "length"
        return "context" if self._room is not None and self.tokens >= self._room else None

    def _text(self, token_id: int) -> str:
        """The text that became readable; behind it, at the end, what would wait for a next one."""
        text = "" if self.reason == "stop" else self._speller.add(token_id)
        return text + self._speller.rest() if self.reason else text
