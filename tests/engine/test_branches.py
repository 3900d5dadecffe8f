"""Replies that go on from exact tokens, on the real model."""

from __future__ import annotations

import pytest

from mlxchat.engine.interface import Message
from mlxchat.settings.parameters import Settings

QUESTION = [Message("user", "Tell me one thing about the sea.")]
GREEDY = Settings(max_tokens=24)

pytestmark = pytest.mark.real_model


def test_only_the_divergent_token_is_read(real):
    old = real.reply(QUESTION, GREEDY)
    place = 7
    other = old.records[place].alternatives[1][0]
    kept = (*old.token_ids[:place], other)
    branch = real.reply(QUESTION, GREEDY, reply_ids=kept)
    assert branch.statistics.read_tokens == 1
    assert branch.statistics.reused_tokens >= place
    assert len(branch.records) == 24 - len(kept)
    assert branch.token_ids != old.token_ids[len(kept) :]


def test_going_on_where_a_reply_was_cut_gives_what_it_would_have_said(real):
    """The text too: a word that begins with a space keeps it, and nothing is spelled twice."""
    whole = real.reply(QUESTION, GREEDY)
    for cut in (1, 4, 13):
        rest = real.reply(QUESTION, GREEDY, reply_ids=whole.token_ids[:cut])
        assert rest.token_ids == whole.token_ids[cut:]
        assert rest.text == "".join(record.text for record in whole.records[cut:])


def test_a_character_that_is_cut_in_two_is_spelled_whole(real):
    question = [Message("user", "Repeat: 海龟🐢 海龟🐢 海龟🐢")]
    prefill = "海龟🐢"
    whole = real.reply(question, Settings(max_tokens=20), prefill=prefill)
    half = next(n for n, record in enumerate(whole.records) if not record.text)
    cut = half + 1
    rest = real.reply(
        question, Settings(max_tokens=20), prefill=prefill, reply_ids=whole.token_ids[:cut]
    )
    assert rest.token_ids == whole.token_ids[cut:]
    assert rest.text == "".join(record.text for record in whole.records[cut:])
    assert "\ufffd" not in rest.text


def test_an_end_token_ends_it_at_once(real):
    question = [Message("user", "Answer with one word: is the sea wet?")]
    old = real.reply(question, Settings(max_tokens=60))
    assert old.reason == "stop"
    ended = real.reply(question, GREEDY, reply_ids=(old.token_ids[0], old.token_ids[-1]))
    assert (ended.reason, ended.records) == ("stop", [])


def test_penalties_see_what_was_kept(real):
    """A branch draws what the same tokens would have been followed by in one go."""
    settings = Settings(temp=0.0, repetition_penalty=1.5, repetition_context_size=30, max_tokens=24)
    whole = real.reply(QUESTION, settings)
    rest = real.reply(QUESTION, settings, reply_ids=whole.token_ids[:10])
    assert rest.token_ids == whole.token_ids[10:]


def test_spelling(real):
    old = real.reply(QUESTION, GREEDY)
    assert "".join(real.engine.spell(old.token_ids)) == old.text
    bytes_of = [real.engine.token_bytes(token_id) for token_id in old.token_ids]
    assert b"".join(bytes_of).decode() == old.text
    half = [real.engine.token_bytes(token_id) for token_id in range(500)]
    assert b"\xe2\x80" in half or b"\xe2" in half
    assert real.engine.token_bytes(0) == b"<|endoftext|>"


def test_the_end_tokens_are_those_of_the_branch_itself(real):
    """Not those that mlx_lm was told for the reply before."""
    old = real.reply(QUESTION, GREEDY)
    word = real.engine.token_bytes(old.token_ids[5]).decode()
    extra = GREEDY.with_value("extra_eos_token", (word,))
    assert len(real.reply(QUESTION, extra).records) <= 6
    assert real.reply(QUESTION, GREEDY, reply_ids=old.token_ids[:6]).records
    ended = real.reply(QUESTION, extra, reply_ids=old.token_ids[:6])
    assert (ended.reason, ended.records) == ("stop", [])


def test_what_is_kept_counts_towards_the_length(real):
    old = real.reply(QUESTION, GREEDY)
    full = real.reply(QUESTION, Settings(max_tokens=6), reply_ids=old.token_ids[:6])
    assert (full.reason, full.records) == ("length", [])
    one = real.reply(QUESTION, Settings(max_tokens=7), reply_ids=old.token_ids[:6])
    assert (one.reason, len(one.records)) == ("length", 1)
