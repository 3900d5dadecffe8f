"""Several replies to one prompt: as a batch what each is alone, and repeatable."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from mlxchat.engine.interface import Message
from mlxchat.engine.samples import Draw, SampleToken, Scored, ScoreFailed
from mlxchat.settings.parameters import Settings
from tests import models
from tests.adapters import build_adapter
from tests.driving import Driver, Sampled

HOT = Settings(temp=1.0, top_p=0.95, max_tokens=12)
STORY = "Tell me a story."


@pytest.fixture(scope="module")
def tiny_driver(tiny_model: Path) -> Iterator[Driver]:
    driver = Driver()
    driver.load(tiny_model)
    yield driver
    driver.close()


def draws(settings: Settings, count: int, seed: int = 21) -> list[Draw]:
    return [Draw(settings, seed + number) for number in range(count)]


def test_the_same_seeds_give_the_same_texts_and_others_give_others(tiny_driver):
    first = tiny_driver.sample(STORY, draws(HOT, 5))
    again = tiny_driver.sample(STORY, draws(HOT, 5))
    other = tiny_driver.sample(STORY, draws(HOT, 5, seed=100))
    assert first.texts == again.texts != other.texts
    assert len(set(first.texts)) == 5
    assert first.one_by_one == ""
    assert {end.statistics.written_at_once for end in first.ends.values()} == {5}
    assert again.reused == first.ends[0].statistics.prompt_tokens - 1


EVERY_FILTER = Settings(
    temp=1.3, top_p=0.9, min_p=0.01, top_k=60, min_tokens_to_keep=3, xtc_probability=0.5,
    repetition_penalty=1.2, presence_penalty=0.3, frequency_penalty=0.2, max_tokens=16,
)  # fmt: skip


@pytest.mark.parametrize("settings", [Settings(max_tokens=12), HOT, EVERY_FILTER])
def test_a_sample_is_the_reply_of_its_seed(tiny_driver, settings):
    sampled = tiny_driver.sample(STORY, draws(settings, 4))
    for row, draw in zip(sampled.records, draws(settings, 4), strict=True):
        alone = tiny_driver.reply(STORY, settings, seed=draw.seed)
        assert [record.token_id for record in row] == alone.token_ids
        assert "".join(record.text for record in row) == alone.text
        assert [record.rank for record in row] == [record.rank for record in alone.records]
        for ours, theirs in zip(row, alone.records, strict=True):
            assert ours.logprob == pytest.approx(theirs.logprob, abs=1e-4)


def test_rows_under_different_settings_do_not_touch_each_other(tiny_driver):
    mixed = [Draw(Settings(temp=temp, max_tokens=8 + place), 3)
             for place, temp in enumerate((0.0, 0.7, 1.4))]  # fmt: skip
    sampled = tiny_driver.sample(STORY, mixed)
    for row, draw in zip(sampled.token_ids, mixed, strict=True):
        assert row == tiny_driver.reply(STORY, draw.settings, seed=draw.seed).token_ids
    assert [len(row) for row in sampled.token_ids] == [8, 9, 10]
    assert sampled.reasons == ["length"] * 3


def test_more_samples_than_a_batch_holds(tiny_driver):
    short = Settings(temp=1.0, max_tokens=3)
    sampled = tiny_driver.sample(STORY, draws(short, 40))
    assert [len(row) for row in sampled.token_ids] == [3] * 40
    last = tiny_driver.reply(STORY, short, seed=21 + 39)
    assert sampled.token_ids[39] == last.token_ids


def test_stop_strings_end_a_row_and_the_others_go_on(tiny_driver):
    texts = tiny_driver.sample(STORY, draws(HOT, 4)).texts
    stop = texts[1][3:9]
    stopping = Settings(temp=1.0, top_p=0.95, max_tokens=12, stop_strings=(stop,))
    sampled = tiny_driver.sample(STORY, draws(stopping, 4))
    assert sampled.texts[1] == texts[1][: texts[1].index(stop)]
    assert sampled.reasons[1] == "stop"
    assert sampled.ends[1].unspoken > 0
    expected = [text if stop not in text else text[: text.index(stop)] for text in texts]
    assert sampled.texts == expected


def test_an_end_token_ends_a_row(tiny_driver):
    free = tiny_driver.sample(STORY, draws(HOT, 2)).token_ids
    ending = Settings(temp=1.0, top_p=0.95, max_tokens=12, extra_eos_token=(str(free[0][4]),))
    sampled = tiny_driver.sample(STORY, draws(ending, 2))
    assert sampled.token_ids[0] == free[0][: free[0].index(free[0][4]) + 1]
    assert sampled.reasons[0] == "stop"
    assert (sampled.ends[0].unspoken, sampled.records[0][-1].text) == (1, "")


def test_a_stop_works_at_once_and_leaves_the_engine_usable(tiny_driver):
    def stop(event: object) -> None:
        if isinstance(event, SampleToken):
            tiny_driver.engine.cancel()

    endless = Settings(temp=1.0, max_tokens=-1)
    sampled = tiny_driver.sample(STORY, draws(endless, 4), watch=stop)
    assert sampled.reasons == ["cancelled"] * 4
    assert all(0 < len(row) < 1000 for row in sampled.token_ids)
    assert tiny_driver.reply(STORY, HOT).reason == "length"


def test_the_models_limit_ends_rows(tiny_short):
    driver = Driver()
    driver.load(tiny_short)
    sampled = driver.sample(STORY, draws(Settings(temp=1.0, max_tokens=-1), 2))
    ends = sampled.ends.values()
    assert all(end.statistics.context_tokens <= 512 for end in ends)
    assert {end.reason for end in ends} <= {"context", "stop"}
    failed = driver.sample("word " * 600, draws(HOT, 2))
    assert failed.failure.startswith("The last message alone has")
    driver.close()


def one_by_one(model: Path, **options: object) -> tuple[Sampled, list[list[int]]]:
    """Samples of a model, and its replies with the same seeds."""
    driver = Driver()
    driver.load(model, **options)
    sampled = driver.sample(STORY, draws(HOT, 3))
    alone = [driver.reply(STORY, HOT, seed=draw.seed).token_ids for draw in draws(HOT, 3)]
    driver.close()
    return sampled, alone


def test_a_quantized_cache_takes_samples_one_after_the_other(tiny_folder, demo_model):
    wide = {**models.LLAMA, "hidden_size": 128}
    model = models.build_model(tiny_folder / "wide", demo_model, wide)
    sampled, alone = one_by_one(model, kv_bits=8, kv_group_size=32, quantized_kv_start=0)
    assert "one after the other" in sampled.one_by_one
    assert sampled.token_ids == alone
    assert sampled.reasons == ["length"] * 3


@pytest.mark.parametrize("kind", ["tiny_untrimmable", "tiny_sliding"])
def test_caches_of_other_kinds_have_batches_too(kind, request):
    sampled, alone = one_by_one(request.getfixturevalue(kind))
    assert sampled.one_by_one == ""
    assert sampled.token_ids == alone


def test_a_batch_that_mlx_lm_refuses_becomes_single_replies(tiny_driver, monkeypatch):
    from mlxchat.engine import sample_batch

    def refuse(*_: object, **__: object) -> None:
        raise ValueError("no batches today")

    alone = tiny_driver.sample(STORY, draws(HOT, 3)).token_ids
    monkeypatch.setattr(sample_batch, "BatchGenerator", refuse)
    sampled = tiny_driver.sample(STORY, draws(HOT, 3))
    assert "(no batches today)" in sampled.one_by_one
    assert sampled.token_ids == alone


# Scores


def test_a_score_is_that_of_a_plain_computation(tiny_driver, tiny_model):
    import mlx.core as mx
    from mlx_lm import load

    messages = [Message("system", "Be brief."), Message("user", "word " * 150)]
    answer = "It is " + "long " * 60 + "and over."
    scored = tiny_driver.score(messages, answer)
    model, tokenizer = load(str(tiny_model))
    rows = [{"role": m.role, "content": m.content} for m in messages]
    prompt = tokenizer.apply_chat_template(rows, add_generation_prompt=True)
    whole = [*prompt, *tokenizer.encode(answer, add_special_tokens=False), tokenizer.eos_token_id]
    logits = model(mx.array(whole)[None])[0].astype(mx.float32)
    logprobs = logits - mx.logsumexp(logits, axis=-1, keepdims=True)
    picked = [logprobs[place - 1, whole[place]].item() for place in range(len(prompt), len(whole))]
    assert isinstance(scored, Scored)
    assert scored.tokens == len(picked)
    expected = mx.exp(-mx.mean(mx.array(picked))).item()
    assert scored.perplexity == pytest.approx(expected, rel=1e-3)


def test_a_score_is_the_same_with_a_prompt_cache(tiny_driver):
    messages = [Message("user", "A prompt that no test before has had in this file.")]
    cold = tiny_driver.score(messages, "An answer.")
    tiny_driver.reply(messages, Settings(max_tokens=4))
    warm = tiny_driver.score(messages, "An answer.")
    assert isinstance(cold, Scored)
    assert isinstance(warm, Scored)
    assert warm.perplexity == pytest.approx(cold.perplexity, rel=1e-4)


def test_what_cannot_be_scored_is_said(tiny_driver, tiny_short):
    failed = tiny_driver.score([Message("user", "Hello")], "")
    assert failed == ScoreFailed(
        failed.request_id, "The answer is empty: there is nothing to score."
    )
    driver = Driver()
    driver.load(tiny_short)
    failed = driver.score([Message("user", "Hello")], "word " * 600)
    assert isinstance(failed, ScoreFailed)
    assert "and the model takes 512" in failed.message
    driver.close()


@pytest.mark.real_model
def test_the_real_model_prefers_the_right_answer(real):
    question = [Message("user", "What is the capital of France?")]
    right = real.score(question, "The capital of France is Paris.")
    wrong = real.score(question, "The capital of France is Rome.")
    assert right.perplexity < 1.5 < wrong.perplexity


def test_each_strength_of_an_adapter_is_a_model_of_its_own(tiny_driver, tiny_model, tmp_path):
    pirate = build_adapter(tmp_path / "pirate", tiny_model)
    swept = [
        Draw(HOT.with_value("adapter_strength", strength), seed)
        for strength in (0.0, 1.0, 0.5)
        for seed in (1, 2)
    ]
    sampled = tiny_driver.sample(STORY, swept, adapter=pirate)
    assert sampled.one_by_one == ""
    assert len(set(sampled.texts)) > 3
    for row, draw in zip(sampled.records, swept, strict=True):
        alone = tiny_driver.reply(STORY, draw.settings, seed=draw.seed, adapter=pirate)
        assert [record.token_id for record in row] == alone.token_ids
    alone = tiny_driver.sample(STORY, swept[:2])
    assert alone.texts == sampled.texts[:2]


def test_each_adapter_is_a_model_of_its_own(tiny_driver, tiny_model, tmp_path):
    paths = [str(build_adapter(tmp_path / str(n), tiny_model, seed=n)) for n in (1, 2)]
    mixed = [Draw(HOT, 1, path) for path in (paths[0], None, paths[1], paths[0])]
    sampled = tiny_driver.sample(STORY, mixed)
    for row, draw in zip(sampled.token_ids, mixed, strict=True):
        alone = tiny_driver.reply(STORY, HOT, seed=draw.seed, adapter=draw.adapter)
        assert row == alone.token_ids
    assert len(set(sampled.texts)) == 3


def test_an_adapter_that_is_not_there_is_told_before_anything_is_written(tiny_driver):
    sampled = tiny_driver.sample(STORY, [Draw(HOT, 1), Draw(HOT, 1, "/nowhere/pirate")])
    assert sampled.failure.startswith("There is no adapter at /nowhere/pirate")
    assert sampled.records == [[], []]
