"""What is kept of every sampled token, computed beside it so that nothing waits."""

from __future__ import annotations

from collections import deque
from typing import NamedTuple, cast

import mlx.core as mx

from mlxchat.engine.alternatives import Alternatives
from mlxchat.engine.interface import ALTERNATIVES, TokenRecord
from mlxchat.engine.sampler import LiveSampler
from mlxchat.parameters import Settings

ROW = 64
"""Width of the rows in which `most_likely` looks for candidates."""


def most_likely(logprobs: mx.array, count: int) -> mx.array:
    """The ids of the `count` most likely tokens, in no order: (vocabulary,) to (count,).

    The maxima of short rows are compared first: the best `count` tokens lie in the best `count`
    rows. That reads the vocabulary once with a fast reduction, where a partition of all of it
    costs six to nine times as much on a CPU.
    """
    size = logprobs.shape[-1]
    if size <= ROW * count:
        return mx.argpartition(-logprobs, kth=min(count, size) - 1)[:count]
    padding = -size % ROW
    if padding:
        logprobs = mx.concatenate([logprobs, mx.full((padding,), -mx.inf, logprobs.dtype)])
    rows = logprobs.reshape(-1, ROW)
    best_rows = mx.argpartition(-rows.max(axis=-1), kth=count - 1)[:count]
    candidates = rows[best_rows].reshape(-1)
    best = mx.argpartition(-candidates, kth=count - 1)[:count]
    # Padding can only be among the best where almost every token has probability 0.
    return mx.minimum(best_rows[best // ROW] * ROW + best % ROW, size - 1)


class Sampled(NamedTuple):
    """A drawn token with what there is to record of it, not evaluated yet."""

    settings: Settings
    ids: mx.array
    """(count + 1,): the most likely tokens, then the drawn one."""
    logprobs: mx.array
    """(count + 1,): their log-probabilities, float32."""
    rank: mx.array

    def record(self, text: str, from_draft: bool = False) -> TokenRecord:
        """The record in plain Python values; evaluates what is not evaluated yet."""
        ids = cast(list[int], self.ids.tolist())
        logprobs = cast(list[float], self.logprobs.tolist())
        ranked = sorted(zip(ids[:-1], logprobs[:-1], strict=True), key=lambda pair: -pair[1])
        return TokenRecord(
            token_id=ids[-1],
            text=text,
            logprob=logprobs[-1],
            rank=cast(int, self.rank.item()),
            alternatives=Alternatives(ranked),
            settings=self.settings,
            from_draft=from_draft,
        )


def observe(logprobs: mx.array, token: mx.array, settings: Settings) -> Sampled:
    """What to record of `token`, a scalar drawn from `logprobs`, (vocabulary,)."""
    top = most_likely(logprobs, ALTERNATIVES)
    ids = mx.concatenate([top, token.reshape(1).astype(top.dtype)])
    kept = logprobs[ids]
    rank = (logprobs > kept[-1]).sum()
    return Sampled(settings, ids, kept.astype(mx.float32), rank)


class RecordingSampler:
    """A live sampler that keeps, in order, what it drew."""

    def __init__(self, sampler: LiveSampler) -> None:
        self._sampler = sampler
        self._sampled: deque[Sampled] = deque()

    def __call__(self, logprobs: mx.array) -> mx.array:
        """Draw a token, (1, vocabulary) to (1,), and start evaluating its record with it."""
        token = self._sampler(logprobs)
        sampled = observe(logprobs[0], token[0], self._sampler.settings)
        mx.async_eval(token, sampled.ids, sampled.logprobs, sampled.rank)
        self._sampled.append(sampled)
        return token

    def next(self) -> Sampled:
        """The oldest draw that was not taken yet."""
        return self._sampled.popleft()
