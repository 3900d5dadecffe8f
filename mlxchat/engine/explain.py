"""What each filter of the sampler does to one prediction."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import mlx.core as mx
import numpy as np

from mlxchat.engine.distribution import FILTERS, Candidate, Cut, Distribution
from mlxchat.engine.penalties import BiasOf, LivePenalties, numbered_only
from mlxchat.engine.sampler import NamedFilter, filters_of
from mlxchat.settings.parameters import SMALLEST_TEMP, Settings

CANDIDATES = 40
KEPT = 0


class Outcome(NamedTuple):
    """The fate of every token of the vocabulary."""

    logprobs: np.ndarray
    """(vocabulary,) float32: after the penalties, before the filters."""
    probs: np.ndarray
    """(vocabulary,) float32: the probability with which each token is drawn."""
    cut_by: np.ndarray
    """(vocabulary,) int8: KEPT, or 1 + the place in FILTERS of what removed it."""


def penalized(
    logits: mx.array,
    before: Sequence[int],
    settings: Settings,
    bias_of: BiasOf = numbered_only,
) -> mx.array:
    """Log-probabilities after bias and penalties, (vocabulary,), given the tokens so far."""
    penalties = LivePenalties(settings, before, bias_of)
    rows = penalties(mx.array([], dtype=mx.uint32), logits[None] + 0)
    return (rows - mx.logsumexp(rows, keepdims=True))[0]


def outcome(logprobs: mx.array, settings: Settings, xtc_special_tokens: Sequence[int]) -> Outcome:
    """Run the live sampler's own filters over `logprobs`, (vocabulary,).

    XTC acts by chance: a token that it removes has the probability of the draws in which it does
    not act, and counts as cut only where it then has none.
    """
    rows = logprobs[None]
    if settings.temp < SMALLEST_TEMP:
        best = mx.argmax(rows, axis=-1, keepdims=True)
        probs = mx.put_along_axis(mx.zeros(rows.shape), best, mx.array(1.0), axis=-1)
        cut = mx.where(probs > 0, KEPT, 1 + FILTERS.index("temp"))
        return _as_numpy(rows, probs, cut)
    chain = filters_of(settings, xtc_special_tokens, rows.shape[-1], xtc_acts=True)
    probs, cut = _through(rows, chain, settings, acts=True)
    share = settings.xtc_probability
    if 0 < share < 1:
        calm, calm_cut = _through(rows, chain, settings, acts=False)
        probs = share * probs + (1 - share) * calm
        cut = mx.where(probs > 0, KEPT, mx.where(calm_cut > 0, calm_cut, cut))
    return _as_numpy(rows, probs, cut)


def describe(
    found: Outcome,
    settings: Settings,
    text_of: Callable[[int], str],
    also: Sequence[int] = (),
    count: int = CANDIDATES,
) -> Distribution:
    """An outcome as a person reads it: the `count` most likely tokens and those of `also`."""
    probs_before = np.exp(found.logprobs.astype(np.float64))
    shown = _most_likely(found.logprobs, count)
    shown += [token_id for token_id in also if token_id not in shown]
    cuts = {name: found.cut_by == 1 + place for place, name in enumerate(FILTERS)}
    return Distribution(
        settings=settings,
        candidates=tuple(_candidate(found, token_id, text_of) for token_id in shown),
        vocabulary=len(found.logprobs),
        kept=int(np.count_nonzero(found.probs)),
        entropy_before=entropy(probs_before),
        entropy_after=entropy(found.probs.astype(np.float64)),
        cut={name: int(np.count_nonzero(rows)) for name, rows in cuts.items()},
        cut_mass={name: float(probs_before[rows].sum()) for name, rows in cuts.items()},
    )


def entropy(probs: np.ndarray) -> float:
    """Shannon's entropy in bits."""
    some = probs[probs > 0]
    return max(0.0, float(-(some * np.log2(some)).sum()))


def _through(
    rows: mx.array, chain: Sequence[NamedFilter], settings: Settings, *, acts: bool
) -> tuple[mx.array, mx.array]:
    """Probabilities after the whole chain, and what cut each token; XTC acts, or it does not."""
    cut = mx.zeros(rows.shape, dtype=mx.int32)
    for name, keep in chain:
        if name == "xtc" and not acts:
            continue
        kept = keep(rows)
        removed = mx.logical_and(mx.isinf(kept), mx.logical_not(mx.isinf(rows)))
        cut = mx.where(removed, 1 + FILTERS.index(name), cut)
        rows = kept
    return mx.softmax((rows * (1.0 / settings.temp)).astype(mx.float32), axis=-1), cut


def _as_numpy(rows: mx.array, probs: mx.array, cut: mx.array) -> Outcome:
    logprobs = rows[0].astype(mx.float32)
    probs, cut = probs[0], cut[0].astype(mx.int8)
    mx.eval(logprobs, probs, cut)
    return Outcome(np.array(logprobs), np.array(probs), np.array(cut))


def _most_likely(logprobs: np.ndarray, count: int) -> list[int]:
    count = min(count, len(logprobs))
    top = np.argpartition(logprobs, -count)[-count:]
    return [int(i) for i in top[np.argsort(-logprobs[top], kind="stable")]]


def _candidate(found: Outcome, token_id: int, text_of: Callable[[int], str]) -> Candidate:
    place = int(found.cut_by[token_id])
    cut_by: Cut = FILTERS[place - 1] if place else ""
    return Candidate(
        token_id=token_id,
        text=text_of(token_id),
        logprob=float(found.logprobs[token_id]),
        after=float(found.probs[token_id]),
        cut_by=cut_by,
    )
