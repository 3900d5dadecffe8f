"""Predictions at a place of a conversation, on the real model."""

from __future__ import annotations

import pytest

from mlxchat.engine.interface import (
    ALTERNATIVES,
    Inspected,
    InspectRequest,
    Message,
    TokenSampled,
)
from mlxchat.settings.parameters import Settings
from tests.driving import Driver

QUESTION = [Message("user", "Name three colours of the sea.")]
FREE = Settings(temp=1.0, max_tokens=12)

pytestmark = pytest.mark.real_model


@pytest.mark.parametrize("place", [0, 5, 11])
def test_it_is_what_was_recorded_when_the_token_was_drawn(real, place):
    written = real.reply(QUESTION, FREE, seed=4)
    record = written.records[place]
    told = real.inspect(
        QUESTION, FREE, reply_ids=tuple(written.token_ids[:place]), also=(record.token_id,)
    )
    logprobs = {c.token_id: c.logprob for c in told.candidates}
    assert logprobs[record.token_id] == pytest.approx(record.logprob, abs=1e-3)
    for token_id, logprob in record.alternatives:
        assert logprobs[token_id] == pytest.approx(logprob, abs=1e-3)
    assert told.candidates[0].token_id == record.alternatives[0][0]
    assert told.candidates[0].text == real.engine.token_bytes(told.candidates[0].token_id).decode()


def test_what_was_recorded_agrees_with_a_cold_forward_pass(real, demo_model):
    """All alternatives, the entropy, and the probability of the draw under the filters."""
    settings = Settings(temp=0.8, top_p=0.9, min_p=0.01, repetition_penalty=1.2, max_tokens=12)
    written = real.reply(QUESTION, settings, seed=5)
    cold = Driver()
    try:
        cold.load(demo_model)
        for place in (0, 4, 11):
            record = written.records[place]
            told = cold.inspect(
                QUESTION,
                settings,
                reply_ids=tuple(written.token_ids[:place]),
                also=(record.token_id,),
            )
            by_id = {candidate.token_id: candidate for candidate in told.candidates}
            assert len(record.alternatives) == ALTERNATIVES
            for token_id, logprob in record.alternatives:
                assert by_id[token_id].logprob == pytest.approx(logprob, abs=1e-3)
            assert told.entropy_before == pytest.approx(record.entropy, abs=1e-3)
            assert by_id[record.token_id].after == pytest.approx(record.drawn_prob, abs=1e-3)
    finally:
        cold.close()


def test_the_settings_are_those_of_the_question(real):
    wide = real.inspect(QUESTION, FREE)
    narrow = real.inspect(QUESTION, Settings(temp=1.0, top_k=2))
    greedy = real.inspect(QUESTION, Settings())
    assert wide.kept == wide.vocabulary
    assert (narrow.kept, greedy.kept) == (2, 1)
    assert narrow.candidates[2].cut_by == "top_k"
    assert [c.token_id for c in narrow.candidates] == [c.token_id for c in wide.candidates]
    assert greedy.entropy_after == 0 < narrow.entropy_after <= 1 < wide.entropy_after


def test_looking_takes_nothing_from_the_cache_and_changes_no_reply(real):
    first = real.reply(QUESTION, FREE, seed=9)
    held = real.count(QUESTION).cached_tokens
    real.inspect(QUESTION, FREE, reply_ids=tuple(first.token_ids[:3]))
    real.inspect([Message("user", "Something else.")], Settings(temp=1, xtc_probability=0.5))
    assert real.count(QUESTION).cached_tokens == held
    again = real.reply(QUESTION, FREE, seed=9)
    assert again.token_ids == first.token_ids
    assert again.statistics.read_tokens == 1


def test_a_long_unread_prompt_is_not_read_unasked(real):
    long = [Message("user", "word " * 400)]
    engine = real.engine
    real.reply(QUESTION, FREE, seed=1)
    engine.inspect(InspectRequest(10_001, long, FREE, most_new=256))
    engine.count(10_002, QUESTION)
    events = real._until(lambda e: getattr(e, "request_id", 0) == 10_002)
    assert not any(isinstance(event, Inspected) for event in events)


def test_a_reply_goes_before_a_question(real):
    seen: list[object] = []
    real.engine.inspect(InspectRequest(20_001, [Message("user", "word " * 3000)], FREE))
    written = real.reply(QUESTION, FREE, seed=2, watch=seen.append)
    assert len(written.records) == 12
    assert any(isinstance(event, TokenSampled) for event in seen)
    assert not any(isinstance(event, Inspected) for event in seen)


def test_a_question_is_answered_in_the_middle_of_a_reply(real):
    """From the reply's own caches: nothing but the token at the place is read again, and the reply
    is the one that it would have been."""
    settings = Settings(temp=1.0, max_tokens=40)
    plain = real.reply(QUESTION, settings, seed=6)
    answers: list[tuple[int, Inspected]] = []
    seen = [0]

    def ask(event: object) -> None:
        if isinstance(event, TokenSampled):
            seen[0] += 1
            if seen[0] == 10:
                place = tuple(plain.token_ids[:5])
                real.engine.inspect(InspectRequest(30_001, QUESTION, FREE, reply_ids=place))
        elif isinstance(event, Inspected):
            answers.append((seen[0], event))

    disturbed = real.reply(QUESTION, settings, seed=6, watch=ask)
    assert disturbed.token_ids == plain.token_ids
    [(when, answer)] = answers
    assert when < 40
    best = answer.distribution.candidates[0]
    assert best.token_id == plain.records[5].alternatives[0][0]
    assert best.logprob == pytest.approx(plain.records[5].alternatives[0][1], abs=1e-3)
