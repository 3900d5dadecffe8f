"""What is kept of every sampled token, computed beside it so that nothing waits."""

from __future__ import annotations

import math
from collections import deque
from typing import NamedTuple, cast

import mlx.core as mx
import numpy as np

from mlxchat.engine.alternatives import Alternatives
from mlxchat.engine.interface import ALTERNATIVES, TokenRecord
from mlxchat.engine.penalties import LivePenalties
from mlxchat.engine.sampler import SMALLEST_TEMP, LiveSampler
from mlxchat.settings.parameters import Settings

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

    def best(self, count: int) -> tuple[np.ndarray, np.ndarray]:
        """Ids and log-probabilities of the `count` most likely tokens, most likely first."""
        values = np.asarray(self.logprobs).reshape(-1)
        ids = (np.asarray(self.rows)[:, None] * ROW + _IN_ROW).reshape(-1)
        if self.vocabulary % ROW:  # what fills up the last row is no token
            values, ids = values[ids < self.vocabulary], ids[ids < self.vocabulary]
        count = min(count, len(values))
        top = values.argpartition(-count)[-count:]
        top = top[(-values[top]).argsort(kind="stable")]
        return ids[top].astype(np.int32), values[top]


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
    weights: mx.array | None = None
    """(vocabulary,): the log-weights that it was drawn by; None where they are not known, or at
    temp 0."""
    model_logprob: mx.array | None = None
    """Scalar: of the token before bias and penalties; None where there were none."""

    @property
    def arrays(self) -> tuple[mx.array, ...]:
        """All that is to be evaluated."""
        found = self.token, self.logprobs, self.candidates.rows, self.candidates.logprobs
        more = self.weights, self.model_logprob
        return *found, *(array for array in more if array is not None)

    def record(self, text: str, from_draft: bool = False) -> TokenRecord:
        """The record in plain Python values; evaluates what is not evaluated yet."""
        token_id = cast(int, self.token.item())
        logprobs = np.asarray(self.logprobs)
        ids, best = self.candidates.best(ALTERNATIVES)
        own = logprobs[token_id]
        # What is among the best is ranked by them alone.
        rivals = best if own >= best[-1] else logprobs
        return TokenRecord(
            token_id=token_id,
            text=text,
            logprob=float(own),
            rank=int(np.count_nonzero(rivals > own)),
            alternatives=Alternatives.packed(ids.tobytes(), best.tobytes()),
            settings=self.settings,
            entropy=entropy(logprobs),
            drawn_logprob=self._drawn_logprob(token_id, from_draft),
            from_draft=from_draft,
            model_logprob=(
                None if self.model_logprob is None else cast(float, self.model_logprob.item())
            ),
        )

    def _drawn_logprob(self, token_id: int, from_draft: bool) -> float | None:
        if self.weights is None:
            return 0.0 if self.settings.temp < SMALLEST_TEMP and not from_draft else None
        weights = np.asarray(self.weights)
        return float(weights[token_id] - log_sum(weights))


def entropy(logprobs: np.ndarray) -> float:
    """Shannon's entropy in bits of (vocabulary,) natural log-probabilities."""
    probs = np.exp(logprobs)
    with np.errstate(invalid="ignore"):
        found = np.dot(probs, logprobs)
    if np.isnan(found):  # 0 times -inf
        some = probs > 0
        found = np.dot(probs[some], logprobs[some])
    return max(0.0, -float(found) / math.log(2))


def log_sum(weights: np.ndarray) -> float:
    """The logarithm of the sum of what `weights`, (vocabulary,), are logarithms of."""
    most = weights.max()
    shifted = weights - most
    return float(most) + math.log(np.exp(shifted, out=shifted).sum())


def observe(
    logprobs: mx.array,
    token: mx.array,
    settings: Settings,
    weights: mx.array | None = None,
    unprocessed: mx.array | None = None,
) -> Sampled:
    """What to record of `token`, a scalar drawn by `weights`. All others are (vocabulary,);
    `unprocessed` are the logits before bias and penalties, where there were any."""
    logprobs = logprobs.astype(mx.float32)
    if weights is not None:
        weights = weights.astype(mx.float32)
    by_model = None if unprocessed is None else _logprob_of(token, unprocessed.astype(mx.float32))
    return Sampled(settings, token, logprobs, candidates(logprobs, ALTERNATIVES), weights, by_model)


def _logprob_of(token: mx.array, logits: mx.array) -> mx.array:
    return logits[token] - mx.logsumexp(logits)


class RecordingSampler:
    """A live sampler that keeps, in order, what it drew."""

    def __init__(self, sampler: LiveSampler, penalties: LivePenalties | None = None) -> None:
        """`penalties` are those that the log-probabilities went through."""
        self._sampler = sampler
        self._penalties = penalties
        self._sampled: deque[Sampled] = deque()

    def __call__(self, logprobs: mx.array) -> mx.array:
        """Draw a token, (1, vocabulary) to (1,), and start evaluating its record with it."""
        token = self._sampler(logprobs)
        weights = self._sampler.weights
        unprocessed = self._penalties.unprocessed if self._penalties else None
        sampled = observe(
            logprobs[0],
            token[0],
            self._sampler.settings,
            None if weights is None else weights[0],
            None if unprocessed is None else unprocessed[0],
        )
        mx.async_eval(token, *sampled.arrays)
        self._sampled.append(sampled)
        return token

    def next(self) -> Sampled:
        """The oldest draw that was not taken yet."""
        return self._sampled.popleft()
