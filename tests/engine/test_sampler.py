"""The live sampler against mlx_lm's own, token for token."""

from __future__ import annotations

import math

import mlx.core as mx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mlx_lm.sample_utils import make_logits_processors, make_sampler

from mlxchat.engine.penalties import LivePenalties
from mlxchat.engine.sampler import LiveSampler
from mlxchat.settings.parameters import NUMBERS, Settings

VOCABULARY = 211
SPECIAL = [3, 7]

# make_sampler compiles for every new value (over a second each on a CPU), so the values of the
# sweep come from short lists; the lists hold the ends, the usual ones and odd ones.
TEMPS = [0.0, 0.01, 0.7, 1.0, 2.0]
TOP_PS = [0.0, 0.05, 0.9, 0.99, 1.0]
MIN_PS = [0.0, 0.05, 1.0]
TOP_KS = [0, 1, 40, VOCABULARY - 1]
KEEPS = [1, 5]
XTC = [(0.0, 0.1), (0.5, 0.1), (1.0, 0.0)]


def logprobs_of(seed: int, dtype: mx.Dtype, ties: bool) -> mx.array:
    values = np.random.default_rng(seed).normal(0, 3, (1, VOCABULARY))
    if ties:
        values = np.round(values)
    logits = mx.array(values).astype(dtype)
    return logits - mx.logsumexp(logits, keepdims=True)


@pytest.fixture(scope="module", autouse=True)
def no_compilation():
    """Compiled functions and plain ones compute the same; plain ones make the sweep quick."""
    mx.disable_compile()
    yield
    mx.enable_compile()


@settings(max_examples=400, deadline=None)
@given(
    temp=st.sampled_from(TEMPS),
    top_p=st.sampled_from(TOP_PS) | st.floats(1e-9, 1),
    min_p=st.sampled_from(MIN_PS) | st.floats(0.001, 1),
    top_k=st.sampled_from(TOP_KS),
    keep=st.sampled_from(KEEPS),
    xtc=st.sampled_from(XTC),
    seed=st.integers(0, 2**32),
    dtype=st.sampled_from([mx.float32, mx.bfloat16, mx.float16]),
    ties=st.booleans(),
)
def test_draws_what_make_sampler_draws(temp, top_p, min_p, top_k, keep, xtc, seed, dtype, ties):
    chosen = Settings(
        temp=temp,
        top_p=top_p,
        min_p=min_p,
        top_k=top_k,
        min_tokens_to_keep=keep,
        xtc_probability=xtc[0],
        xtc_threshold=xtc[1],
    )
    theirs = make_sampler(temp, top_p, min_p, keep, top_k, xtc[0], xtc[1], SPECIAL)
    ours = LiveSampler(chosen, SPECIAL)
    logprobs = logprobs_of(seed, dtype, ties)
    mx.random.seed(seed)
    expected = [theirs(logprobs).item() for _ in range(5)]
    mx.random.seed(seed)
    assert [ours(logprobs).item() for _ in range(5)] == expected


def test_draws_what_the_compiled_make_sampler_draws():
    mx.enable_compile()
    for number, chosen in enumerate(
        [Settings(temp=0.7, top_p=0.9), Settings(temp=1.3, min_p=0.05, top_k=40)]
    ):
        theirs = make_sampler(chosen.temp, chosen.top_p, chosen.min_p, 1, chosen.top_k)
        ours = LiveSampler(chosen, SPECIAL)
        for seed in range(100):
            logprobs = logprobs_of(seed, mx.float32, ties=False)
            mx.random.seed(seed + number)
            expected = theirs(logprobs).item()
            mx.random.seed(seed + number)
            assert ours(logprobs).item() == expected


@st.composite
def any_settings(draw: st.DrawFn) -> Settings:
    values = {}
    for name, p in NUMBERS.items():
        number = (
            st.integers(int(p.low), int(p.highest))
            if p.kind is int
            else st.floats(p.low, p.highest)
        )
        ends = [p.low, p.high, p.highest] + ([p.off] if p.off is not None else [])
        values[name] = p.check(draw(st.sampled_from(ends) | number))
    return Settings(**values)


@settings(max_examples=300, deadline=None)
@given(any_settings(), st.integers(0, 2**32))
def test_no_value_that_can_be_entered_poisons_the_thread(chosen, seed):
    logprobs = logprobs_of(seed, mx.float32, ties=False)
    mx.random.seed(seed)
    processed = LivePenalties(chosen, [1, 2, 3])(mx.array([5, 5, 9]), mx.array(logprobs))
    token = LiveSampler(chosen, SPECIAL)(processed).item()
    assert 0 <= token < VOCABULARY
    assert mx.random.uniform(shape=(4,)).sum().item() > 0


def test_a_vanishing_top_p_keeps_the_most_likely_token():
    logprobs = logprobs_of(4, mx.float32, ties=False)
    sampler = LiveSampler(Settings(temp=2.0, top_p=1e-300), SPECIAL)
    assert {sampler(logprobs).item() for _ in range(20)} == {mx.argmax(logprobs).item()}


@pytest.mark.parametrize("dtype", [mx.float32, mx.float16, mx.bfloat16])
@pytest.mark.parametrize("temp", [1e-3, 1e-5, 1e-39, 5e-324])
def test_a_vanishing_temperature_takes_the_most_likely_token(temp, dtype):
    logprobs = logprobs_of(4, dtype, ties=False)
    sampler = LiveSampler(Settings(temp=temp), SPECIAL)
    assert {sampler(logprobs).item() for _ in range(20)} == {mx.argmax(logprobs).item()}


def test_a_change_counts_from_the_next_draw():
    logprobs = logprobs_of(1, mx.float32, ties=False)
    sampler = LiveSampler(Settings(temp=2.0), SPECIAL)
    mx.random.seed(0)
    assert len({sampler(logprobs).item() for _ in range(50)}) > 5
    sampler.change(Settings(temp=2.0, top_k=1))
    assert {sampler(logprobs).item() for _ in range(20)} == {mx.argmax(logprobs).item()}


@settings(max_examples=150, deadline=None)
@given(
    before=st.lists(st.integers(0, VOCABULARY - 1), max_size=40),
    tokens=st.lists(st.integers(0, VOCABULARY - 1), min_size=1, max_size=40),
    repetition=st.sampled_from([1.0, 0.5, 1.3]),
    presence=st.sampled_from([0.0, 0.5, -1.0]),
    frequency=st.sampled_from([0.0, 0.25, 2.0]),
    context=st.sampled_from([1, 20, 1000]),
    seed=st.integers(0, 1000),
    bias=st.dictionaries(
        st.integers(0, VOCABULARY - 1),
        st.sampled_from([-math.inf, -100.0, 2.5]) | st.floats(-100, 100),
        max_size=8,
    ),
)
def test_penalties_are_those_of_a_cold_start(
    before, tokens, repetition, presence, frequency, context, seed, bias
):
    """mlx_lm sees the whole prompt at a cold start, and only its rest where a cache is reused."""
    chosen = Settings(
        repetition_penalty=repetition,
        presence_penalty=presence,
        frequency_penalty=frequency,
        repetition_context_size=context,
        presence_context_size=context,
        frequency_context_size=context,
        logit_bias=tuple(bias.items()),
    )
    theirs = make_logits_processors(
        bias, repetition, context, presence, context, frequency, context
    )
    logits = logprobs_of(seed, mx.float32, ties=False)
    expected = mx.array(logits)
    for processor in theirs:
        expected = processor(mx.array(before + tokens), expected)
    ours = LivePenalties(chosen, before)(mx.array(tokens), mx.array(logits))
    assert mx.allclose(ours, expected, rtol=1e-6, atol=1e-6).item()


def test_a_bias_beyond_the_vocabulary_touches_nothing():
    logits = logprobs_of(1, mx.float32, ties=False)
    ids = (VOCABULARY - 1, VOCABULARY, VOCABULARY + 1000, 2**31 - 1)
    penalties = LivePenalties(Settings(logit_bias=tuple((i, 5.0) for i in ids)), [])
    found = np.array(penalties(mx.array([1]), logits)) - np.array(logits)
    assert np.flatnonzero(found).tolist() == [VOCABULARY - 1]
    outside = LivePenalties(Settings(logit_bias=((VOCABULARY, 5.0),)), [])
    assert np.array_equal(np.array(outside(mx.array([1]), logits)), np.array(logits))


def test_without_bias_and_penalties_the_logits_are_handed_on_as_they_are():
    logits = logprobs_of(1, mx.float32, ties=False)
    assert LivePenalties(Settings(), [1, 2])(mx.array([1]), logits) is logits


def test_a_bias_counts_from_the_next_draw_and_is_made_once():
    asked = []

    def bias_of(bias):
        asked.append(bias)
        return {4: -math.inf}

    logits = logprobs_of(1, mx.float32, ties=False)
    penalties = LivePenalties(Settings(), [], bias_of)
    assert mx.isfinite(penalties(mx.array([1]), logits)).all().item()
    penalties.settings = Settings(logit_bias=(("word", -math.inf),))
    for _ in range(3):
        assert penalties(mx.array([1]), logits)[0, 4].item() == -math.inf
    assert asked == [(("word", -math.inf),)]
    penalties.settings = Settings()
    assert penalties(mx.array([1]), logits) is logits
