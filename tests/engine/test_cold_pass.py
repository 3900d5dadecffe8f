"""What is recorded and told, against mlx_lm's model called by itself on the whole prefix."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from mlxchat.engine import backend

backend.prepare()

import mlx.core as mx  # noqa: E402
import numpy as np  # noqa: E402
from mlx_lm import load, sample_utils  # noqa: E402

from mlxchat.engine import inspector  # noqa: E402
from mlxchat.engine.interface import Message  # noqa: E402
from mlxchat.engine.prefill import read_tokens  # noqa: E402
from mlxchat.settings.parameters import Settings  # noqa: E402
from tests.driving import Driver  # noqa: E402

QUESTION = [Message("user", "Name three colours of the sea.")]
GIVEN = (504, 3200, 338, 260, 6013, 2)


def in_type(folder: Path, dtype: mx.Dtype, made: Path) -> Path:
    """The same model with weights of another type."""
    shutil.copytree(folder, made)
    file = str(made / "model.safetensors")
    weights = {name: array.astype(dtype) for name, array in mx.load(file).items()}
    mx.eval(weights)  # read before it is written over
    mx.save_safetensors(file, weights, metadata={"format": "mlx"})
    return made


def prefix(tokenizer: Any, given: tuple[int, ...]) -> list[int]:
    """The tokens of the question, and those of the reply so far."""
    rows = [{"role": message.role, "content": message.content} for message in QUESTION]
    prompt = tokenizer.apply_chat_template(rows, add_generation_prompt=True)
    return [*prompt, *given]


def cold_logits(model: Any, token_ids: list[int]) -> mx.array:
    """(1, vocabulary), in the model's type."""
    return model(mx.array([token_ids]))[:, -1, :]


@pytest.fixture
def driver() -> Iterator[Driver]:
    made = Driver()
    yield made
    made.close()


@pytest.fixture
def last_logits(monkeypatch: pytest.MonkeyPatch) -> Callable[[], mx.array]:
    """What the engine itself read last, (1, vocabulary): a pass of other shapes may differ in the
    last bit, and a token at the very edge of the kept set with it."""
    read: list[tuple[np.ndarray, mx.Dtype]] = []

    def remembering(*given: Any) -> mx.array:
        logits = read_tokens(*given)
        read.append((np.array(logits[:, -1, :].astype(mx.float32)), logits.dtype))
        return logits

    monkeypatch.setattr(inspector, "read_tokens", remembering)
    return lambda: mx.array(read[-1][0]).astype(read[-1][1])


@pytest.fixture
def op_by_op() -> Iterator[None]:
    """mlx_lm compiles its filters, and a compiled sum may round the edge of the kept set to the
    next float."""
    mx.disable_compile()
    yield
    mx.enable_compile()


@pytest.mark.usefixtures("op_by_op")
@pytest.mark.parametrize("dtype", [mx.float32, mx.bfloat16, mx.float16], ids=str)
def test_the_kept_set_is_exactly_mlx_lms_in_every_type(
    dtype, tiny_model, tmp_path, driver, last_logits
):
    folder = in_type(tiny_model, dtype, tmp_path / "model")
    driver.load(folder)
    model, tokenizer = load(str(folder))
    few_last_bits = 8 * float(mx.finfo(dtype).eps)
    for place in range(len(GIVEN)):
        for chosen, keep in (
            (Settings(temp=1, top_p=0.9), lambda rows: sample_utils.apply_top_p(rows, 0.9)),
            (Settings(temp=1, min_p=0.05), lambda rows: sample_utils.apply_min_p(rows, 0.05)),
        ):
            told = driver.inspect(QUESTION, chosen, reply_ids=GIVEN[:place])
            logits = last_logits()
            cold = cold_logits(model, prefix(tokenizer, GIVEN[:place]))
            assert logits.dtype == cold.dtype == dtype
            assert mx.allclose(logits, cold, rtol=few_last_bits, atol=few_last_bits)
            kept = keep(logits - mx.logsumexp(logits, keepdims=True))
            wanted = np.array(mx.isfinite(kept[0]))
            assert told.kept == wanted.sum()
            assert all(wanted[c.token_id] == (not c.cut_by) for c in told.candidates)
            assert told.vocabulary == len(wanted)


@pytest.mark.real_model
def test_what_was_recorded_is_what_the_model_itself_says(demo_model, driver):
    """Alternatives and probabilities to 1e-3, under bias and penalties too."""
    driver.load(demo_model)
    model, tokenizer = load(str(demo_model))
    plain = Settings(temp=1.0, max_tokens=12)
    weighed = plain.with_values({"repetition_penalty": 1.3, "logit_bias": ((260, 3.0), (28, -9.0))})
    for chosen in (plain, weighed):
        processors = sample_utils.make_logits_processors(
            dict(chosen.logit_bias), chosen.repetition_penalty
        )
        written = driver.reply(QUESTION, chosen, seed=4)
        for place in (0, 1, 5, 8, 11):
            token_ids = prefix(tokenizer, tuple(written.token_ids[:place]))
            logits = cold_logits(model, token_ids)
            own = np.array((logits - mx.logsumexp(logits))[0])
            for processor in processors:
                logits = processor(mx.array(token_ids), logits)
            wanted = np.array((logits - mx.logsumexp(logits))[0])
            record = written.records[place]
            assert record.own_logprob == pytest.approx(own[record.token_id], abs=1e-3)
            assert record.own_known
            assert record.logprob == pytest.approx(wanted[record.token_id], abs=1e-3)
            for token_id, logprob in record.alternatives:
                assert logprob == pytest.approx(wanted[token_id], abs=1e-3)
