"""Models beside the loaded one: each writes, looks and spells by itself; and what tokens cost."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest

from mlxchat.engine import backend
from mlxchat.engine.interface import BesideFailed, LoadedBeside, Message
from mlxchat.engine.samples import ScoreFailed, TokensRequest, TokensScored
from mlxchat.settings.parameters import Settings
from tests.adapters import build_adapter, read_tensors
from tests.driving import Driver
from tests.engine.test_adapters import at, forget
from tests.engine.test_lanes import GREEDY, HELLO, HOT, PENALIZED, check, lane
from tests.resident import resident_bytes


def nbytes(folder: Path, name: str = "model") -> int:
    return sum(tensor.nbytes for tensor in read_tensors(folder / f"{name}.safetensors").values())


def test_two_models_write_beside_each_other(driver, tiny_model, tiny_qwen):
    loaded = driver.load_beside(1, tiny_qwen)
    assert isinstance(loaded, LoadedBeside)
    assert (loaded.key, loaded.same_vocabulary) == (1, True)
    requests = [lane(0, PENALIZED), lane(1, HOT, model=1)]
    for _ in range(2):
        first, second = driver.together(requests)
        for written, model, request in ((first, tiny_model, 0), (second, tiny_qwen, 1)):
            with closing(Driver()) as cold:
                cold.load(model)
                check([written], [requests[request]], cold)
        forget(driver)


def test_a_folder_beside_itself_shares_no_cache(driver, tiny_model):
    driver.load_beside(1, tiny_model)
    driver.reply(HELLO, HOT)
    [beside] = driver.together([lane(0, HOT, model=1)])
    assert beside.statistics.reused_tokens == 0
    [again] = driver.together([lane(0, HOT, model=1)])
    assert again.statistics.read_tokens == 1


def test_adapters_are_those_of_their_model(driver, tiny_qwen, tmp_path):
    adapter = build_adapter(tmp_path / "of-qwen", tiny_qwen)
    driver.load_beside(1, tiny_qwen)
    base, tuned = driver.together([lane(0, HOT, model=1), lane(1, HOT, adapter, model=1)])
    assert base.token_ids != tuned.token_ids


def test_words_and_bytes_are_those_of_the_model_asked(driver, tiny_thinking):
    loaded = driver.load_beside(3, tiny_thinking)
    assert isinstance(loaded, LoadedBeside)
    assert not loaded.same_vocabulary
    think = loaded.info.vocabulary_size - 2
    engine = driver.engine
    assert engine.token_bytes(think, model=3) == b"<think>"
    assert engine.token_bytes(think) == b""
    assert "".join(engine.spell([think], model=3)) == "<think>"
    assert engine.spell([think, think], model=4) == ["", ""]
    ends = Settings(extra_eos_token=("<think>",))
    assert engine.word_ids(ends, model=3).end_tokens == (think,)
    assert engine.word_ids(ends).end_tokens == ()
    asked = driver.inspect(HELLO, GREEDY, model=3)
    assert asked.vocabulary == loaded.info.vocabulary_size


def test_what_is_given_up_is_gone_with_its_caches(driver, tiny_qwen):
    driver.load_beside(1, tiny_qwen)
    driver.together([lane(0), lane(1, model=1)])
    store = driver.engine._worker._store
    assert len(store) == 2
    driver.engine.give_up(1)
    driver.engine.give_up(1)
    [failed] = driver.together([lane(1, model=1)])
    assert failed.end.message == (
        "The model beside is not loaded any more: add it to the comparison anew."
    )
    assert len(store) == 1
    assert driver.reply(HELLO, HOT).statistics.read_tokens == 1


def test_another_main_model_gives_up_all_beside(driver, tiny_qwen):
    driver.load_beside(1, tiny_qwen)
    driver.load(tiny_qwen)
    [failed] = driver.together([lane(0, model=1)])
    assert failed.reason == "failed"


@pytest.mark.real_model
@pytest.mark.skipif(backend.name() != "cpu", reason="weights are the GPU's there")
def test_the_system_gets_the_memory_of_a_model_that_is_gone(demo_model, tiny_model):
    with closing(Driver()) as driver:
        driver.load(demo_model)
        driver.reply(HELLO)
        before = resident_bytes()
        driver.load(tiny_model)
        driver.reply(HELLO)
        assert before - resident_bytes() > nbytes(demo_model) / 2


def test_what_has_no_room_is_refused_with_figures(driver, tiny_qwen, monkeypatch):
    from mlxchat.engine import models

    monkeypatch.setattr(models, "MODELS_SHARE", 0.0)
    refused = driver.load_beside(1, tiny_qwen)
    assert isinstance(refused, BesideFailed)
    assert refused.message == (
        "qwen takes 13 MB, and beside what is loaded there is room for 0 kB: choose a smaller "
        "model, or close other lanes."
    )
    assert driver.reply(HELLO, HOT).reason == "length"


def test_the_recommended_working_set_is_the_most_where_it_is_less(monkeypatch):
    from mlxchat.engine import backend

    backend.prepare()
    from mlxchat.engine import models

    small = backend.Backend("metal", "M1", 16 * 2**30, 2**30, None, True, None, None)
    monkeypatch.setattr(models.backend, "describe", lambda: small)
    assert models.free_for_models() <= 2**30
    unknown = backend.Backend("cpu", "x86", None, None, None, True, None, None)
    monkeypatch.setattr(models.backend, "describe", lambda: unknown)
    assert models.free_for_models() == float("inf")


def test_what_cannot_be_loaded_beside_is_said(driver, tmp_path):
    failed = driver.load_beside(1, tmp_path / "nowhere")
    assert isinstance(failed, BesideFailed)
    assert not failed.cancelled
    with closing(Driver()) as empty:
        failed = empty.load_beside(1, tmp_path / "nowhere")
        assert failed.message == "No model is loaded: choose one first."


def test_weights_are_told_in_bytes(driver, tiny_model, tmp_path):
    assert driver.load(tiny_model).weights_bytes == nbytes(tiny_model)
    with_draft = driver.load(tiny_model, draft_model=str(tiny_model))
    assert with_draft.weights_bytes == 2 * nbytes(tiny_model)
    adapter = build_adapter(tmp_path / "adapter", tiny_model)
    told = driver.load_adapter(adapter)
    assert told.info.weights_bytes == nbytes(adapter, "adapters")


class TestScores:
    """Of the tokens of a reply."""

    @pytest.mark.parametrize("settings", [GREEDY, HOT, PENALIZED])
    def test_they_are_what_was_recorded(self, driver, settings):
        written = driver.reply(HELLO, settings, seed=4)
        recorded = [record.own_logprob for record in written.records]
        for warm in (True, False):
            if not warm:
                forget(driver)
            scored = driver.score_tokens(HELLO, written.token_ids)
            assert isinstance(scored, TokensScored)
            assert scored.logprobs == pytest.approx(recorded, abs=1e-3)

    def test_each_adapter_and_strength_has_its_own(self, driver, tiny_model, tmp_path):
        adapter = build_adapter(tmp_path / "adapter", tiny_model)
        half = at(0.5, HOT)
        written = driver.reply(HELLO, half, seed=4, adapter=adapter, prefill="So")
        asked = {"adapter": str(adapter), "adapter_strength": 0.5, "prefill": "So"}
        scored = driver.score_tokens(HELLO, written.token_ids, **asked)
        recorded = [record.own_logprob for record in written.records]
        assert scored.logprobs == pytest.approx(recorded, abs=1e-3)
        by_base = driver.score_tokens(HELLO, written.token_ids, prefill="So")
        assert max(abs(a - b) for a, b in zip(by_base.logprobs, recorded, strict=True)) > 0.1

    def test_the_other_models_are_asked_by_their_key(self, driver, tiny_qwen):
        driver.load_beside(2, tiny_qwen)
        [written] = driver.together([lane(0, HOT, model=2)])
        scored = driver.score_tokens(HELLO, written.token_ids, model=2)
        recorded = [record.own_logprob for record in written.records]
        assert scored.logprobs == pytest.approx(recorded, abs=1e-3)

    def test_long_replies_are_read_in_steps(self, driver):
        written = driver.reply(HELLO, HOT.with_value("max_tokens", 150), seed=1)
        scored = driver.score_tokens(HELLO, written.token_ids)
        recorded = [record.own_logprob for record in written.records]
        assert scored.logprobs == pytest.approx(recorded, abs=1e-3)

    def test_of_nothing_there_are_none(self, driver):
        assert driver.score_tokens(HELLO, ()).logprobs == ()

    def test_what_cannot_be_scored_is_said(self, driver, tiny_short):
        strange = driver.score_tokens(HELLO, (1, 10**6))
        assert isinstance(strange, ScoreFailed)
        assert "tokens that this model's vocabulary does not have" in strange.message
        gone = driver.score_tokens(HELLO, (1, 2), model=9)
        assert "not loaded any more" in gone.message
        driver.load(tiny_short)
        long = driver.score_tokens([Message("user", "word " * 600)], (1, 2))
        assert "the model takes 512" in long.message
        assert driver.reply(HELLO, HOT).reason == "length"

    def test_a_stop_ends_what_waits(self, driver):
        driver.engine.reply(lane(0, HOT.with_value("max_tokens", 2000)))
        driver.engine.score_tokens(TokensRequest(1, HELLO, (1, 2, 3)))
        driver.engine.cancel()
        ended = driver._until(lambda e: isinstance(e, ScoreFailed))[-1]
        assert ended.message == "It was stopped."
