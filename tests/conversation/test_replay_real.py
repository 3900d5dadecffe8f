"""A replay on the real model is the same reply, token for token."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from mlxchat.conversation.entries import Reply
from mlxchat.conversation.replay import verdict
from mlxchat.settings.parameters import Settings
from tests import models
from tests.sessions import RealSession

pytestmark = pytest.mark.real_model

HOT = {
    "temp": 1.1,
    "top_p": 0.95,
    "xtc_probability": 0.5,
    "repetition_penalty": 1.15,
    "presence_penalty": 0.3,
    "frequency_penalty": 0.2,
    "max_tokens": 30,
}


@pytest.fixture
def real(demo_model: Path) -> Iterator[RealSession]:
    session = RealSession()
    session.load(demo_model)
    yield session
    session.close()


@pytest.fixture
def wide_heads(tmp_path: Path, demo_model: Path) -> Path:
    """A tiny model whose heads are wide enough for a group of quantized values."""
    return models.build_model(tmp_path / "wide-heads", demo_model, models.WIDE_HEADS)


def compared(real: RealSession, original: Reply) -> str:
    replayed = real.replay()
    told = verdict(original, replayed, lambda n: str(real.session.engine.token_bytes(n)))
    assert (told.split(":")[0] == "identical") == (
        [r.token_id for r in original.tokens] == [r.token_id for r in replayed.tokens]
    )
    assert replayed.text == original.text or told.startswith("differs")
    return told


def same_bits(real: RealSession, original: Reply) -> bool:
    replayed = real.session.current
    assert replayed is not None
    return [r.logprob for r in replayed.tokens] == [r.logprob for r in original.tokens]


def test_changes_in_mid_reply_come_at_the_same_token(real):
    real.start("You tell stories.", **HOT)
    changed = Settings().with_values({"temp": 0.4, "top_k": 30, "max_tokens": 30})
    reply = real.ask("Tell me about a fox.", {8: changed, 16: Settings().with_values(HOT)})
    temps = [record.settings.temp for record in reply.tokens]
    assert temps == sorted(temps[:10], reverse=True) + temps[10:]
    assert set(temps) == {1.1, 0.4}
    real.session.change(Settings(temp=2.0))
    assert compared(real, reply) == "identical: 30 tokens"
    assert same_bits(real, reply)
    replayed = [record.settings for record in real.session.current.tokens]
    assert replayed == [record.settings for record in reply.tokens]


def test_a_stopped_reply_and_its_prefilled_start(real):
    real.start(temp=0.9, max_tokens=300)
    real.session.prefill = "Once upon"
    real.session.send("Tell me about a fox.")
    while len(real.session.current.tokens) < 6:
        real.session.engine.wait(1.0)
        real.session.pump()
    real.session.stop()
    real.wait()
    reply = real.session.reply
    assert reply.reason == "cancelled"
    assert compared(real, reply) == identical(reply)
    assert len(real.session.current.tokens) == len(reply.tokens)


def test_a_reply_that_ended_by_itself(real):
    # At mlx_lm's own top_p the model rambles on with about every second seed.
    real.start("You are helpful.", temp=0.2, seed=622264159, max_tokens=64)
    reply = real.ask("What is the capital of France?")
    assert reply.reason == "stop"
    assert compared(real, reply).startswith("identical")
    assert real.session.current.reason == "stop"


@pytest.mark.slow
def test_with_warm_caches_and_with_none(real, demo_model):
    """A replay goes on from the cache that the reply was written from. Where that is gone, it reads
    the conversation in the steps in which it came about: the same bits."""
    settings = Settings(temp=0.8, max_tokens=60)
    real.start("You tell stories.")
    real.session.change(settings)
    first = real.ask("Tell me a long story about a fox" + ", a crow" * 80 + ".")
    assert first.statistics.prompt_tokens > 128
    assert compared(real, first) == identical(first)
    assert real.session.current.statistics.read_tokens == 1
    assert same_bits(real, first)
    second = real.ask("Go on.")
    real.session.retry()
    real.wait()
    second = real.session.reply
    assert second.statistics.read_tokens == 1
    assert compared(real, second) == identical(second)
    assert same_bits(real, second)
    real.load(demo_model)
    assert compared(real, second) == identical(second)
    assert real.session.current.statistics.reused_tokens == 0
    assert same_bits(real, second)


def identical(reply: Reply) -> str:
    return f"identical: {len(reply.tokens)} tokens"


def test_the_settings_and_the_conversation_are_not_touched(real):
    real.start(temp=0.8, max_tokens=8)
    reply = real.ask("Hello")
    hotter = Settings(temp=1.3, max_tokens=4, seed=21)
    real.session.change(hotter)
    compared(real, reply)
    assert real.session.settings == hotter
    following = real.ask("And?")
    assert len(following.tokens) == 4
    assert following.tokens[0].settings == hotter
    assert len(real.conversation.entries) == 4


@pytest.mark.parametrize(
    ("model", "options"),
    [
        ("tiny_sliding", {}),
        ("tiny_untrimmable", {}),
        ("tiny_model", {"max_kv_size": 24}),
        ("wide_heads", {"kv_bits": 2, "kv_group_size": 32, "quantized_kv_start": 40}),
        ("wide_heads", {"kv_bits": 8, "kv_group_size": 32, "quantized_kv_start": 0}),
        ("tiny_model", {"draft_model": "tiny_model"}),
    ],
)
def test_with_caches_of_every_kind(other, request, model, options):
    if "draft_model" in options:
        options = {"draft_model": str(request.getfixturevalue("tiny_model"))}
    other.load(request.getfixturevalue(model), **options)
    other.start("Tell stories.", temp=1.0, seed=3, max_tokens=40)
    first = other.ask("One")
    assert compared(other, first).startswith("identical")
    other.session.change(Settings(temp=1.2, max_tokens=30, seed=4))
    second = other.ask("Two")
    assert second.statistics.reused_tokens or model in ("tiny_untrimmable", "wide_heads")
    assert compared(other, second).startswith("identical")
    assert compared(other, second).startswith("identical")
    other.load(request.getfixturevalue(model), **options)
    assert compared(other, second).startswith("identical")
    assert other.session.current.statistics.reused_tokens == 0


def test_replies_of_one_conversation_that_were_written_with_other_switches(other, wide_heads):
    """Each of them read the whole conversation but for what its own caches held."""
    options = {"kv_group_size": 32, "quantized_kv_start": 0, "prefill_step_size": 16}
    other.load(wide_heads, **options)
    other.start(temp=0.8, max_tokens=12, seed=1)
    for bits in (None, 8, None, 8, None):
        other.session.set_speed("kv_bits", bits)
        other.wait()
        reply = other.ask("Go on, and tell me more of what you said before.")
        assert reply.spec.kv_bits == bits
        assert compared(other, reply) == f"identical: {len(reply.tokens)} tokens"
    other.load(wide_heads, **options)
    assert compared(other, reply).startswith("identical")
    assert other.session.current.statistics.reused_tokens == 0


def test_a_reply_with_a_draft_model_between_others(other, tiny_model):
    other.load(tiny_model)
    other.start(temp=0.0, max_tokens=12, seed=1)
    for draft in (None, str(tiny_model), None):
        other.session.set_speed("draft_model", draft)
        other.wait()
        reply = other.ask("Go on, and tell me more of what you said before.")
        assert bool(reply.statistics.accepted_draft_tokens) == bool(draft)
        assert compared(other, reply) == f"identical: {len(reply.tokens)} tokens"
