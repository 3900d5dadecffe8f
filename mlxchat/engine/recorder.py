"""What is kept of every sampled token, computed beside it so that nothing waits."""

from __future__ import annotations

from collections import deque
from typing import NamedTuple, cast

import mlx.core as mx
import numpy as np

from mlxchat.engine.alternatives import Alternatives
from mlxchat.engine.interface import ALTERNATIVES, TokenRecord
from mlxchat.engine.sampler import LiveSampler
from mlxchat.parameters import Settings

ROW = 64
"""Width of the rows in which the most likely tokens are looked for."""

_IN_ROW = np.arange(ROW)


class Candidates(NamedTuple):
    """A small part of the vocabulary that holds the most likely tokens."""

    rows: mx.array
    """(rows,): numbers of rows; a row is ROW neighbouring ids."""
    logprobs: mx.array
    """(rows, ROW): the log-probabilities of these rows, float32."""
    vocabulary: int

    def best(self, count: int) -> list[tuple[int, float]]:
        """The `count` most likely tokens as (id, log-probability), most likely first."""
        values = np.asarray(self.logprobs).reshape(-1)
        ids = (np.asarray(self.rows)[:, None] * ROW + _IN_ROW).reshape(-1)
        if self.vocabulary % ROW:  # what fills up the last row is no token
            values, ids = values[ids < self.vocabulary], ids[ids < self.vocabulary]
        count = min(count, len(values))
        top = values.argpartition(-count)[-count:]
        top = top[(-values[top]).argsort(kind="stable")]
        return list(zip(ids[top].tolist(), values[top].tolist(), strict=True))


def candidates(logprobs: mx.array, count: int) -> Candidates:
    """Where the `count` most likely tokens lie; `logprobs` are (vocabulary,), float32.

    The best `count` tokens lie in the `count` rows with the highest maxima. That reads the
    vocabulary once with a fast reduction, where a partition of all of it costs six to nine times
    as much on a CPU. What is left, a few hundred numbers, is ordered outside the graph: so small
    a graph costs the model's thread the least.
    """
    size = logprobs.shape[-1]
    padding = -size % ROW
    if padding:
        logprobs = mx.concatenate([logprobs, mx.full((padding,), -mx.inf, logprobs.dtype)])
    rows = logprobs.reshape(-1, ROW)
    count = min(count, rows.shape[0])
    best = mx.argpartition(rows.max(axis=-1), kth=-count)[-count:]
    return Candidates(best, rows[best], size)


class Sampled(NamedTuple):
    """A drawn token with what there is to record of it, not evaluated yet."""

    settings: Settings
    token: mx.array
    logprobs: mx.array
    """(vocabulary,), float32."""
    candidates: Candidates

    @property
    def arrays(self) -> tuple[mx.array, ...]:
        """All that is to be evaluated."""
        return self.token, self.logprobs, self.candidates.rows, self.candidates.logprobs

    def record(self, text: str, from_draft: bool = False) -> TokenRecord:
        """The record in plain Python values; evaluates what is not evaluated yet."""
        token_id = cast(int, self.token.item())
        logprobs = np.asarray(self.logprobs)
        alternatives = self.candidates.best(ALTERNATIVES)
        own = float(logprobs[token_id])
        if own >= alternatives[-1][1]:
            rank = sum(logprob > own for _, logprob in alternatives)
        else:
            rank = int(np.count_nonzero(logprobs > own))
        return TokenRecord(
            token_id=token_id,
            text=text,
            logprob=own,
            rank=rank,
            alternatives=Alternatives(alternatives),
            settings=self.settings,
            from_draft=from_draft,
        )


def observe(logprobs: mx.array, token: mx.array, settings: Settings) -> Sampled:
    """What to record of `token`, a scalar drawn from `logprobs`, (vocabulary,)."""
    logprobs = logprobs.astype(mx.float32)
    return Sampled(settings, token, logprobs, candidates(logprobs, ALTERNATIVES))


class RecordingSampler:
    """A live sampler that keeps, in order, what it drew."""

    def __init__(self, sampler: LiveSampler) -> None:
        self._sampler = sampler
        self._sampled: deque[Sampled] = deque()

    def __call__(self, logprobs: mx.array) -> mx.array:
        """Draw a token, (1, vocabulary) to (1,), and start evaluating its record with it."""
        token = self._sampler(logprobs)
        sampled = observe(logprobs[0], token[0], self._sampler.settings)
        mx.async_eval(token, *sampled.arrays)
        self._sampled.append(sampled)
        return token

    def next(self) -> Sampled:
        """The oldest draw that was not taken yet."""
        return self._sampled.popleft()
