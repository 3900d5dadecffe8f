"""Logit bias and penalties that can change between two tokens."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import mlx.core as mx

from mlxchat.settings.parameters import LogitBias, Settings

BiasOf = Callable[[LogitBias], Mapping[int, float]]
"""Looks up the words of a bias: to what is added to the logit of each token."""


def numbered_only(bias: LogitBias) -> Mapping[int, float]:
    """The bias of tokens that are given by their number."""
    return {key: value for key, value in bias if isinstance(key, int)}


class LivePenalties:
    """A logits processor of mlx_lm's kind whose settings may be replaced between two tokens.

    mlx_lm hands a processor only the tokens of its own call; the part of the prompt that a cache
    already held is given here, so that a penalty sees what it would see from a cold start.
    """

    def __init__(
        self,
        settings: Settings,
        tokens_before: Sequence[int],
        bias_of: BiasOf = numbered_only,
    ) -> None:
        self.settings = settings
        self._bias_of = bias_of
        self._biased: LogitBias = ()
        self._bias: tuple[mx.array, mx.array] | None = None
        before = list(tokens_before)
        self._before = mx.array(before, dtype=mx.uint32) if before else None
        self.unprocessed: mx.array | None = None
        """(rows, vocabulary): the last logits before bias and penalties, where there were any."""

    def __call__(self, tokens: mx.array, logits: mx.array) -> mx.array:
        """The logits after bias and penalties, (rows, vocabulary); `tokens` are those so far."""
        settings = self.settings
        # An array of its own: a penalty writes into the other.
        self.unprocessed = mx.stop_gradient(logits) if settings.processes_logits else None
        if settings.logit_bias:
            logits = self._add_bias(logits, settings.logit_bias)
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

    def _add_bias(self, logits: mx.array, bias: LogitBias) -> mx.array:
        if bias != self._biased:
            self._biased, self._bias = bias, self._arrays(bias, logits.shape[-1])
        if self._bias is None:
            return logits
        indices, values = self._bias
        return logits.at[:, indices].add(values)

    def _arrays(self, bias: LogitBias, vocabulary: int) -> tuple[mx.array, mx.array] | None:
        # mlx writes beyond the row at an index that is not in it.
        biases = {i: value for i, value in self._bias_of(bias).items() if i < vocabulary}
        return (mx.array(list(biases)), mx.array(list(biases.values()))) if biases else None

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
