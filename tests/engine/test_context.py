"""Conversations that do not fit into the model, on a tiny one whose limit is 512 tokens."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlxchat.engine.context import (
    STEP_SHARE,
    ContextUse,
    excess,
    first_that,
    most_prompt_tokens,
    to_drop,
    turn_starts,
    without_oldest,
)
from mlxchat.engine.interface import ContextExceeded, Message, ReplyFailed
from mlxchat.settings.parameters import Settings
from tests.driving import Driver, Written

LIMIT = 512
MOST = most_prompt_tokens(LIMIT)
SYSTEM = Message("system", "Be brief.")
GREEDY = Settings(max_tokens=8)


@pytest.fixture(scope="module")
def short(tiny_short) -> Iterator[Driver]:
    driver = Driver()
    assert driver.load(tiny_short).context_limit == LIMIT
    yield driver
    driver.close()


@pytest.fixture
def cold() -> Iterator[Driver]:
    driver = Driver()
    yield driver
    driver.close()


def talk(driver: Driver, turns: int, overflow="window", words: str = "") -> list:
    """A conversation of so many turns: (its messages up to the question, the reply) for each."""
    messages = [SYSTEM]
    said: list[tuple[list[Message], Written]] = []
    for number in range(turns):
        messages.append(Message("user", f"This is question {number} of many. {words}"))
        written = driver.reply(messages, GREEDY, overflow=overflow)
        said.append((list(messages), written))
        if not written.progress:
            break
        messages.append(written.message)
    return said


class TestWindow:
    def test_it_slides_seldom_and_reuses_the_cache_between(self, short):
        """Every prompt leaves room; between two slides a turn reads its own message only."""
        said = talk(short, 30)
        left_out = [written.left_out for _, written in said]
        slides = [n for n, (a, b) in enumerate(pairwise(left_out), 1) if a != b]
        assert left_out == sorted(left_out)
        assert left_out[-1] > 20
        assert 3 <= len(slides) <= 30 / 4
        for number, (_, written) in enumerate(said[1:], 1):
            assert written.statistics.prompt_tokens <= MOST
            assert written.reason == "length"
            before = said[number - 1][1].statistics.context_tokens
            if number in slides:
                assert written.statistics.reused_tokens < before / 2
            else:
                assert written.statistics.reused_tokens == before

    def test_whole_turns_fall_out_and_the_system_prompt_stays(self, short, cold, tiny_short):
        """At temp 0 the answer is that of a cold engine that was given the rest alone."""
        cold.load(tiny_short)
        checked = set()
        for messages, written in talk(short, 40):
            if written.left_out in checked:
                continue
            checked.add(written.left_out)
            rest = without_oldest(messages, written.left_out)
            roles = [message.role for message in rest]
            assert rest[0] == SYSTEM
            assert roles[1::2] == ["user"] * len(roles[1::2])
            assert roles[2::2] == ["assistant"] * len(roles[2::2])
            alone = cold.reply(rest, GREEDY)
            assert alone.token_ids == written.token_ids
            assert alone.statistics.prompt_tokens == written.statistics.prompt_tokens
        assert len(checked) >= 3

    def test_the_same_falls_out_again_at_a_retry_and_where_a_reply_goes_on(self, short):
        messages, written = talk(short, 20)[-1]
        assert written.left_out
        again = short.reply(messages, GREEDY, overflow="window")
        assert (again.left_out, again.token_ids) == (written.left_out, written.token_ids)
        for settings in (Settings(max_tokens=12), Settings(max_tokens=200)):
            more = short.reply(messages, settings, reply_ids=written.token_ids, overflow="window")
            assert more.left_out == written.left_out
        assert more.statistics.reused_tokens >= written.statistics.prompt_tokens

    def test_a_reply_that_filled_the_context_goes_on_with_less_before_it(self, short):
        messages, _ = talk(short, 20)[-1]
        full = short.reply(messages, Settings(max_tokens=-1), overflow="window")
        assert full.reason == "context"
        assert full.statistics.context_tokens == LIMIT
        longer = Settings(max_tokens=len(full.token_ids) + 8)
        more = short.reply(messages, longer, reply_ids=full.token_ids, overflow="window")
        assert more.left_out > full.left_out
        assert more.reason == "length"

    def test_a_reply_that_is_over_already_tells_what_it_left_out(self, short):
        messages, written = talk(short, 20)[-1]
        over = short.reply(messages, GREEDY, reply_ids=written.token_ids, overflow="window")
        assert over.records == []
        assert over.left_out == written.left_out > 0

    def test_a_count_tells_what_would_be_sent(self, short):
        messages, written = talk(short, 20)[-1]
        counted = short.count(messages, "window")
        assert counted.prompt_tokens == written.statistics.prompt_tokens
        assert counted.left_out == written.left_out
        assert counted.cached_tokens == counted.prompt_tokens - 1
        whole = short.count(messages)
        assert (whole.left_out, whole.prompt_tokens) == (0, counted.whole_tokens)
        assert whole.prompt_tokens > LIMIT


class TestStop:
    def test_a_conversation_that_does_not_fit_says_what_to_do(self, short):
        messages, _ = talk(short, 20)[-1]
        failed = short.reply(messages, GREEDY)
        assert isinstance(failed.end, ReplyFailed)
        count = short.count(messages).prompt_tokens
        for words in (f"{count} tokens", str(LIMIT), "/context window", "/context summary"):
            assert words in failed.end.message
        assert failed.end.message.count(". ") == 0
        assert failed.progress == []

    def test_the_tokenizer_writes_nothing_onto_the_screen(self, cold, tiny_short, capfd):
        """It has a limit of its own, 8192 tokens here, and would warn."""
        cold.load(tiny_short)
        assert "9,017 tokens" in cold.reply([SYSTEM, Message("user", " a" * 9000)]).end.message
        assert "longer than" not in "".join(capfd.readouterr())

    def test_a_reply_ends_where_the_limit_is(self, short):
        written = short.reply([SYSTEM, Message("user", "Go on for ever.")], Settings(max_tokens=-1))
        assert written.reason == "context"
        assert written.statistics.context_tokens == LIMIT
        length = short.reply(
            [SYSTEM, Message("user", "Go on for ever.")],
            Settings(max_tokens=written.statistics.reply_tokens),
        )
        assert length.reason == "length"

    def test_it_writes_while_there_is_any_room(self, short):
        """Beyond what is comfortable; the next token too many is refused."""
        for prompt in (MOST, (MOST + LIMIT) // 2, *range(LIMIT - 4, LIMIT + 2)):
            messages = filled(short, prompt)
            if short.count(messages).prompt_tokens >= LIMIT:
                break
            written = short.reply(messages, Settings(max_tokens=-1))
            assert written.statistics.context_tokens == LIMIT
        assert isinstance(short.reply(messages, GREEDY).end, ReplyFailed)


def filled(driver: Driver, tokens: int) -> list[Message]:
    """Three messages whose prompt has about so many tokens."""
    messages = [Message("user", "One"), Message("assistant", "Two"), Message("user", "Three")]
    missing = tokens - driver.count(messages).prompt_tokens
    return [*messages[:2], Message("user", "Three" + " a" * missing)]


class TestAsk:
    def test_the_person_is_asked_before_anything_is_read(self, short):
        said = talk(short, 20, "ask")
        messages, held = next((m, w) for m, w in said if not w.progress)
        assert isinstance(held.end, ContextExceeded)
        assert held.records == []
        assert MOST < held.end.prompt_tokens < LIMIT
        assert held.end.limit == LIMIT
        windowed = short.reply(messages, GREEDY, overflow="window")
        assert windowed.left_out == held.end.left_out
        assert windowed.statistics.prompt_tokens == held.end.window_tokens

    def test_nobody_is_asked_where_there_is_nothing_to_choose(self, short):
        only = [SYSTEM, Message("user", " a" * 440)]
        assert short.count(only).prompt_tokens > MOST
        assert short.reply(only, GREEDY, overflow="ask").reason == "length"

    @pytest.mark.parametrize("overflow", ["ask", "window", "stop"])
    def test_a_message_that_is_too_long_by_itself(self, short, overflow):
        messages = [SYSTEM, Message("user", "Hi"), Message("assistant", "Ho")]
        messages.append(Message("user", " a" * 600))
        failed = short.reply(messages, GREEDY, overflow=overflow)
        assert isinstance(failed.end, ReplyFailed)
        assert str(LIMIT) in failed.end.message
        assert failed.end.too_long == (overflow != "stop")
        if overflow != "stop":
            assert "system prompt and the last message alone have" in failed.end.message
        alone = short.reply([Message("user", " a" * 600)], GREEDY, overflow=overflow)
        assert "The last message alone has" in alone.end.message
        assert alone.end.too_long
        begun = short.reply(" a" * 200, GREEDY, prefill=" b" * 320, overflow=overflow)
        assert "the start of the reply" in begun.end.message

    def test_a_reply_with_a_room_of_its_own_leaves_out_no_more_than_it_must(self, short):
        said = talk(short, 30, overflow="ask")
        messages, _ = said[-1]
        usual = short.reply(messages, GREEDY, overflow="window")
        whole = short.reply(messages, GREEDY, overflow="window", room=8)
        assert usual.left_out > 2
        assert whole.left_out == 0
        room = LIMIT - whole.statistics.prompt_tokens + 1
        assert short.reply(messages, GREEDY, overflow="window", room=room).left_out == 2


class TestOddCaches:
    def test_a_cache_of_limited_size_is_a_limit(self, cold, tiny_qwen):
        """mlx_lm would drop the system prompt from it and say nothing."""
        info = cold.load(tiny_qwen, max_kv_size=200)
        assert info.context_limit == 200
        said = talk(cold, 14)
        assert said[-1][1].left_out
        for number, (_, written) in enumerate(said):
            assert written.statistics.context_tokens <= 200
            if number and written.left_out == said[number - 1][1].left_out:
                before = said[number - 1][1].statistics.context_tokens
                assert written.statistics.reused_tokens == before

    def test_a_cache_of_limited_size_holds_drafts_too(self, cold, tiny_qwen):
        cold.load(tiny_qwen)
        long = Settings(max_tokens=250)
        plain = cold.reply("Hello", long)
        drafts = {"draft_model": str(tiny_qwen), "num_draft_tokens": 4}
        assert cold.load(tiny_qwen, max_kv_size=205, **drafts).context_limit == 200
        drafted = cold.reply("Hello", long)
        assert drafted.reason == "context"
        assert drafted.statistics.context_tokens == 200
        assert drafted.token_ids == plain.token_ids[: len(drafted.token_ids)]

    def test_a_draft_models_limit_does_not_count(self, cold, tiny_short, tiny_model):
        info = cold.load(tiny_model, draft_model=str(tiny_short))
        assert info.context_limit == 8192
        assert cold.reply("Hello", Settings(max_tokens=300)).reason in ("length", "stop")

    def test_sliding_windows_of_the_models_own(self, cold, tiny_sliding):
        """They may drop what is old: the model was trained so."""
        info = cold.load(tiny_sliding, max_kv_size=64)
        assert info.context_limit == 8192

    def test_a_model_without_a_limit(self, cold, tiny_untrimmable):
        assert cold.load(tiny_untrimmable).context_limit is None
        messages = [SYSTEM, Message("user", "a " * 300)]
        assert cold.reply(messages, GREEDY, overflow="ask").reason == "length"

    def test_the_window_of_a_cache_that_cannot_be_cut(self, cold, tiny_untrimmable):
        info = cold.load(tiny_untrimmable)
        object.__setattr__(info, "context_limit", LIMIT)  # no such model names one
        said = talk(cold, 24)
        lefts = [written.left_out for _, written in said]
        assert lefts[-1]
        for number, (_, written) in enumerate(said[1:], 1):
            if lefts[number] == lefts[number - 1]:
                before = said[number - 1][1].statistics
                assert written.statistics.reused_tokens >= before.prompt_tokens - 1


# The arithmetic


def test_levels():
    most = most_prompt_tokens(8192)
    levels = [ContextUse(used, 8192).level for used in (0, most // 2, most, most + 1, 9000)]
    assert levels == ["fine", "fine", "near", "full", "full"]
    assert ContextUse(10**9, None).level == "fine"
    assert ContextUse(2048, 8192).share == 0.25


def test_the_window_begins_with_what_the_person_said():
    rows = [SYSTEM, Message("assistant", "a"), Message("user", "b"), Message("user", "c")]
    assert turn_starts(rows) == [1, 2, 3]
    assert turn_starts(rows[1:]) == [0, 1, 2]
    assert [m.content for m in without_oldest(rows, 1)] == ["Be brief.", "b", "c"]
    assert without_oldest(rows, 0) == rows


@given(st.lists(st.integers(1, 60), min_size=1, max_size=60), st.integers(100, 2000))
def test_turn_after_turn_the_window_only_moves_in_whole_steps(costs, limit):
    """What is left fits, and as many turns as a step has room for go by between two slides."""
    most = most_prompt_tokens(limit)
    places = []
    for count in range(1, len(costs) + 1):
        over = excess(sum(costs[:count]), 0, limit)
        wanted = to_drop(over, limit) if over > 0 else 0
        place = next((n for n in range(count) if sum(costs[:n]) >= wanted), count - 1)
        assert sum(costs[place:count]) <= most or place == count - 1
        places.append(place)
    assert places == sorted(places)
    slides = sum(a != b for a, b in pairwise(places))
    assert slides <= 1 + sum(costs) // (most // STEP_SHARE)


@given(st.integers(1, 200), st.data())
def test_the_first_is_found_whatever_is_guessed(last, data):
    first, guess = data.draw(st.integers(1, last)), data.draw(st.integers(-2, 210))
    tried = []
    found = first_that(lambda n: tried.append(n) or n >= first, last, guess)
    assert found == first
    assert len(tried) <= 12
    if guess == first:
        assert len(tried) <= 2
