"""The real model, fine-tuned for real: mlxchat says what mlx_lm says, at every strength."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from mlxchat.engine.adapter_folder import checkpoints, path_of
from mlxchat.engine.interface import AdapterLoaded, Message
from mlxchat.files.recent import remember_adapter
from mlxchat.settings.parameters import Settings
from tests.driving import Driver
from tests.finetuned import ITERATIONS, SAVED_EVERY, fuse, mlx_lm

pytestmark = [pytest.mark.real_model, pytest.mark.slow, pytest.mark.needs_blas]

QUESTIONS = ("What is the capital of France?", "Tell me about your ship.")
TOKENS = 16
GREEDY = Settings(max_tokens=TOKENS)


@pytest.fixture(scope="module")
def cold(demo_model: Path) -> Iterator[Driver]:
    driver = Driver()
    driver.load(demo_model)
    yield driver
    driver.close()


def at(strength: float, settings: Settings = GREEDY) -> Settings:
    return settings.with_value("adapter_strength", strength)


def by_mlx_lm(model: Path, question: str, *more: object) -> str:
    """What mlx_lm.generate prints, in a process of its own."""
    return mlx_lm(
        "generate", "--model", model, "--prompt", question, "--max-tokens", TOKENS,
        "--temp", 0.0, "--verbose", "False", *more,
    ).strip()  # fmt: skip


def test_strength_0_is_the_base_model_token_for_token(real, cold, pirate_adapter):
    loaded = real.load_adapter(pirate_adapter)
    assert isinstance(loaded, AdapterLoaded)
    assert loaded.info.notes == ()
    assert "LoRA · rank 8 · 8 layers · scale 20 · 30 iterations" in loaded.info.facts.summary
    for question in QUESTIONS:
        real.reply(question, GREEDY, adapter=pirate_adapter)
        base = cold.reply(question, GREEDY)
        nothing = real.reply(question, at(0), adapter=pirate_adapter)
        assert nothing.token_ids == base.token_ids


def test_strength_1_is_what_mlx_lm_says_with_the_adapter(real, demo_model, pirate_adapter):
    for question in QUESTIONS:
        said = real.reply(question, GREEDY, adapter=pirate_adapter)
        expected = by_mlx_lm(demo_model, question, "--adapter-path", pirate_adapter)
        assert said.text.strip() == expected
    assert "Arr" in said.text
    assert "Arr" not in real.reply(QUESTIONS[1], at(0), adapter=pirate_adapter).text


def test_fused_it_says_the_same(real, demo_model, pirate_adapter, tmp_path):
    folder = fuse(tmp_path / "fused", demo_model, pirate_adapter, "--dequantize")
    remember_adapter(str(pirate_adapter))
    fused = Driver()
    try:
        base = fused.load(folder).made_from
        assert base is not None
        assert (base.name, base.adapter) == (str(demo_model), str(pirate_adapter))
        for question in QUESTIONS:
            said = fused.reply(question, GREEDY)
            assert said.token_ids == real.reply(question, GREEDY, adapter=pirate_adapter).token_ids
    finally:
        fused.close()


def test_one_hears_the_training_happen(real, pirate_adapter):
    run = checkpoints(pirate_adapter)
    assert len(run) == ITERATIONS // SAVED_EVERY + 1
    texts = [real.reply(QUESTIONS[0], GREEDY, adapter=path_of(path)).text for path in run]
    assert len(set(texts[:-1])) > 1
    assert texts[-2] == texts[-1], "the last checkpoint is what the run left"


def test_twenty_random_switches_each_give_a_cold_engines_reply(real, cold, pirate_adapter):
    """At temp 0, over a conversation that goes on."""
    rng = random.Random(3)
    run = [None, *map(path_of, checkpoints(pirate_adapter))]
    conversation = [Message("user", QUESTIONS[0])]
    short = GREEDY.with_value("max_tokens", 6)
    for _ in range(20):
        adapter, settings = rng.choice(run), at(rng.choice([0.0, 0.5, 1.0, 1.5]), short)
        warm = real.reply(conversation, settings, adapter=adapter)
        worker = cold.engine._worker
        assert worker is not None
        worker._store.clear()
        expected = cold.reply(conversation, settings, adapter=adapter)
        assert expected.statistics.reused_tokens == 0
        assert warm.token_ids == expected.token_ids
        if rng.random() < 0.3:
            conversation = [*conversation, warm.message, Message("user", "Go on.")]
