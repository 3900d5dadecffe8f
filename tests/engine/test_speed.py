"""Quantized caches and draft models that are switched while a model stays loaded."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from mlxchat.engine.interface import Message, Switched, SwitchFailed
from mlxchat.settings.parameters import Settings
from mlxchat.settings.speed import Speed
from tests import models
from tests.driving import Driver, Written

SETTINGS = Settings(max_tokens=12)
HELLO = [Message("user", "Hello, who are you?")]


@pytest.fixture(scope="module")
def wide_heads(tmp_path_factory: pytest.TempPathFactory, demo_model: Path) -> Path:
    """A tiny model whose heads can be quantized."""
    folder = tmp_path_factory.mktemp("wide") / "wide"
    return models.build_model(folder, demo_model, models.WIDE_HEADS)


@pytest.fixture(scope="module")
def driver() -> Iterator[Driver]:
    driver = Driver()
    yield driver
    driver.close()


@pytest.fixture(scope="module")
def cold() -> Iterator[Driver]:
    driver = Driver()
    yield driver
    driver.close()


def load_wide(driver: Driver, folder: Path, **options: object) -> None:
    driver.load(folder, kv_group_size=32, quantized_kv_start=0, **options)


def switched(driver: Driver, speed: Speed) -> Switched:
    event = driver.switch(speed)
    assert isinstance(event, Switched), event
    return event


def without_a_word(folder: Path) -> Path:
    """A model whose vocabulary lacks its last word."""
    file = folder / "tokenizer.json"
    tokenizer = json.loads(file.read_text())
    words = tokenizer["model"]["vocab"]
    last = max(words, key=words.__getitem__)
    del words[last]
    merges = tokenizer["model"]["merges"]
    tokenizer["model"]["merges"] = [m for m in merges if joined(m) != last]
    file.write_text(json.dumps(tokenizer))
    return folder


def joined(merge: str | list[str]) -> str:
    return "".join(merge.split(" ") if isinstance(merge, str) else merge)


def logprobs(written: Written) -> list[float]:
    return [record.logprob for record in written.records]


class TestQuantizedCaches:
    def test_both_directions_are_what_a_cold_engine_writes(self, driver, cold, wide_heads):
        load_wide(driver, wide_heads)
        plain = driver.reply(HELLO, SETTINGS)
        switched(driver, Speed(kv_bits=4))
        quantized = driver.reply(HELLO, SETTINGS)
        switched(driver, Speed())
        again = driver.reply(HELLO, SETTINGS)
        load_wide(cold, wide_heads, kv_bits=4)
        assert logprobs(quantized) == logprobs(cold.reply(HELLO, SETTINGS))
        assert logprobs(quantized) != logprobs(plain)
        assert logprobs(again) == logprobs(plain)

    def test_each_finds_its_own_caches_and_never_the_others(self, driver, wide_heads):
        load_wide(driver, wide_heads)
        prompt = driver.reply(HELLO, SETTINGS).statistics.prompt_tokens
        for bits in (4, 8):
            switched(driver, Speed(kv_bits=bits))
            assert driver.count(HELLO).cached_tokens == 0
            assert driver.reply(HELLO, SETTINGS).statistics.reused_tokens == 0
        for bits in (None, 4, 8):
            switched(driver, Speed(kv_bits=bits))
            assert driver.reply(HELLO, SETTINGS).statistics.reused_tokens == prompt - 1

    def test_a_model_that_cannot_says_so_and_goes_on(self, driver, tiny_model, tiny_untrimmable):
        for model, words in (
            (tiny_model, ["--kv-group-size", "16"]),
            (tiny_untrimmable, ["no cache", "--kv-bits"]),
        ):
            driver.load(model)
            before = driver.reply(HELLO, SETTINGS)
            event = driver.switch(Speed(kv_bits=4))
            assert isinstance(event, SwitchFailed)
            assert all(word in event.message for word in words)
            assert driver.reply(HELLO, SETTINGS).token_ids == before.token_ids


class TestDraftModels:
    def test_it_writes_the_same_faster_and_without_it_again(self, driver, cold, tiny_model):
        driver.load(tiny_model)
        plain = driver.reply(HELLO, SETTINGS)
        switched(driver, Speed(draft_model=str(tiny_model), num_draft_tokens=2))
        drafted = driver.reply(HELLO, SETTINGS)
        assert drafted.statistics.reused_tokens == 0
        assert drafted.statistics.accepted_draft_tokens > 0
        assert drafted.token_ids == plain.token_ids
        turn = [*HELLO, drafted.message, Message("user", "And now?")]
        cold.load(tiny_model)
        assert driver.reply(turn, SETTINGS).token_ids == cold.reply(turn, SETTINGS).token_ids
        switched(driver, Speed())
        again = driver.reply(HELLO, SETTINGS)
        assert again.statistics.accepted_draft_tokens == 0
        assert again.statistics.reused_tokens == plain.statistics.prompt_tokens - 1
        assert logprobs(again) == logprobs(plain)

    def test_another_number_of_tokens_keeps_the_draft_model_and_its_caches(
        self, driver, tiny_model
    ):
        one = driver.load(tiny_model).weights_bytes
        draft = str(tiny_model)
        assert switched(driver, Speed(None, draft, 2)).info.weights_bytes == 2 * one
        prompt = driver.reply(HELLO, SETTINGS).statistics.prompt_tokens
        assert switched(driver, Speed(None, draft, 4)).info.weights_bytes == 2 * one
        assert driver.reply(HELLO, SETTINGS).statistics.reused_tokens == prompt - 1
        assert switched(driver, Speed()).info.weights_bytes == one

    def test_with_both_it_writes_what_quantized_caches_alone_write(self, driver, wide_heads):
        load_wide(driver, wide_heads)
        switched(driver, Speed(kv_bits=8))
        alone = driver.reply(HELLO, SETTINGS)
        switched(driver, Speed(8, str(wide_heads), 2))
        both = driver.reply(HELLO, SETTINGS)
        assert both.statistics.reused_tokens == 0
        assert both.statistics.accepted_draft_tokens > 0
        assert both.token_ids == alone.token_ids

    def test_a_model_that_cannot_says_so_and_goes_on(
        self, driver, tmp_path, tiny_model, tiny_untrimmable, demo_model
    ):
        driver.load(tiny_model)
        before = driver.reply(HELLO, SETTINGS)
        gone = driver.switch(Speed(draft_model=str(tmp_path / "gone")))
        assert isinstance(gone, SwitchFailed)
        assert "gone" in gone.message
        assert driver.reply(HELLO, SETTINGS).token_ids == before.token_ids
        fewer = without_a_word(models.build_model(tmp_path / "fewer", demo_model))
        event = driver.switch(Speed(draft_model=str(fewer)))
        assert isinstance(event, SwitchFailed)
        assert "another vocabulary" in event.message
        driver.load(tiny_untrimmable)
        event = driver.switch(Speed(draft_model=str(tiny_model)))
        assert isinstance(event, SwitchFailed)
        assert "cannot take back tokens" in event.message
