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
CUT_CANDIDATES = 6
"""How many of the tokens that a filter removed are told of."""
KEPT = 0
PLACES: dict[Cut, int] = {name: place for place, name in enumerate(FILTERS, 1)}
"""What stands for each filter in `Outcome.cut_by`."""


class Outcome(NamedTuple):
    """The fate of every token of the vocabulary."""

    logprobs: np.ndarray
    """(vocabulary,) float32: after bias and penalties, before the filters."""
    probs: np.ndarray
    """(vocabulary,) float32: the probability with which each token is drawn."""
    cut_by: np.ndarray
    """(vocabulary,) int8: KEPT, or the one of PLACES of what removed it."""
    xtc: np.ndarray
    """(vocabulary,) bool: what XTC removes in some draws and not in all."""
    by_model: np.ndarray
    """(vocabulary,) float32: the model's own log-probabilities, before bias and penalties."""


def penalized(
    logits: mx.array,
    before: Sequence[int],
    settings: Settings,
    bias_of: BiasOf = numbered_only,
) -> mx.array:
    """Log-probabilities after bias and penalties, (vocabulary,), given the tokens so far."""
    penalties = LivePenalties(settings, before, bias_of)
    return plain(penalties(mx.array([], dtype=mx.uint32), logits[None] + 0)[0])


def plain(logits: mx.array) -> mx.array:
    """Their log-probabilities, (vocabulary,), as mlx_lm.generate computes them."""
    return logits - mx.logsumexp(logits, keepdims=True)


def outcome(
    logprobs: mx.array,
    settings: Settings,
    xtc_special_tokens: Sequence[int],
    by_model: mx.array | None = None,
) -> Outcome:
    """Run the live sampler's own filters over `logprobs`, (vocabulary,).

    XTC acts by chance: a token that it removes has the probability of the draws in which it does
    not act, and counts as cut only where these remove it too. `by_model` are the log-probabilities
    before bias and penalties, where there are any: what these leave nothing of, a bias has banned.
    """
    rows = logprobs[None]
    cut = mx.zeros(rows.shape, dtype=mx.int32)
    if by_model is not None:
        cut = mx.where(mx.isinf(rows) & ~mx.isinf(by_model[None]), PLACES["bias"], cut)
    if settings.temp < SMALLEST_TEMP:
        best = mx.argmax(rows, axis=-1, keepdims=True)
        probs = mx.put_along_axis(mx.zeros(rows.shape), best, mx.array(1.0), axis=-1)
        cut = mx.where(probs > 0, KEPT, mx.where(cut > 0, cut, PLACES["temp"]))
        return _as_numpy(rows, probs, cut, cut < 0, by_model)
    chain = filters_of(settings, xtc_special_tokens, rows.shape[-1], xtc_acts=True, sort=_sorted)
    at = next((n for n, (name, _) in enumerate(chain) if name == "xtc"), len(chain))
    left, cut = _through(rows, cut, chain[:at])
    acted, cut_acting = _through(left, cut, chain[at:])
    probs, share = _drawn(acted, settings), settings.xtc_probability
    if not 0 < share < 1:
        return _as_numpy(rows, probs, cut_acting, cut < 0, by_model)
    calm, cut = _through(left, cut, chain[at + 1 :])
    probs = share * probs + (1 - share) * _drawn(calm, settings)
    xtc = (cut == KEPT) & (cut_acting == PLACES["xtc"])
    return _as_numpy(rows, probs, mx.where(cut_acting == KEPT, KEPT, cut), xtc, by_model)


def describe(
    found: Outcome,
    settings: Settings,
    text_of: Callable[[int], str],
    also: Sequence[int] = (),
    count: int = CANDIDATES,
) -> Distribution:
    """An outcome as a person reads it: the `count` most likely tokens, those of `also`, and the
    most likely ones that each filter removed."""
    probs_before = np.exp(found.logprobs)
    counts = np.bincount(found.cut_by, minlength=1 + len(FILTERS))
    masses = np.bincount(found.cut_by, weights=probs_before, minlength=1 + len(FILTERS))
    shown = dict.fromkeys([*_most_likely(found.logprobs, count), *also, *_likely_cut(found)])
    return Distribution(
        settings=settings,
        candidates=tuple(_candidate(found, token_id, text_of) for token_id in shown),
        vocabulary=len(found.logprobs),
        kept=int(np.count_nonzero(found.probs)),
        entropy_before=entropy(probs_before),
        entropy_after=entropy(found.probs),
        cut={name: int(counts[place]) for name, place in PLACES.items()},
        cut_mass={name: float(masses[place]) for name, place in PLACES.items()},
        xtc=int(np.count_nonzero(found.xtc)),
    )


def entropy(probs: np.ndarray) -> float:
    """Shannon's entropy in bits."""
    some = probs[probs > 0]
    return max(0.0, float(-(some * np.log2(some)).sum(dtype=np.float64)))


def _sorted(logprobs: mx.array) -> mx.array:
    """The same as mx.sort gives; numpy's takes a fifth of the time on a CPU."""
    values = np.array(logprobs.astype(mx.float32))  # exact: numpy knows no bfloat16
    return mx.array(np.sort(values, axis=-1)).astype(logprobs.dtype)


def _through(
    rows: mx.array, cut: mx.array, chain: Sequence[NamedFilter]
) -> tuple[mx.array, mx.array]:
    """What these filters leave of log-probabilities, and what cut each token, `cut` before them."""
    for name, keep in chain:
        kept = keep(rows)
        removed = mx.isinf(kept) & ~mx.isinf(rows)
        cut = mx.where(removed, PLACES[name], cut)
        rows = kept
    return rows, cut


def _drawn(rows: mx.array, settings: Settings) -> mx.array:
    """The probabilities with which tokens are drawn from what the filters left."""
    return mx.softmax((rows * (1.0 / settings.temp)).astype(mx.float32), axis=-1)


def _as_numpy(
    rows: mx.array, probs: mx.array, cut: mx.array, xtc: mx.array, by_model: mx.array | None
) -> Outcome:
    found = rows[0].astype(mx.float32), probs[0], cut[0].astype(mx.int8), xtc[0]
    own = None if by_model is None else by_model.astype(mx.float32)
    mx.eval(found, own)
    logprobs, drawn, cut_by, by_chance = map(np.array, found)
    by_itself = logprobs if own is None else np.array(own)
    return Outcome(logprobs, drawn, cut_by, by_chance, by_itself)


def _most_likely(logprobs: np.ndarray, count: int) -> list[int]:
    count = min(count, len(logprobs))
    top = np.argpartition(logprobs, -count)[-count:]
    return [int(i) for i in top[np.argsort(-logprobs[top], kind="stable")]]


def _likely_cut(found: Outcome) -> list[int]:
    """The most likely tokens that each filter removed; of banned ones, to the model."""
    chosen: list[int] = []
    for name, place in PLACES.items():
        cut = np.flatnonzero(found.cut_by == place)
        if len(cut):
            logprobs = found.by_model if name == "bias" else found.logprobs
            chosen += (int(cut[i]) for i in _most_likely(logprobs[cut], CUT_CANDIDATES))
    return chosen


def _candidate(found: Outcome, token_id: int, text_of: Callable[[int], str]) -> Candidate:
    place = int(found.cut_by[token_id])
    cut_by: Cut = FILTERS[place - 1] if place else ""
    return Candidate(
        token_id=token_id,
        text=text_of(token_id),
        logprob=float(found.logprobs[token_id]),
        after=float(found.probs[token_id]),
        cut_by=cut_by,
        xtc=bool(found.xtc[token_id]),
        model_logprob=float(found.by_model[token_id]),
    )
