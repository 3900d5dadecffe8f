"""Models that lack something: a template, an end token, a cache that can be cut."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from mlxchat.engine.interface import (
    Event,
    Inspected,
    InspectRequest,
    Loaded,
    LoadFailed,
    Message,
    ModelSpec,
    TokenSampled,
)
from mlxchat.settings.parameters import Settings
from tests.driving import Driver

SHORT = Settings(max_tokens=6)


@pytest.fixture
def driver() -> Iterator[Driver]:
    driver = Driver()
    yield driver
    driver.close()


@pytest.fixture
def cold() -> Iterator[Driver]:
    driver = Driver()
    yield driver
    driver.close()


def talk(driver: Driver, turns: int, settings: Settings = SHORT) -> list[Message]:
    """Some turns of conversation, each of which reads its new tokens only."""
    messages = [Message("system", "Be brief.")]
    held = 0
    for turn in range(turns):
        messages.append(Message("user", f"Turn {turn}?"))
        written = driver.reply(messages, settings, seed=turn)
        assert written.statistics.reused_tokens == held
        held = written.statistics.context_tokens
        messages.append(written.message)
    return messages


def test_no_chat_template(driver, tiny_no_template):
    info = driver.load(tiny_no_template)
    assert any("no chat template" in note for note in info.notes)
    written = driver.reply([Message("user", "Once upon a time")], SHORT)
    assert written.statistics.reply_tokens == 6
    assert written.statistics.prompt_tokens == 4


def test_a_template_that_trims_replies(driver, cold, tmp_path, tiny_model):
    """The known ids of a reply have no place in such a prompt; its text is read as it stands."""
    folder = tmp_path / "trims"
    shutil.copytree(tiny_model, folder)
    config = json.loads((folder / "tokenizer_config.json").read_text())
    for file in folder.glob("*.jinja"):
        file.unlink()
    config["chat_template"] = (
        "{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content | trim }}<|im_end|>\n"
        "{% endfor %}<|im_start|>assistant\n"
    )
    (folder / "tokenizer_config.json").write_text(json.dumps(config))
    driver.load(folder)
    cold.load(folder)
    spaced = Message("assistant", " yes ", (5, 6, 7))
    messages = [Message("user", "Hello"), spaced, Message("user", "And now?")]
    plain = [messages[0], Message("assistant", "yes"), messages[2]]
    assert driver.count(messages).prompt_tokens == cold.count(plain).prompt_tokens
    assert driver.reply(messages, SHORT).token_ids == cold.reply(plain, SHORT).token_ids


def test_no_end_token(driver, tiny_no_eos):
    info = driver.load(tiny_no_eos)
    assert any("no end token" in note for note in info.notes)
    assert driver.reply("Hello", SHORT).reason == "length"


def test_an_extra_end_token_ends_the_reply(driver, tiny_no_eos):
    driver.load(tiny_no_eos)
    first = driver.reply("Hello", SHORT).token_ids[2]
    written = driver.reply("Hello", SHORT.with_value("extra_eos_token", (str(first),)))
    assert written.reason == "stop"
    assert written.token_ids[-1] == first


def test_a_template_that_opens_a_thought(driver, tiny_thinking):
    info = driver.load(tiny_thinking)
    assert info.think_tags == ("<think>", "</think>")
    assert any("reasons between <think> and </think>" in note for note in info.notes)
    assert driver.reply("Hello", SHORT).progress[0].opens_in_thought
    driver.load(tiny_thinking, chat_template_config={"enable_thinking": False})
    assert not driver.reply("Hello", SHORT).progress[0].opens_in_thought


@pytest.mark.parametrize("model", ["tiny_untrimmable", "tiny_sliding"])
class TestCachesThatCannotBeCut:
    @pytest.fixture
    def folder(self, model: str, request: pytest.FixtureRequest) -> Path:
        return request.getfixturevalue(model)

    def test_a_question_waits_for_the_end_of_the_reply(self, driver, folder):
        """In its middle there is no cache to copy, and the reply stays what it would have been."""
        driver.load(folder)
        settings = Settings(temp=1.0, max_tokens=30)
        question = [Message("user", "Hello")]
        plain = driver.reply(question, settings, seed=3)
        told: list[object] = []

        def ask(event: object) -> None:
            if isinstance(event, TokenSampled) and not told:
                told.append(event)
                driver.engine.inspect(
                    InspectRequest(50_001, question, settings, reply_ids=(event.record.token_id,))
                )
            assert not isinstance(event, Inspected)

        disturbed = driver.reply(question, settings, seed=3, watch=ask)
        assert disturbed.token_ids == plain.token_ids
        driver._until(lambda event: isinstance(event, Inspected))

    def test_says_so(self, driver, folder):
        assert any("cannot be cut" in note for note in driver.load(folder).notes)

    def test_a_turn_reads_only_its_new_tokens(self, driver, cold, folder):
        driver.load(folder)
        cold.load(folder)
        messages = talk(driver, 4)
        messages.append(Message("user", "And now?"))
        assert driver.reply(messages, SHORT).token_ids == cold.reply(messages, SHORT).token_ids

    def test_a_retry_goes_on_from_the_stored_prompt(self, driver, cold, folder):
        driver.load(folder)
        cold.load(folder)
        messages = talk(driver, 3)
        again = driver.reply(messages[:-1], SHORT)
        assert again.statistics.read_tokens == 1
        assert again.token_ids == cold.reply(messages[:-1], SHORT).token_ids

    def test_an_edited_system_prompt_is_read_anew(self, driver, cold, folder):
        driver.load(folder)
        cold.load(folder)
        messages = talk(driver, 3)
        messages[0] = Message("system", "Be verbose.")
        messages.append(Message("user", "And now?"))
        warm = driver.reply(messages, SHORT)
        assert warm.token_ids == cold.reply(messages, SHORT).token_ids

    def test_after_a_cancelled_reply(self, driver, cold, folder):
        driver.load(folder)
        cold.load(folder)
        messages = [Message("user", "Go on until I stop you.")]

        def stop_soon(event: Event) -> None:
            if isinstance(event, TokenSampled):
                driver.engine.cancel()

        partly = driver.reply(messages, Settings(max_tokens=5000), watch=stop_soon)
        assert partly.reason == "cancelled"
        messages += [partly.message, Message("user", "Thanks.")]
        warm = driver.reply(messages, SHORT)
        assert warm.statistics.read_tokens < 20
        assert warm.token_ids == cold.reply(messages, SHORT).token_ids


def test_penalties_do_not_depend_on_what_a_cache_held(driver, cold, tiny_model):
    settings = Settings(
        max_tokens=8, repetition_penalty=1.8, repetition_context_size=200, frequency_penalty=1.0
    )
    driver.load(tiny_model)
    cold.load(tiny_model)
    messages = talk(driver, 3, settings)
    messages.append(Message("user", "And now?"))
    warm = driver.reply(messages, settings)
    assert warm.statistics.reused_tokens > 40
    assert warm.token_ids == cold.reply(messages, settings).token_ids


@pytest.mark.parametrize(
    "options",
    [
        {"max_kv_size": 32},
        {"prefill_step_size": 3},
        {"ignore_chat_template": True},
        {"use_default_chat_template": True},
    ],
)
def test_options_of_mlx_lm_work(driver, tiny_model, options):
    driver.load(tiny_model, **options)
    messages = [Message("user", "Hello, who are you? I was told that you could help me.")]
    for _ in range(3):
        written = driver.reply(messages, SHORT)
        assert written.statistics.reply_tokens == 6
        messages += [written.message, Message("user", "Go on.")]


@pytest.mark.real_model
def test_a_quantized_cache(driver, cold, demo_model):
    driver.load(demo_model, kv_bits=8, kv_group_size=32, quantized_kv_start=8)
    cold.load(demo_model)
    question = [Message("user", "What is the capital of France?")]
    written = driver.reply(question, Settings(max_tokens=12))
    assert written.text == "The capital of France is Paris."
    full = cold.reply(question, Settings(max_tokens=12))
    assert written.statistics.prompt_cache_bytes < full.statistics.prompt_cache_bytes
    messages = [*question, written.message, Message("user", "And of Italy?")]
    again = driver.reply(messages, Settings(max_tokens=12))
    assert again.statistics.reused_tokens == written.statistics.context_tokens
    assert "Rome" in again.text


def test_speculative_decoding_writes_the_same(driver, cold, tiny_model):
    driver.load(tiny_model, draft_model=str(tiny_model), num_draft_tokens=2)
    cold.load(tiny_model)
    settings = Settings(max_tokens=12)
    drafted = driver.reply("Hello", settings)
    assert drafted.token_ids == cold.reply("Hello", settings).token_ids
    assert drafted.statistics.accepted_draft_tokens > 0
    messages = [Message("user", "Hello"), drafted.message, Message("user", "And now?")]
    assert driver.reply(messages, settings).token_ids == cold.reply(messages, settings).token_ids


class TestBadInput:
    """Each gives one clear sentence, and the engine goes on working."""

    def check(self, sentence: str, *words: str) -> None:
        assert "Traceback" not in sentence
        assert "\n" not in sentence
        for word in words:
            assert word in sentence

    def test_a_folder_without_config(self, driver, tmp_path, tiny_model):
        (tmp_path / "empty").mkdir()
        self.check(driver.fail_to_load(tmp_path / "empty"), "config.json")
        driver.load(tiny_model)
        assert driver.reply("Hello", SHORT).reason == "length"

    def test_a_folder_that_is_not_there(self, driver, tmp_path):
        self.check(driver.fail_to_load(tmp_path / "nowhere"), "nowhere")

    def test_truncated_weights(self, driver, tmp_path, tiny_model):
        folder = tmp_path / "cut"
        shutil.copytree(tiny_model, folder)
        weights = folder / "model.safetensors"
        weights.write_bytes(weights.read_bytes()[:-4000])
        self.check(driver.fail_to_load(folder), str(folder))

    def test_weights_of_nothing(self, driver, tmp_path, tiny_model):
        folder = tmp_path / "noise"
        shutil.copytree(tiny_model, folder)
        (folder / "model.safetensors").write_bytes(b"\x00" * 200)
        self.check(driver.fail_to_load(folder), str(folder))

    def test_config_that_is_not_json(self, driver, tmp_path, tiny_model):
        folder = tmp_path / "broken"
        shutil.copytree(tiny_model, folder)
        (folder / "config.json").write_text("{")
        self.check(driver.fail_to_load(folder), "config.json")

    def test_an_unknown_architecture(self, driver, tmp_path, tiny_model):
        folder = tmp_path / "new"
        shutil.copytree(tiny_model, folder)
        config = json.loads((folder / "config.json").read_text())
        (folder / "config.json").write_text(json.dumps({**config, "model_type": "llama99"}))
        self.check(driver.fail_to_load(folder), "llama99")

    def test_an_adapter_that_is_not_there(self, driver, tmp_path, tiny_model):
        sentence = driver.fail_to_load(tiny_model, adapter_path=str(tmp_path))
        self.check(sentence, "adapter_config.json")

    def test_an_adapter_of_another_model(self, driver, tmp_path, tiny_model):
        import mlx.core as mx

        (tmp_path / "adapter_config.json").write_text(
            json.dumps(
                {
                    "fine_tune_type": "lora",
                    "num_layers": 1,
                    "lora_parameters": {"rank": 4, "scale": 20.0, "dropout": 0.0},
                }
            )
        )
        name = "model.layers.1.self_attn.q_proj.lora_a"
        mx.save_safetensors(str(tmp_path / "adapters.safetensors"), {name: mx.zeros((999, 4))})
        sentence = driver.fail_to_load(tiny_model, adapter_path=str(tmp_path))
        self.check(sentence, "does not fit this model")
        driver.load(tiny_model)
        assert driver.reply("Hello", SHORT).reason == "length"

    def test_a_quantization_that_does_not_divide_the_heads(self, driver, tiny_model):
        self.check(driver.fail_to_load(tiny_model, kv_bits=4), "--kv-group-size", "16")

    def test_a_reply_without_a_model(self, driver):
        written = driver.reply("Hello", SHORT)
        assert written.reason == "failed"
        self.check(written.end.message, "No model is loaded")

    def test_an_empty_prompt(self, driver, tiny_no_template):
        driver.load(tiny_no_template)
        written = driver.reply("", SHORT)
        self.check(written.end.message, "empty")
        assert driver.reply("Hello", SHORT).reason == "length"


class TestAnotherModel:
    """Loading while a model is loaded."""

    def test_a_failure_leaves_the_model_before(self, driver, tmp_path, tiny_model):
        driver.load(tiny_model)
        driver.fail_to_load(tmp_path / "nowhere")
        assert driver.reply("Hello", SHORT).reason == "length"

    def test_without_room_the_model_before_goes_first(self, driver, tiny_model, monkeypatch):
        driver.load(tiny_model)
        from mlxchat.engine import models

        monkeypatch.setattr(models, "MODELS_SHARE", 0.0)
        gone = driver.fail_to_load(tiny_model, kv_bits=4)
        assert "--kv-group-size" in gone
        assert driver.reply("Hello", SHORT).reason == "failed"
        monkeypatch.undo()
        driver.load(tiny_model)
        assert driver.reply("Hello", SHORT).reason == "length"

    def test_a_load_can_be_stopped(self, driver, demo_model, tiny_model):
        driver.load(tiny_model)
        driver.engine.load(ModelSpec(str(demo_model)))
        driver.engine.cancel()
        event = driver._until(lambda e: isinstance(e, Loaded | LoadFailed))[-1]
        assert isinstance(event, LoadFailed)
        assert event.cancelled
        assert driver.reply("Hello", SHORT).reason == "length"
