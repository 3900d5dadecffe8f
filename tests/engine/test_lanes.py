"""Replies in step: each is the reply that it would be alone, whatever is written beside it."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from mlxchat.engine.interface import (
    ContextExceeded,
    Event,
    Inspected,
    InspectRequest,
    Message,
    PrefillProgress,
    ReplyFailed,
    ReplyRequest,
    TokenSampled,
)
from mlxchat.settings.parameters import Settings
from tests.adapters import build_adapter
from tests.driving import Driver, Written
from tests.engine.test_adapters import at, forget, on_engines_thread

HELLO = [Message("user", "Say something about the sea and the ships on it.")]
GREEDY = Settings(max_tokens=10)
HOT = Settings(temp=1.0, max_tokens=10)
PENALIZED = HOT.with_values(
    {"repetition_penalty": 1.4, "frequency_penalty": 0.3, "logit_bias": ((" sea", 2.0),)}
)
FILTERED = HOT.with_values({"xtc_probability": 0.6, "xtc_threshold": 0.02, "min_p": 0.01})


@pytest.fixture(scope="module")
def cold(tiny_model) -> Iterator[Driver]:
    """An engine that writes replies alone; tests make it forget its caches."""
    driver = Driver()
    driver.load(tiny_model)
    yield driver
    driver.close()


def lane(
    number: int,
    settings: Settings = HOT,
    adapter: Path | None = None,
    messages: Sequence[Message] = HELLO,
    **more: object,
) -> ReplyRequest:
    """What one lane is asked."""
    path = None if adapter is None else str(adapter)
    more = {"seed": 7, **more}
    return ReplyRequest(0, messages, settings, adapter=path, lane=number, **more)  # type: ignore[arg-type]


def alone(driver: Driver, request: ReplyRequest) -> Written:
    """The reply of an engine that has read nothing before and writes nothing else."""
    forget(driver)
    [written] = driver.together([replace(request, lane=0, model=0)])
    return written


def check(together: Sequence[Written], requests: Sequence[ReplyRequest], cold: Driver) -> None:
    """Each is token for token, and to the last bit, what it is alone."""
    for written, request in zip(together, requests, strict=True):
        expected = alone(cold, request)
        assert written.token_ids == expected.token_ids
        assert [r.logprob for r in written.records] == [r.logprob for r in expected.records]
        assert written.text == expected.text
        assert (written.reason, written.end.unspoken) == (expected.reason, expected.end.unspoken)


@pytest.mark.parametrize("settings", [GREEDY, HOT, PENALIZED, FILTERED])
def test_each_is_the_reply_that_it_is_alone(driver, cold, pirate, poet, settings):
    requests = [
        lane(0, settings),
        lane(1, settings, pirate),
        lane(2, at(0.4, settings), pirate),
        lane(3, settings, poet),
    ]
    together = driver.together(requests)
    check(together, requests, cold)
    assert len({tuple(written.token_ids) for written in together}) == 4


def test_lanes_under_settings_of_their_own_do_not_touch_each_other(driver, cold, pirate):
    requests = [lane(0, FILTERED, seed=1), lane(1, GREEDY, pirate), lane(2, PENALIZED, seed=3)]
    check(driver.together(requests), requests, cold)


def test_prompts_are_read_one_after_the_other_then_a_token_of_each_in_turn(driver, pirate):
    seen: list[tuple[str, int]] = []

    def watch(event: Event) -> None:
        if isinstance(event, PrefillProgress | TokenSampled):
            seen.append((type(event).__name__, event.reply_id))

    driver.together([lane(0), lane(1, HOT.with_value("max_tokens", 2), pirate)], watch)
    reading = [reply_id for name, reply_id in seen if name == "PrefillProgress"]
    assert reading == sorted(reading)
    first, second = sorted(set(reading))
    assert seen[len(reading) :] == [
        ("TokenSampled", reply_id) for reply_id in [first, second] * 2 + [first] * 8
    ]


def test_lanes_of_one_model_read_their_prompt_once(driver, cold):
    requests = [lane(0, HOT), lane(1, PENALIZED, seed=2)]
    first, second = together = driver.together(requests)
    check(together, requests, cold)
    assert first.statistics.reused_tokens == 0
    assert second.statistics.read_tokens == 1
    assert [reply.statistics.written_at_once for reply in together] == [2, 2]
    assert driver.together(requests[:1])[0].statistics.written_at_once == 1


def test_what_a_lane_leaves_is_found_by_its_next_turn(driver, pirate):
    written = driver.together([lane(0), lane(1, HOT, pirate)])
    requests = [
        lane(0, messages=[*HELLO, written[0].message, Message("user", "Go on.")]),
        lane(1, HOT, pirate, [*HELLO, written[1].message, Message("user", "Go on.")]),
    ]
    for before, after in zip(written, driver.together(requests), strict=True):
        assert after.statistics.reused_tokens == before.statistics.context_tokens


class TestChanges:
    def test_a_change_is_its_lanes_own(self, driver, cold, pirate):
        """It counts from the second token on, as alone; and a replay gives the same."""
        requests = [lane(0), lane(1, HOT, pirate)]
        tokens: list[TokenSampled] = []

        def see(event: Event) -> None:
            if isinstance(event, TokenSampled):
                tokens.append(event)
                if len(tokens) == 4:
                    driver.engine.change(at(0.3, PENALIZED), lane=1)

        with on_engines_thread(driver, see):
            first, second = driver.together(requests)
        check([first], requests[:1], cold)
        strengths = [record.settings.adapter_strength for record in second.records]
        assert strengths == [1.0] * 3 + [0.3] * 7
        schedule = tuple(record.settings for record in second.records)
        assert alone(cold, replace(requests[1], schedule=schedule)).token_ids == second.token_ids

    def test_an_end_token_of_one_lane_ends_no_other(self, driver, cold):
        third = str(alone(cold, lane(0)).token_ids[2])
        ending = HOT.with_value("extra_eos_token", (third,))
        requests = [lane(0), lane(1, ending), lane(2)]
        together = driver.together(requests)
        check(together, requests, cold)
        assert [written.reason for written in together] == ["length", "stop", "length"]

    def test_words_of_other_lanes_are_none_of_the_panels(self, driver):
        words = HOT.with_value("extra_eos_token", ("<|nothing|>",))
        assert not driver.together([lane(0), lane(1, words)])[0].notes
        noted: list[Event] = []
        driver.together([lane(0, words), lane(1)], noted.append)
        assert [event.notes for event in noted if hasattr(event, "notes")]


class TestEnds:
    def test_one_that_is_over_leaves_the_others_going(self, driver, cold, pirate):
        requests = [lane(0, HOT.with_value("max_tokens", 3)), lane(1, HOT, pirate), lane(2, GREEDY)]
        check(driver.together(requests), requests, cold)

    def test_one_that_cannot_begin_leaves_the_others_going(self, driver, cold):
        requests = [lane(0, HOT, Path("/no/such/adapter")), lane(1), lane(2, model=5)]
        failed, written, unknown = driver.together(requests)
        assert "no adapter at /no/such/adapter" in failed.end.message
        assert "not loaded any more" in unknown.end.message
        check([written], requests[1:2], cold)

    def test_one_that_breaks_off_leaves_the_others_going(self, driver, cold, pirate):
        requests = [lane(0), lane(1, HOT, pirate)]
        broken: list[Event] = []

        def see(event: Event) -> None:
            if isinstance(event, TokenSampled) and len(broken) < 3:
                broken.append(event)
                if len(broken) == 3:
                    raise RuntimeError("the third token")

        with on_engines_thread(driver, see):
            first, second = driver.together(requests)
        assert isinstance(first.end, ReplyFailed)
        assert "the third token" in first.end.message
        assert len(first.records) == 1
        check([second], requests[1:], cold)
        again = driver.together(requests)
        check(again, requests, cold)

    def test_one_that_does_not_fit_leaves_the_others_going(self, tiny_short):
        with closing(Driver()) as driver:
            driver.load(tiny_short)
            long = [Message("user", "word " * 300), Message("assistant", "Yes."), *HELLO] * 2
            exceeded, written = driver.together(
                [lane(0, messages=long, overflow="ask"), lane(1, GREEDY)]
            )
            assert isinstance(exceeded.end, ContextExceeded)
            assert exceeded.end.limit == 512
            assert written.reason == "length"

    def test_a_stop_stops_all_and_leaves_the_engine_usable(self, driver, cold, pirate):
        endless = HOT.with_value("max_tokens", 10_000)
        requests = [lane(0, endless), lane(1, endless, pirate)]
        tokens: list[Event] = []

        def see(event: Event) -> None:
            tokens.extend([event] if isinstance(event, TokenSampled) else [])
            if len(tokens) == 6:
                driver.engine.cancel()

        with on_engines_thread(driver, see):
            stopped = driver.together(requests)
        assert [written.reason for written in stopped] == ["cancelled", "cancelled"]
        assert [len(written.records) for written in stopped] == [4, 4]
        again = [replace(request, settings=GREEDY) for request in requests]
        together = driver.together(again)
        assert all(written.statistics.read_tokens == 1 for written in together)
        for written, request in zip(together, again, strict=True):
            assert written.token_ids == alone(cold, request).token_ids

    def test_a_stop_while_a_later_prompt_is_read_draws_nothing(self, driver, pirate):
        def see(event: Event) -> None:
            if isinstance(event, PrefillProgress) and len({event.reply_id, *read}) == 2:
                driver.engine.cancel()
            read.add(getattr(event, "reply_id", 0))

        read: set[int] = set()
        with on_engines_thread(driver, see):
            stopped = driver.together([lane(0), lane(1, HOT, pirate)])
        assert [written.reason for written in stopped] == ["cancelled", "cancelled"]
        assert not any(written.records for written in stopped)


def test_a_question_between_two_tokens_changes_none(driver, cold, pirate):
    requests = [lane(0), lane(1, HOT, pirate)]
    asked: list[InspectRequest] = []
    answers: list[Event] = []

    def see(event: Event) -> None:
        if isinstance(event, TokenSampled) and not asked:
            asked.append(InspectRequest(90_001, HELLO, at(0.5), adapter=str(pirate)))
            driver.engine.inspect(asked[0])

    with on_engines_thread(driver, see):
        together = driver.together(requests, answers.append)
    check(together, requests, cold)
    forget(cold)
    told = [event.distribution for event in answers if isinstance(event, Inspected)]
    expected = cold.inspect(HELLO, at(0.5), adapter=str(pirate))
    assert [d.candidates[0].token_id for d in told] == [expected.candidates[0].token_id]


def test_twenty_random_switches_each_give_a_cold_engines_reply(driver, cold, pirate, poet):
    """Of how many lanes there are, and of the adapter, strength and turn of each."""
    rng = random.Random(23)
    turns: list[list[Message]] = [list(HELLO)] * 3
    for _ in range(20):
        requests = [
            lane(
                number,
                at(rng.choice([0.0, 0.5, 1.0, 1.7]), GREEDY),
                rng.choice([None, pirate, poet]),
                turns[number],
                seed=rng.randrange(1000),
            )
            for number in rng.sample(range(3), rng.choice([1, 2, 3]))
        ]
        for request, warm in zip(requests, driver.together(requests), strict=True):
            expected = alone(cold, request)
            assert expected.statistics.reused_tokens == 0
            assert warm.token_ids == expected.token_ids
            if rng.random() < 0.4:
                turns[request.lane] = [*request.messages, warm.message, Message("user", "Go on.")]


@pytest.mark.parametrize("kind", ["tiny_untrimmable", "tiny_sliding"])
def test_caches_of_other_kinds_stay_apart_too(kind, request, tmp_path):
    model = request.getfixturevalue(kind)
    keys = ["mixer.in_proj", "mixer.out_proj"] if kind == "tiny_untrimmable" else None
    adapter = build_adapter(tmp_path / "adapter", model, "lora", keys)
    story = [Message("user", "Once upon a time there was a ship. " * 8)]
    requests = [
        lane(0, GREEDY, None, story),
        lane(1, GREEDY, adapter, story),
        lane(2, HOT, None, story),
    ]
    with closing(Driver()) as driver, closing(Driver()) as cold:
        driver.load(model)
        cold.load(model)
        check(driver.together(requests), requests, cold)


@pytest.mark.real_model
def test_the_real_model_beside_itself_with_an_adapter(real, demo_model, tmp_path):
    adapter = build_adapter(tmp_path / "adapter", demo_model, layers=8)
    asked = [Message("user", "What is the capital of France?")]
    six = Settings(max_tokens=6)
    requests = [
        lane(0, six, None, asked),
        lane(1, six.with_value("temp", 1.0), adapter, asked),
        lane(2, at(0.3, six), adapter, asked),
    ]
    forget(real)
    together = real.together(requests)
    check(together, requests, real)
    assert "Paris" in together[0].text


def test_what_mlx_lm_leaves_behind_is_as_it_was():
    """Its contexts are left in the order of the replies' ends, not in that of their beginnings."""
    from mlxchat.engine import backend

    backend.prepare()
    import mlx.core as mx
    from mlx_lm.generate import generation_stream

    from mlxchat.engine.lanes import write_in_step

    within: list[mx.Stream] = []

    def reply(steps: int) -> Iterator[bool]:
        with mx.stream(generation_stream):
            for _ in range(steps):
                yield True
                within.append(mx.default_stream(mx.default_device()))

    before = mx.default_stream(mx.default_device())
    write_in_step([reply(2), reply(5), reply(3)], lambda: None)
    assert mx.default_stream(mx.default_device()) == before
    assert len(within) == 10
    assert all(stream == within[0] != before for stream in within)
