"""What is recorded of a token."""

from __future__ import annotations

import tracemalloc

import mlx.core as mx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlxchat.engine.alternatives import Alternatives
from mlxchat.engine.explain import entropy, outcome
from mlxchat.engine.interface import ALTERNATIVES
from mlxchat.engine.penalties import LivePenalties
from mlxchat.engine.recorder import ROW, RecordingSampler, candidates, observe
from mlxchat.engine.sampler import LiveSampler
from mlxchat.settings.parameters import Settings


@settings(max_examples=200, deadline=None)
@given(
    size=st.sampled_from([5, ROW, 10 * ROW, 10 * ROW + 1, 49152, 50257]),
    count=st.sampled_from([1, 5, ALTERNATIVES]),
    seed=st.integers(0, 2**32),
    ties=st.booleans(),
)
def test_the_most_likely_tokens_are_found(size, count, seed, ties):
    values = np.random.default_rng(seed).normal(0, 3, size).astype(np.float32)
    if ties:
        values = np.round(values)
    if seed % 3 == 0:
        values[: size // 2] = -np.inf
    found, logprobs = candidates(mx.array(values), count).best(count)
    ids = found.tolist()
    assert len(ids) == len(set(ids)) == min(count, size)
    best = np.sort(values)[::-1][: len(ids)]
    assert values[ids].tolist() == logprobs.tolist() == best.tolist()


def test_an_observation():
    logprobs = mx.log(mx.array([0.1, 0.4, 0.2, 0.3]))
    record = observe(logprobs, mx.array(2), Settings(temp=0.5)).record("word")
    assert (record.token_id, record.rank, record.text) == (2, 2, "word")
    assert record.logprob == pytest.approx(np.log(0.2), abs=1e-6)
    assert [token_id for token_id, _ in record.alternatives] == [1, 3, 2, 0]
    assert record.settings.temp == 0.5
    assert record.entropy == pytest.approx(1.846439, abs=1e-5)
    assert record.prob == pytest.approx(0.2)
    assert record.drawn_logprob is None


@settings(max_examples=100, deadline=None)
@given(
    seed=st.integers(0, 2**32),
    temp=st.sampled_from([0.0, 0.01, 0.7, 1.0, 2.0, 50.0]),
    top_p=st.sampled_from([0.3, 0.95, 1.0]),
    top_k=st.sampled_from([0, 1, 30]),
)
def test_the_probability_of_a_draw(seed, temp, top_p, top_k):
    """What is recorded is what the filters and the temperature made of it, and the entropy that of
    the model."""
    chosen = Settings(temp=temp, top_p=top_p, top_k=top_k)
    values = np.random.default_rng(seed).normal(0, 4, 500).astype(np.float32)
    values[:50] = -np.inf
    logprobs = mx.array(values) - mx.logsumexp(mx.array(values))
    mx.random.seed(seed)
    recording = RecordingSampler(LiveSampler(chosen, ()))
    recording(logprobs[None])
    record = recording.next().record("")
    expected = outcome(logprobs, chosen, ())
    assert record.drawn_prob == pytest.approx(expected.probs[record.token_id], rel=1e-4)
    assert record.entropy == pytest.approx(entropy(np.exp(expected.logprobs)), abs=1e-3)
    assert record.drawn_prob > 0


@pytest.mark.parametrize("dtype", [mx.float32, mx.bfloat16], ids=str)
def test_the_models_own_probability_is_kept_where_bias_or_penalties_change_it(dtype):
    """Each of them, in a reply's own order of calls; nothing is kept where none is on."""
    logits = mx.random.normal((1, 100), key=mx.random.key(3)).astype(dtype) * 3
    own = np.array(logits[0].astype(mx.float32))
    own = own - np.log(np.exp(own).sum())
    for more in (
        {"logit_bias": ((7, 60.0),)},
        {"repetition_penalty": 1.8},
        {"presence_penalty": 1.5},
        {"frequency_penalty": -1.5},
    ):
        chosen = Settings(temp=1.0, **more)
        penalties = LivePenalties(chosen, [3, 9])
        recording = RecordingSampler(LiveSampler(chosen, ()), penalties)
        processed = penalties(mx.array([4]), logits + 0)
        recording(processed - mx.logsumexp(processed, keepdims=True))
        record = recording.next().record("")
        assert record.model_logprob == pytest.approx(own[record.token_id], abs=1e-4)
        assert record.prob == pytest.approx(np.exp(own[record.token_id]), abs=1e-4)
        penalties.settings = Settings(temp=1.0)
        recording(penalties(mx.array([4]), logits + 0))
        assert recording.next().record("").model_logprob is None
    assert record.own_known


def test_alternatives_are_a_sequence():
    pairs = [(7, -0.5), (3, -1.5), (9, -4.0)]
    kept = Alternatives(pairs)
    assert list(kept) == pairs
    assert kept[1] == (3, -1.5)
    assert kept[:2] == pairs[:2]
    assert kept == Alternatives(pairs) != Alternatives(pairs[:2])
    assert hash(kept) == hash(Alternatives(pairs))


def test_a_record_is_small():
    """A hundred thousand tokens of a long chat should cost tens of megabytes, not hundreds."""
    logprobs = mx.random.normal((49152,))
    mx.eval(logprobs)
    same = Settings()
    tracemalloc.start()
    before, _ = tracemalloc.get_traced_memory()
    kept = [observe(logprobs, mx.array(i), same).record(f" word {i}") for i in range(300)]
    after, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(kept) == 300
    assert (after - before) / 300 < 800
