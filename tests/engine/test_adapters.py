"""Adapters in the engine: switched between replies, and their strength within one."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

import pytest

from mlxchat.engine.interface import (
    AdapterFailed,
    AdapterLoaded,
    Event,
    Inspected,
    InspectRequest,
    Message,
    PrefillProgress,
    TokenSampled,
)
from mlxchat.settings.parameters import Settings
from tests.adapters import build_adapter, build_run, random_tensors, save_tensors
from tests.driving import Driver

HELLO = [Message("user", "Say something about the sea and the ships on it.")]
HOT = Settings(temp=1.0, max_tokens=12)
GREEDY = Settings(max_tokens=12)
"""For comparisons of what is cached with what is read: the last bits may differ."""


def at(strength: float, settings: Settings = HOT) -> Settings:
    return settings.with_value("adapter_strength", strength)


@pytest.fixture
def cold(tiny_model) -> Iterator[Driver]:
    driver = Driver()
    driver.load(tiny_model)
    yield driver
    driver.close()


def forget(driver: Driver) -> None:
    """Let no prompt cache hold anything, and no adapter be read."""
    worker = driver.engine._worker
    assert worker is not None
    worker._store.clear()


def test_an_adapter_tells_of_itself(driver, pirate):
    loaded = driver.load_adapter(pirate)
    assert isinstance(loaded, AdapterLoaded)
    assert loaded.info.facts.summary == (
        "LoRA · rank 4 · 2 layers · scale 10 · 100 iterations · data/pirate"
    )
    assert loaded.info.notes == ()


def test_without_one_the_strength_changes_nothing(driver):
    base = driver.reply(HELLO, HOT, seed=3)
    again = driver.reply(HELLO, at(0.3), seed=3)
    assert base.token_ids == again.token_ids
    assert again.statistics.read_tokens == 1


def test_strength_0_shares_the_models_own_caches(driver, pirate):
    base = driver.reply(HELLO, HOT, seed=3)
    tuned = driver.reply(HELLO, HOT, seed=3, adapter=pirate)
    nothing = driver.reply(HELLO, at(0), seed=3, adapter=pirate)
    assert base.token_ids == nothing.token_ids != tuned.token_ids
    assert nothing.statistics.read_tokens == 1
    assert tuned.statistics.reused_tokens == 0


def test_the_adapter_of_the_start_is_one_like_the_others(cold, driver, tiny_model, pirate):
    info = cold.load(tiny_model, adapter_path=str(pirate))
    assert info.adapter == str(pirate)
    assert info.adapter_bytes == cold.load_adapter(pirate).info.weights_bytes > 0
    started = cold.reply(HELLO, HOT, seed=3, adapter=pirate)
    switched = driver.reply(HELLO, HOT, seed=3, adapter=pirate)
    assert started.token_ids == switched.token_ids


def test_twenty_random_switches_each_give_a_cold_engines_reply(driver, cold, pirate, poet):
    rng = random.Random(11)
    conversation = list(HELLO)
    for _ in range(20):
        adapter = rng.choice([None, pirate, poet])
        settings = at(rng.choice([0.0, 0.5, 1.0, 1.7]), GREEDY)
        seed = rng.randrange(1000)
        warm = driver.reply(conversation, settings, seed=seed, adapter=adapter)
        forget(cold)
        expected = cold.reply(conversation, settings, seed=seed, adapter=adapter)
        assert warm.token_ids == expected.token_ids
        assert expected.statistics.reused_tokens == 0
        if rng.random() < 0.5:
            conversation = [*conversation, warm.message, Message("user", "Go on.")]


@contextmanager
def on_engines_thread(driver: Driver, see: Callable[[Event], None]) -> Iterator[None]:
    """Meanwhile `see` gets each event as the engine sends it, before anything else happens."""
    worker = driver.engine._worker
    assert worker is not None
    emit = worker._emit

    def seen(event: Event) -> None:
        see(event)
        emit(event)

    worker._emit = seen
    try:
        yield
    finally:
        worker._emit = emit


def moving(driver: Driver, *strengths: float, after: int) -> AbstractContextManager[None]:
    """Meanwhile the strength moves to each of these, a token apart, after a number of tokens."""
    left, drawn = list(strengths), []

    def see(event: Event) -> None:
        if isinstance(event, TokenSampled):
            drawn.append(event)
            if len(drawn) >= after and left:
                driver.engine.change(at(left.pop(0), LONG))

    return on_engines_thread(driver, see)


LONG = Settings(temp=1.0, max_tokens=60)


def strengths_of(written) -> list[float]:
    return [record.settings.adapter_strength for record in written.records]


class TestLive:
    def test_a_change_counts_from_the_second_token_after_it(self, driver, pirate):
        """One more token is computed already when the person sees one."""
        with moving(driver, 0.2, after=10):
            written = driver.reply(HELLO, at(1.0, LONG), adapter=pirate)
        strengths = strengths_of(written)
        assert strengths[:10] == [1.0] * 10
        assert strengths[11:] == [0.2] * 49

    def test_a_reply_under_many_strengths_is_written_again_from_its_schedule(
        self, driver, cold, pirate
    ):
        with moving(driver, 0.0, 0.4, 2.0, 1.0, after=5):
            written = driver.reply(HELLO, at(1.0, LONG), seed=5, adapter=pirate)
        assert set(strengths_of(written)) == {0.0, 0.4, 1.0, 2.0}
        schedule = [record.settings for record in written.records]
        again = cold.reply(HELLO, LONG, seed=5, adapter=pirate, schedule=schedule)
        assert again.token_ids == written.token_ids
        assert strengths_of(again) == strengths_of(written)

    def test_what_came_after_a_change_is_kept_for_nobody(self, driver, cold, pirate):
        with moving(driver, 0.0, after=8):
            written = driver.reply(HELLO, at(1.0, LONG), seed=5, adapter=pirate)
        before = strengths_of(written).count(1.0)
        conversation = [*HELLO, written.message, Message("user", "Go on.")]
        for strength in (1.0, 0.0, 0.5):
            forget(cold)
            warm = driver.reply(conversation, at(strength, GREEDY), adapter=pirate)
            expected = cold.reply(conversation, at(strength, GREEDY), adapter=pirate)
            assert warm.token_ids == expected.token_ids, strength
            reused = warm.statistics.reused_tokens
            if strength == 1.0:  # the prompt, and the reply up to the change
                assert reused == written.statistics.prompt_tokens - 1 + before
            else:
                assert reused == 0

    def test_there_and_back_again_is_a_change_too(self, driver, cold, pirate):
        with moving(driver, 0.0, 1.0, after=4):
            written = driver.reply(HELLO, at(1.0, LONG), seed=5, adapter=pirate)
        conversation = [*HELLO, written.message, Message("user", "Go on.")]
        warm = driver.reply(conversation, GREEDY, adapter=pirate)
        assert warm.token_ids == cold.reply(conversation, GREEDY, adapter=pirate).token_ids

    def test_a_prompt_that_is_being_read_is_read_at_the_new_strength(self, driver, cold, pirate):
        story = [Message("user", "Once upon a time there was a ship. " * 60)]
        moved: list[int] = []

        def see(event: Event) -> None:
            if isinstance(event, PrefillProgress) and event.done and not moved:
                moved.append(event.done)
                driver.engine.change(at(0.25))

        with on_engines_thread(driver, see):
            warm = driver.reply(story, at(1.0), seed=2, adapter=pirate)
        assert strengths_of(warm) == [0.25] * 12
        expected = cold.reply(story, at(0.25), seed=2, adapter=pirate)
        assert warm.token_ids == expected.token_ids
        assert warm.statistics.reused_tokens == 0
        back = driver.reply(story, at(1.0), seed=2, adapter=pirate)
        assert back.statistics.reused_tokens == moved[0], "what was read is kept"

    def test_caches_that_cannot_be_cut_are_not_kept_after_a_change(
        self, tiny_untrimmable, tmp_path
    ):
        adapter = build_adapter(
            tmp_path / "mamba", tiny_untrimmable, "lora", ["mixer.in_proj", "mixer.out_proj"]
        )
        driver, cold = Driver(), Driver()
        try:
            for engine in (driver, cold):
                engine.load(tiny_untrimmable)
            with moving(driver, 0.0, after=4):
                written = driver.reply(HELLO, at(1.0, LONG), seed=5, adapter=adapter)
            conversation = [*HELLO, written.message, Message("user", "Go on.")]
            for strength in (0.0, 1.0):
                warm = driver.reply(conversation, at(strength, GREEDY), adapter=adapter)
                expected = cold.reply(conversation, at(strength, GREEDY), adapter=adapter)
                assert warm.token_ids == expected.token_ids
        finally:
            driver.close()
            cold.close()

    def test_a_question_between_two_tokens_is_answered_at_its_own_strength(
        self, driver, cold, pirate
    ):
        """And the reply goes on at its own."""
        base = cold.inspect(HELLO, at(0, LONG), adapter=str(pirate))
        asked = []

        def see(event: Event) -> None:
            if isinstance(event, TokenSampled) and not asked:
                asked.append(InspectRequest(90_001, HELLO, at(0, LONG), adapter=str(pirate)))
                driver.engine.inspect(asked[0])

        answers: list[Event] = []
        alone = cold.reply(HELLO, at(1, LONG), seed=4, adapter=pirate)
        with on_engines_thread(driver, see):
            written = driver.reply(HELLO, at(1, LONG), seed=4, adapter=pirate, watch=answers.append)
        assert written.token_ids == alone.token_ids
        told = [e.distribution for e in answers if isinstance(e, Inspected)]
        assert [d.candidates[0].token_id for d in told] == [base.candidates[0].token_id]


class TestCost:
    def test_a_switch_costs_the_prompt_and_no_run_of_the_model_more(self, driver, pirate, poet):
        """Counted: the tokens that the model was run on."""
        run_on: list[int] = []
        loaded = driver.engine._worker._model()
        model = loaded.model
        for adapter in (pirate, poet):
            driver.load_adapter(adapter)

        class Counted:
            def __call__(self, tokens, **more):
                run_on.append(tokens.size)
                return model(tokens, **more)

            def __getattr__(self, name):
                return getattr(model, name)

        loaded.model = Counted()
        once = Settings(temp=1.0, max_tokens=1)
        first = driver.reply(HELLO, once, adapter=pirate)
        prompt = first.statistics.prompt_tokens
        alone = list(run_on)
        for adapter, strength in ((poet, 1.0), (None, 1.0), (pirate, 0.5), (poet, 1.3)):
            run_on.clear()
            written = driver.reply(HELLO, at(strength, once), adapter=adapter)
            assert written.statistics.read_tokens == prompt
            assert run_on == alone, "the prompt's own runs"

    def test_going_back_costs_what_no_cache_holds(self, driver, pirate, poet):
        for adapter in (pirate, poet, None):
            driver.reply(HELLO, HOT, adapter=adapter)
        for adapter in (pirate, poet, None):
            assert driver.reply(HELLO, HOT, adapter=adapter).statistics.read_tokens == 1
            assert driver.count(HELLO, adapter=adapter).cached_tokens > 0
        driver.engine.change(at(0.35))
        assert driver.count(HELLO, adapter=pirate).cached_tokens == 0


class TestFilesThatChange:
    def test_checkpoints_of_a_run_are_adapters_of_their_own(self, driver, tmp_path, tiny_model):
        run = build_run(tmp_path / "run", tiny_model)
        paths = [run / "0000100_adapters.safetensors", run / "0000200_adapters.safetensors", run]
        texts = [driver.reply(HELLO, HOT, seed=1, adapter=path).token_ids for path in paths]
        assert texts[0] != texts[1] == texts[2]
        for path in paths:
            assert isinstance(driver.load_adapter(path), AdapterLoaded)

    def test_weights_that_were_trained_on_are_read_when_asked_for(
        self, driver, cold, tmp_path, tiny_model
    ):
        folder = build_adapter(tmp_path / "growing", tiny_model)
        before = driver.reply(HELLO, HOT, seed=1, adapter=folder)
        parameters = {"rank": 4, "scale": 10.0, "dropout": 0.0}
        tensors = random_tensors(tiny_model, "lora", parameters, 77)
        save_tensors(folder / "adapters.safetensors", tensors)
        assert driver.reply(HELLO, HOT, seed=1, adapter=folder).token_ids == before.token_ids
        driver.load_adapter(folder)
        after = driver.reply(HELLO, HOT, seed=1, adapter=folder)
        assert after.statistics.reused_tokens == 0
        assert after.token_ids != before.token_ids
        assert after.token_ids == cold.reply(HELLO, HOT, seed=1, adapter=folder).token_ids

    def test_one_that_is_gone_fails_the_reply_and_the_next_one_works(self, driver, pirate):
        written = driver.reply(HELLO, HOT, adapter="/no/such/adapter")
        assert written.reason == "failed"
        assert "no adapter at /no/such/adapter" in written.end.message
        assert driver.reply(HELLO, HOT, adapter=pirate).reason == "length"

    def test_without_a_model_nothing_is_read(self):
        driver = Driver()
        try:
            failed = driver.load_adapter("/no/such/adapter")
            assert isinstance(failed, AdapterFailed)
            assert "No model is loaded" in failed.message
        finally:
            driver.close()
