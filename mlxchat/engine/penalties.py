"""Repetition, presence and frequency penalties that can change between two tokens."""

from __future__ import annotations

from collections.abc import Sequence

import mlx.core as mx

from mlxchat.parameters import Settings


class LivePenalties:
    """A logits processor of mlx_lm's kind whose settings may be replaced between two tokens.

    mlx_lm hands a processor only the tokens of its own call; the part of the prompt that a cache
    already held is given here, so that a penalty sees what it would see from a cold start.
    """

    def __init__(self, settings: Settings, tokens_before: Sequence[int]) -> None:
        self.settings = settings
        before = list(tokens_before)
        self._before = mx.array(before, dtype=mx.uint32) if before else None

    def __call__(self, tokens: mx.array, logits: mx.array) -> mx.array:
        """The logits after the penalties, (rows, vocabulary); `tokens` are those so far."""
        settings = self.settings
        if settings.repetition_penalty != 1.0:
            recent = self._recent(tokens, settings.repetition_context_size)
            logits = repetition_penalty(logits, recent, settings.repetition_penalty)
        if settings.presence_penalty != 0.0:
            recent = self._recent(tokens, settings.presence_context_size)
            logits[:, recent] -= settings.presence_penalty
        if settings.frequency_penalty != 0.0:
            recent = self._recent(tokens, settings.frequency_context_size)
            logits = logits.at[:, recent].subtract(settings.frequency_penalty)
        return logits

    def _recent(self, tokens: mx.array, count: int) -> mx.array:
        missing = count - tokens.size
        if missing > 0 and self._before is not None:
            tokens = mx.concatenate([self._before[-missing:], tokens.astype(mx.uint32)])
        return tokens[-count:]


def repetition_penalty(logits: mx.array, tokens: mx.array, penalty: float) -> mx.array:
    """Scale the logits of `tokens` down: divided where positive, multiplied where negative.

    Source: Keskar et al. 2019 (CTRL), as in mlx_lm.sample_utils.make_repetition_penalty.
    """
    selected = logits[:, tokens]
    logits[:, tokens] = mx.where(selected < 0, selected * penalty, selected / penalty)
    return logits
