"""The live sampler: mlx_lm's filters with values that change between two tokens.

It draws the token that `mlx_lm.sample_utils.make_sampler` draws from the same random state and
log-probabilities. make_sampler compiles its values in, so that each new one costs a compilation;
here nothing is compiled and every value is as cheap as the last.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

import mlx.core as mx

from mlxchat.engine.distribution import Cut
from mlxchat.settings.parameters import SMALLEST_TEMP, SMALLEST_TOP_P, Settings

Filter = Callable[[mx.array], mx.array]
NextKey = Callable[[], mx.array | None]
"""Gives the random key of the next draw; None takes one from the thread's random state."""


class KeySequence:
    """The keys that the thread's random state gives after `mx.random.seed(seed)`, one a draw.

    Replies that are written side by side have a sequence each, so that none depends on the others.
    """

    def __init__(self, seed: int) -> None:
        self._key = mx.random.key(seed)

    def next(self) -> mx.array:
        """The next key."""
        self._key, key = mx.random.split(self._key)
        return key


def thread_state() -> None:
    """No key: the draw takes one from the thread's random state."""


Sort = Callable[[mx.array], mx.array]
"""Sorts along the last axis, the least first."""


class NamedFilter(NamedTuple):
    """A filter, (rows, vocabulary) log-probabilities to the same with the removed at -inf."""

    name: Cut
    keep: Filter


def top_p_filter(logprobs: mx.array, top_p: float, sort: Sort = mx.sort) -> mx.array:
    """Keep the smallest set of most likely tokens that reaches `top_p` of the mass.

    Args:
        logprobs: (..., vocabulary) log-probabilities.
        top_p: between 0 and 1, both excluded.
    Source: Holtzman et al. 2019, as in mlx_lm.sample_utils.apply_top_p.
    """
    ascending = sort(logprobs)
    probs = mx.exp(ascending.astype(mx.float32))
    mass_above = mx.cumsum(probs, axis=-1, reverse=True, inclusive=False)
    total = mass_above[..., :1] + probs[..., :1]
    dropped = (mass_above >= top_p * total).sum(axis=-1, keepdims=True)
    threshold = mx.take_along_axis(ascending, dropped, axis=-1)
    return mx.where(logprobs < threshold, -math.inf, logprobs)


def min_p_filter(logprobs: mx.array, min_p: float, min_tokens_to_keep: int) -> mx.array:
    """Keep tokens at least `min_p` times as likely as the most likely one.

    Args:
        logprobs: (..., vocabulary) log-probabilities.
        min_p: above 0, at most 1.
        min_tokens_to_keep: how many of the most likely tokens always stay.
    Source: Nguyen et al. 2024, as in mlx_lm.sample_utils.apply_min_p.
    """
    threshold = mx.max(logprobs, axis=-1, keepdims=True) + math.log(min_p)
    removed = logprobs < threshold
    if min_tokens_to_keep > 1:
        top = mx.argpartition(logprobs, kth=-min_tokens_to_keep, axis=-1)
        top = top[..., -min_tokens_to_keep:]
        removed = mx.put_along_axis(removed, top, mx.array(False), axis=-1)
    return mx.where(removed, -math.inf, logprobs)


def xtc_excluded(logprobs: mx.array, threshold: float, special_tokens: Sequence[int]) -> mx.array:
    """Remove every token above `threshold` but the least likely of them.

    `special_tokens` (line break, end tokens) are never removed. Source: p-e-w 2024, as in
    mlx_lm.sample_utils.apply_xtc.
    """
    probs = mx.softmax(logprobs, -1)
    least = mx.where(probs > threshold, probs, math.inf).min(axis=-1, keepdims=True)
    mask = probs > least
    if special_tokens:
        mask[..., list(special_tokens)] = False
    return mx.where(mask, -math.inf, logprobs)


def xtc_filter(
    logprobs: mx.array,
    probability: float,
    threshold: float,
    special_tokens: Sequence[int],
    next_key: NextKey = thread_state,
) -> mx.array:
    """`xtc_excluded` with `probability`; takes one draw from the random state each time."""
    excluded = xtc_excluded(logprobs, threshold, special_tokens)
    drawn = mx.random.uniform(0, 1, key=next_key())
    return mx.where(drawn > probability, logprobs, excluded)


def top_k_filter(logprobs: mx.array, top_k: int) -> mx.array:
    """Keep the `top_k` most likely tokens; `top_k` is below the size of the vocabulary."""
    rest = mx.argpartition(-logprobs, kth=top_k - 1, axis=-1)[..., top_k:]
    return mx.put_along_axis(logprobs, rest, mx.array(-math.inf, logprobs.dtype), axis=-1)


def filters_of(
    settings: Settings,
    xtc_special_tokens: Sequence[int],
    vocabulary_size: int,
    *,
    xtc_acts: bool = False,
    next_key: NextKey = thread_state,
    sort: Sort = mx.sort,
) -> list[NamedFilter]:
    """The filters that these settings switch on, in mlx_lm's order, clamped to what is safe.

    XTC acts by chance, which takes a draw from the random state, or always where `xtc_acts`.
    """
    chain: list[NamedFilter] = []
    top_k = min(settings.top_k, vocabulary_size)
    keep = min(settings.min_tokens_to_keep, vocabulary_size)
    share, threshold = settings.xtc_probability, settings.xtc_threshold
    if 0 < settings.top_p < 1:
        top_p = max(settings.top_p, SMALLEST_TOP_P)
        chain.append(NamedFilter("top_p", lambda x: top_p_filter(x, top_p, sort)))
    if settings.min_p > 0:
        chain.append(NamedFilter("min_p", lambda x: min_p_filter(x, settings.min_p, keep)))
    if share > 0 and xtc_acts:
        chain.append(NamedFilter("xtc", lambda x: xtc_excluded(x, threshold, xtc_special_tokens)))
    elif share > 0:
        chain.append(
            NamedFilter(
                "xtc", lambda x: xtc_filter(x, share, threshold, xtc_special_tokens, next_key)
            )
        )
    if 0 < top_k < vocabulary_size:
        chain.append(NamedFilter("top_k", lambda x: top_k_filter(x, top_k)))
    return chain


class LiveSampler:
    """Draws tokens under settings that may be replaced between two of them."""

    def __init__(
        self,
        settings: Settings,
        xtc_special_tokens: Sequence[int],
        next_key: NextKey = thread_state,
    ) -> None:
        self._next_key = next_key
        self._xtc_special_tokens = tuple(xtc_special_tokens)
        self._filters: list[NamedFilter] | None = None
        self.settings = settings
        self.weights: mx.array | None = None
        """(rows, vocabulary): the log-weights of the last draw; None where temp was 0."""

    def change(self, settings: Settings) -> None:
        """Draw the next token under these settings."""
        if settings is not self.settings:
            self.settings = settings
            self._filters = None

    def protect(self, xtc_special_tokens: Sequence[int]) -> None:
        """Never let XTC remove these tokens."""
        self._xtc_special_tokens = tuple(xtc_special_tokens)
        self._filters = None

    def __call__(self, logprobs: mx.array) -> mx.array:
        """The token drawn from `logprobs`, (rows, vocabulary) to (rows,)."""
        if self.settings.temp < SMALLEST_TEMP:
            self.weights = None
            return mx.argmax(logprobs, axis=-1)
        if self._filters is None:
            self._filters = filters_of(
                self.settings,
                self._xtc_special_tokens,
                logprobs.shape[-1],
                next_key=self._next_key,
            )
        for _, keep in self._filters:
            logprobs = keep(logprobs)
        self.weights = logprobs * (1.0 / self.settings.temp)
        return mx.random.categorical(self.weights, key=self._next_key())
