"""The engine on the real model: sampling live, caches, stops, records."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from mlxchat.engine import worker
from mlxchat.engine.event_buffer import EventBuffer
from mlxchat.engine.interface import ALTERNATIVES, Event, Message, PrefillProgress, TokenSampled
from mlxchat.engine.reply import Reply
from mlxchat.settings.parameters import Settings
from tests.driving import Driver

GREEDY = Settings(max_tokens=12)
QUESTION = [
    Message("system", "You are helpful."),
    Message("user", "What is the capital of France?"),
]


@pytest.fixture
def cold(demo_model: Path) -> Iterator[Driver]:
    driver = Driver()
    driver.load(demo_model)
    yield driver
    driver.close()


@pytest.mark.real_model
def test_answers(real):
    written = real.reply(QUESTION, GREEDY)
    assert written.text == "The capital of France is Paris."
    assert written.reason == "stop"
    assert written.statistics.prompt_tokens == 25
    assert written.statistics.reply_tokens == len(written.records) == 8


@pytest.mark.real_model
def test_every_token_is_recorded_with_its_alternatives(real):
    written = real.reply(QUESTION, Settings(temp=1.5, max_tokens=12), seed=3)
    for record in written.records:
        logprobs = [logprob for _, logprob in record.alternatives]
        assert len(logprobs) == ALTERNATIVES
        assert logprobs == sorted(logprobs, reverse=True)
        assert record.logprob <= logprobs[0]
        likelier = sum(1 for logprob in logprobs if logprob > record.logprob)
        assert record.rank == likelier or record.rank >= ALTERNATIVES
        if record.rank == 0:
            assert record.alternatives[0][0] == record.token_id
        assert record.settings.temp == 1.5


@pytest.mark.real_model
def test_the_same_seed_gives_the_same_reply_and_another_gives_another(real):
    hot = Settings(temp=1.2, max_tokens=12)
    first = real.reply("Tell me a story.", hot, seed=21)
    again = real.reply("Tell me a story.", hot, seed=21)
    other = real.reply("Tell me a story.", hot, seed=22)
    assert first.token_ids == again.token_ids != other.token_ids


@pytest.mark.real_model
def test_a_reply_is_that_of_mlx_lm(real, demo_model):
    """The same seed and settings give what the script with make_sampler gives."""
    import subprocess
    import sys

    script = f"""
from mlxchat.engine import backend; backend.prepare()
import mlx.core as mx
from mlx_lm import load, stream_generate
from mlx_lm.sample_utils import make_sampler
mx.disable_compile()
model, tokenizer = load({str(demo_model)!r})
prompt = tokenizer.apply_chat_template(
    [{{"role": "user", "content": "Tell me a story."}}], add_generation_prompt=True)
mx.random.seed(21)
sampler = make_sampler(0.9, 0.9, 0.02, top_k=50)
ids = [r.token for r in stream_generate(model, tokenizer, prompt, max_tokens=16, sampler=sampler)]
print(ids)
"""
    theirs = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    ).stdout
    settings = Settings(temp=0.9, top_p=0.9, min_p=0.02, top_k=50, max_tokens=16)
    ours = real.reply("Tell me a story.", settings, seed=21)
    assert str(ours.token_ids) == theirs.strip().splitlines()[-1]


@pytest.mark.real_model
def test_a_change_counts_from_the_second_token(demo_model, monkeypatch):
    """The change is made on the engine's thread in the moment in which the sixth token is sent.

    By then mlx_lm has drawn the seventh; the eighth is drawn under the new settings.
    """
    before, after = Settings(temp=0.0, max_tokens=24), Settings(temp=1.9, top_k=40, max_tokens=24)
    send, sent = EventBuffer.append, []

    def send_and_change(buffer: EventBuffer, event: Event) -> None:
        send(buffer, event)
        sent.append(isinstance(event, TokenSampled))
        if sum(sent) == 6 and sent[-1]:
            driver.engine.change(after)

    monkeypatch.setattr(EventBuffer, "append", send_and_change)
    driver = Driver()
    try:
        driver.load(demo_model)
        written = driver.reply("Tell me a story about the sea.", before, seed=1)
    finally:
        driver.close()
    assert [record.settings for record in written.records] == [before] * 7 + [after] * 17
    assert all(record.rank == 0 for record in written.records[:7])
    assert any(record.rank > 0 for record in written.records[7:])


@pytest.mark.real_model
@pytest.mark.needs_blas
class TestNothingIsComputedTwice:
    def talk(self, driver: Driver, messages: list[Message], turns: int) -> list[int]:
        """Talk for some turns; the newly read tokens of each."""
        read = []
        for turn in range(turns):
            messages.append(Message("user", f"Say the number {turn}."))
            written = driver.reply(messages, GREEDY)
            read.append(written.statistics.read_tokens)
            messages.append(written.message)
        return read

    def test_a_turn_reads_only_its_new_tokens(self, real, cold):
        messages = [Message("system", "Answer in one short sentence, please.")]
        read = self.talk(real, messages, 4)
        assert max(read[1:]) < 25, read
        messages.append(Message("user", "And now?"))
        warm = real.reply(messages, GREEDY)
        assert warm.statistics.reused_tokens > 80
        assert warm.token_ids == cold.reply(messages, GREEDY).token_ids

    def test_after_a_hot_turn_too(self, real, cold):
        """Sampled tokens need not be those that the tokenizer would choose for their text."""
        messages = [Message("user", "Tell me a story.")]
        hot = real.reply(messages, Settings(temp=2.0, max_tokens=40), seed=5)
        messages += [hot.message, Message("user", "Go on.")]
        warm = real.reply(messages, GREEDY)
        assert warm.statistics.read_tokens < 20
        assert warm.token_ids == cold.reply(messages, GREEDY).token_ids

    @pytest.mark.parametrize("text", ["a", "d", "im", "end", "start", "assistant"])
    def test_a_reply_that_also_stands_in_the_template(self, real, text):
        """The prompt has the tokens of the whole text, whatever the reply is spelled like."""
        ids = real.engine._worker._model().tokenizer.encode(text, add_special_tokens=False)
        asked = [Message("user", "Which?"), Message("assistant", text), Message("user", "Why?")]
        known = [asked[0], Message("assistant", text, tuple(ids)), asked[2]]
        canonical = real.count(asked).prompt_tokens
        assert real.count(known).prompt_tokens == canonical

    def test_an_edited_system_prompt(self, real, cold):
        messages = [Message("system", "You are a poet."), Message("user", "Name a colour.")]
        messages.append(real.reply(messages, GREEDY).message)
        messages.append(Message("user", "Another one."))
        messages[0] = Message("system", "You are a painter.")
        counted = real.count(messages)
        warm = real.reply(messages, GREEDY)
        assert warm.statistics.read_tokens == counted.prompt_tokens - counted.cached_tokens
        assert 0 < warm.statistics.reused_tokens < warm.statistics.prompt_tokens
        assert warm.token_ids == cold.reply(messages, GREEDY).token_ids

    def test_after_a_cancelled_reply(self, real, cold):
        messages = [Message("user", "Count from one to fifty.")]

        def stop_soon(event: Event) -> None:
            if isinstance(event, TokenSampled):
                real.engine.cancel()

        partly = real.reply(messages, Settings(max_tokens=50), watch=stop_soon)
        assert partly.reason == "cancelled"
        assert 1 <= len(partly.records) < 10
        messages += [partly.message, Message("user", "Go on.")]
        warm = real.reply(messages, GREEDY)
        assert warm.statistics.read_tokens < 20
        assert warm.token_ids == cold.reply(messages, GREEDY).token_ids

    def test_a_retry_reads_one_token(self, real):
        real.reply(QUESTION, GREEDY)
        again = real.reply(QUESTION, GREEDY)
        assert again.statistics.read_tokens == 1
        assert again.text == "The capital of France is Paris."


@pytest.mark.real_model
@pytest.mark.needs_blas
def test_cancel_in_the_prefill_stops_before_the_next_chunk(real):
    long = [Message("user", "All work and no play makes Jack a dull boy. " * 80)]

    def stop_at_once(event: Event) -> None:
        if isinstance(event, PrefillProgress) and event.done:
            real.engine.cancel()

    stopped = real.reply(long, GREEDY, watch=stop_at_once)
    assert stopped.reason == "cancelled"
    assert stopped.records == []
    assert 0 < stopped.progress[-1].done <= 2 * 128 < stopped.progress[-1].total
    goes_on = real.reply(long, Settings(max_tokens=1))
    assert goes_on.statistics.reused_tokens >= stopped.progress[-1].done


@pytest.mark.real_model
def test_chinese_in_and_out(real):
    written = real.reply("小说中的关系", Settings(temp=0.8, max_tokens=40), seed=1)
    assert written.reason in ("stop", "length")
    begun = real.reply("小说中的关系", Settings(temp=0.0, max_tokens=24), prefill="小说中的关系是")
    assert "\ufffd" not in begun.text[:-1]


@pytest.mark.real_model
def test_a_prefilled_reply_goes_on(real):
    written = real.reply("What is the capital of France?", GREEDY, prefill="Sure! It is")
    assert written.text.lstrip().startswith("Paris") or "Paris" in written.text
    assert written.text.startswith(" ")


def test_a_reply_that_is_over_holds_its_caches_no_longer(driver, monkeypatch):
    """Not until Python looks for circles: caches that the store gave up would stay so long."""
    made: list[weakref.ref[Reply]] = []

    class Watched(Reply):
        def __init__(self, *given: Any) -> None:
            super().__init__(*given)
            made.append(weakref.ref(self))

    monkeypatch.setattr(worker, "Reply", Watched)
    gc.disable()
    try:
        for _ in range(2):
            driver.reply("Hi", Settings(max_tokens=4))
    finally:
        gc.enable()
    assert made[0]() is None
