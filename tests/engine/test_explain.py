"""What is told of the filters is what the sampler does."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

import mlx.core as mx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mlx_lm import sample_utils
from mlx_lm.generate import generate_step

from mlxchat.engine.distribution import FILTERS
from mlxchat.engine.explain import describe, entropy, outcome, penalized, plain
from mlxchat.engine.sampler import LiveSampler
from mlxchat.settings.parameters import Settings

SPECIAL = (3, 7)


TYPES = (mx.float32, mx.bfloat16, mx.float16)


def logits_of(
    seed: int, size: int, ties: bool, spread: float = 3.0, dtype: mx.Dtype = mx.float32
) -> mx.array:
    values = np.random.default_rng(seed).normal(0, spread, size).astype(np.float32)
    return mx.array(np.round(values) if ties else values).astype(dtype)


def logprobs_of(seed: int, size: int, ties: bool, spread: float = 3.0) -> mx.array:
    logits = logits_of(seed, size, ties, spread)
    return logits - mx.logsumexp(logits)


def by_generate_step(
    logits: mx.array, chosen: Settings, before: list[int]
) -> tuple[mx.array, mx.array]:
    """What mlx_lm's own loop hands to the sampler after these logits, under the processors of
    `chosen`, and what its logits were before them."""
    seen: list[mx.array] = []

    def sampler(logprobs: mx.array) -> mx.array:
        seen.append(logprobs[0])
        return mx.argmax(logprobs, axis=-1)

    def model(tokens: mx.array, cache: object) -> mx.array:
        return mx.broadcast_to(logits, (1, tokens.shape[1], len(logits)))

    processors = sample_utils.make_logits_processors(
        {i: value for i, value in chosen.logit_bias if isinstance(i, int)},
        chosen.repetition_penalty,
        presence_penalty=chosen.presence_penalty,
        frequency_penalty=chosen.frequency_penalty,
    )
    prompt = mx.array(before)
    steps = generate_step(
        prompt, model, max_tokens=1, sampler=sampler, logits_processors=processors, prompt_cache=[]
    )
    next(steps)
    return seen[0], logits


def by_mlx_lm(logprobs: mx.array, chosen: Settings) -> list[tuple[str, np.ndarray]]:
    """mlx_lm's own filters in its own order: what is left after each, XTC acting."""
    steps: list[tuple[str, Callable[[mx.array], mx.array]]] = []
    if 0 < chosen.top_p < 1:
        steps.append(("top_p", lambda x: sample_utils.apply_top_p(x, chosen.top_p)))
    if chosen.min_p > 0:
        keep = chosen.min_tokens_to_keep
        steps.append(("min_p", lambda x: sample_utils.apply_min_p(x, chosen.min_p, keep)))
    if chosen.xtc_probability > 0:
        steps.append(
            ("xtc", lambda x: sample_utils.apply_xtc(x, 1.0, chosen.xtc_threshold, list(SPECIAL)))
        )
    if chosen.top_k > 0:
        steps.append(("top_k", lambda x: sample_utils.apply_top_k(x, chosen.top_k)))
    rows, left = logprobs[None], []
    for name, keep_some in steps:
        rows = keep_some(rows)
        left.append((name, np.array(mx.isfinite(rows[0]))))
    return left


some_settings = st.builds(
    Settings,
    temp=st.floats(0.05, 3.0),
    top_p=st.sampled_from([1.0, 0.0, 0.3, 0.9, 0.999]),
    min_p=st.sampled_from([0.0, 0.02, 0.3, 1.0]),
    top_k=st.sampled_from([0, 1, 7, 50]),
    min_tokens_to_keep=st.sampled_from([1, 5]),
    xtc_probability=st.sampled_from([0.0, 1.0]),
    xtc_threshold=st.sampled_from([0.02, 0.1]),
)


some_processors = st.sampled_from(
    [
        {},
        {"logit_bias": ((1, 4.5), (3, -math.inf))},
        {"repetition_penalty": 1.3, "presence_penalty": 0.3},
        {"frequency_penalty": 0.7, "logit_bias": ((2, -3.3),)},
    ]
)


@settings(max_examples=300, deadline=None)
@given(
    some_settings,
    some_processors,
    st.integers(0, 2**32),
    st.booleans(),
    st.sampled_from([60, 1000]),
    st.sampled_from(TYPES),
)
def test_the_kept_set_and_each_cut_are_mlx_lms(chosen, more, seed, ties, size, dtype):
    """From the logits on, in the model's own type, half of single precision too."""
    chosen, before = replace(chosen, **more), [1, 5, 5, 9]
    logits = logits_of(seed, size, ties, dtype=dtype)
    logprobs = penalized(logits, before, chosen)
    wanted, logits = by_generate_step(logits, chosen, before)
    assert logprobs.dtype == wanted.dtype
    assert mx.array_equal(logprobs, wanted)
    found = outcome(logprobs, chosen, SPECIAL, plain(logits))
    alive = np.isfinite(np.array(logprobs.astype(mx.float32)))
    assert (found.cut_by[~alive] == 1 + FILTERS.index("bias")).all()
    for name, left in by_mlx_lm(logprobs, chosen):
        cut_here = alive & ~left
        assert (found.cut_by[cut_here] == 1 + FILTERS.index(name)).all()
        alive = left
    assert (found.cut_by[alive] == 0).all()
    assert (found.probs[~alive] == 0).all()
    weights = np.array((logprobs * (1.0 / chosen.temp)).astype(mx.float32), dtype=np.float64)
    scaled = np.where(alive, weights, -np.inf)
    shares = np.exp(scaled - scaled.max())
    assert found.probs == pytest.approx(shares / shares.sum(), abs=1e-5)


@pytest.mark.parametrize(
    "chosen",
    [
        Settings(temp=1.0),
        Settings(temp=0.7, top_p=0.9),
        Settings(temp=1.5, min_p=0.1, min_tokens_to_keep=3),
        Settings(temp=1.0, top_k=5),
        Settings(temp=1.0, xtc_probability=0.5, xtc_threshold=0.1),
        Settings(temp=0.8, top_p=0.95, xtc_probability=0.3, xtc_threshold=0.05, top_k=12),
        Settings(),
    ],
    ids=lambda chosen: "-".join(chosen.differences(Settings())) or "greedy",
)
def test_drawn_frequencies_are_the_told_ones(chosen):
    """Chi-squared over 20,000 draws, with the tokens of few expected draws taken together."""
    draws, size = 20_000, 60
    logprobs = logprobs_of(5, size, ties=False, spread=1.5)
    expected = outcome(logprobs, chosen, SPECIAL).probs.astype(np.float64) * draws
    sampler = LiveSampler(chosen, SPECIAL)
    mx.random.seed(11)
    counts = np.zeros(size)
    for _ in range(draws // 100):
        # XTC's chance is one for all rows of a call: a call for each draw where it is on.
        tokens = (
            mx.concatenate([sampler(logprobs[None]) for _ in range(100)])
            if chosen.xtc_probability
            else sampler(mx.broadcast_to(logprobs, (100, size)))
        )
        counts += np.bincount(np.array(tokens), minlength=size)
    assert counts[expected == 0].sum() == 0
    often = expected >= 5
    observed = np.append(counts[often], counts[~often].sum())
    expected = np.append(expected[often], expected[~often].sum())
    observed, expected = observed[expected > 0], expected[expected > 0]
    chi_squared = float(((observed - expected) ** 2 / expected).sum())
    freedom = max(1, len(expected) - 1)
    # Mean and deviation of chi-squared: five deviations is one run in a million.
    assert chi_squared < freedom + 5 * math.sqrt(2 * freedom)


def test_penalties_are_those_of_a_reply():
    logits = mx.array([2.0, 1.0, -1.0, 0.5])
    chosen = Settings(repetition_penalty=2.0, presence_penalty=0.5)
    found = np.array(penalized(logits, [0, 2, 2], chosen))
    wanted = np.array([1.0 - 0.5, 1.0, -2.0 - 0.5, 0.5])
    assert found == pytest.approx(wanted - np.log(np.exp(wanted).sum()), abs=1e-5)
    assert np.array(logits).tolist() == [2.0, 1.0, -1.0, 0.5]
    plain = np.array(penalized(logits, [], Settings()))
    assert np.exp(plain).sum() == pytest.approx(1, abs=1e-6)


def test_a_description():
    logprobs = mx.log(mx.array([0.05, 0.5, 0.2, 0.2, 0.04, 0.01]))
    chosen = Settings(temp=1.0, top_p=0.85, top_k=2)
    told = describe(outcome(logprobs, chosen, ()), chosen, str, also=[5], count=4)
    assert [(c.text, c.cut_by) for c in told.candidates] == [
        ("1", ""), ("2", ""), ("3", "top_k"), ("0", "top_p"), ("5", "top_p"), ("4", "top_p"),
    ]  # fmt: skip
    assert (told.kept, told.vocabulary) == (2, 6)
    assert told.cut == {"bias": 0, "top_p": 3, "min_p": 0, "xtc": 0, "top_k": 1, "temp": 0}
    assert told.cut_mass["top_p"] == pytest.approx(0.10, abs=1e-6)
    assert told.candidates[0].after == pytest.approx(0.5 / 0.7, abs=1e-6)
    assert told.candidates[0].before == pytest.approx(0.5, abs=1e-6)
    assert told.entropy_after == pytest.approx(entropy(np.array([0.5, 0.2]) / 0.7), abs=1e-5)


def test_the_likeliest_that_each_filter_cut_are_told_where_more_tokens_are_kept():
    logprobs = logprobs_of(2, 2000, ties=False, spread=1.0)
    chosen = Settings(temp=1.0, top_p=0.95, min_p=0.03, top_k=500)
    found = outcome(logprobs, chosen, ())
    told = describe(found, chosen, str)
    assert told.kept == 500
    for name in ("top_p", "min_p", "top_k"):
        cut = np.flatnonzero(found.cut_by == 1 + FILTERS.index(name))
        assert len(cut) == told.cut[name] > 0
        best = cut[np.argmax(found.logprobs[cut])]
        assert best in [c.token_id for c in told.candidates if c.cut_by == name]


def test_what_a_bias_bans_is_told_with_the_models_own_probability():
    logits = mx.array([3.0, 2.0, 1.0, 0.0])
    chosen = Settings(temp=1.0, top_p=0.9, logit_bias=((0, -math.inf),))
    own = logits - mx.logsumexp(logits)
    for settings_ in (chosen, Settings(logit_bias=chosen.logit_bias)):
        found = outcome(penalized(logits, [], settings_), settings_, (), own)
        told = {c.token_id: c for c in describe(found, settings_, str).candidates}
        assert told[0].cut_by == "bias"
        assert told[0].by_model == pytest.approx(math.exp(float(own[0])), abs=1e-6)
        assert told[1].cut_by == ""


def test_what_xtc_cuts_in_some_draws_is_told():
    logprobs = mx.log(mx.array([0.5, 0.3, 0.15, 0.05]))
    chosen = Settings(temp=1.0, xtc_probability=0.5, xtc_threshold=0.1)
    told = describe(outcome(logprobs, chosen, ()), chosen, str)
    assert [(c.text, c.cut_by, c.xtc) for c in told.candidates] == [
        ("0", "", True), ("1", "", True), ("2", "", False), ("3", "", False),
    ]  # fmt: skip
    assert (told.xtc, told.cut["xtc"]) == (2, 0)
    assert told.candidates[0].after == pytest.approx(0.25, abs=1e-6)
    always = chosen.with_value("xtc_probability", 1.0)
    told = describe(outcome(logprobs, always, ()), always, str)
    assert (told.xtc, told.cut["xtc"]) == (0, 2)


def test_nothing_is_drawn_to_explain():
    logprobs = logprobs_of(1, 50, ties=False)
    mx.random.seed(4)
    wanted = mx.random.uniform(shape=(3,)).tolist()
    mx.random.seed(4)
    outcome(logprobs, Settings(temp=1.0, xtc_probability=0.5), SPECIAL)
    assert mx.random.uniform(shape=(3,)).tolist() == wanted
