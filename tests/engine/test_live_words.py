"""Bias, stop strings and end tokens on the real model: live, consistent with the next turn."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from mlxchat.engine.interface import Event, Message, TokenSampled
from mlxchat.settings.parameters import Settings
from tests.driving import Driver

pytestmark = pytest.mark.real_model

FRANCE = [Message("user", "What is the capital of France?")]
COUNT = [Message("user", "Count from one to twenty.")]
GREEDY = Settings(max_tokens=12)
BAN = -math.inf


@pytest.fixture(scope="module")
def cold(demo_model: Path) -> Iterator[Driver]:
    """An engine that is asked for nothing but the second turn."""
    driver = Driver()
    driver.load(demo_model)
    yield driver
    driver.close()


def with_words(**words: object) -> Settings:
    return Settings.from_mapping({"max_tokens": 12, **words})  # type: ignore[dict-item]


def changed_at(
    driver: Driver, number: int, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> Callable[[], None]:
    """Change the settings on the engine's thread as this token is sent."""
    worker, sent = driver.engine._worker, []
    send = worker._emit

    def send_and_change(event: Event) -> None:
        send(event)
        sent.append(isinstance(event, TokenSampled))
        if sum(sent) == number and sent[-1]:
            driver.engine.change(settings)

    monkeypatch.setattr(worker, "_emit", send_and_change)
    return monkeypatch.undo


class TestBias:
    @pytest.mark.parametrize("word", ["Paris", " Paris", 7042, "ĠParis"])
    def test_a_ban(self, real, word):
        if isinstance(word, int):
            word = real.engine._worker._model().tokenizer.encode(" Paris")[0]
        written = real.reply(FRANCE, with_words(logit_bias=((word, BAN),)))
        assert written.text.startswith("The capital of France is")
        assert "Paris" not in written.text
        assert written.notes == {}

    def test_a_word_stands_for_itself_and_for_itself_after_a_space(self, real):
        words = real.engine._worker._model().words
        encode = real.engine._worker._model().tokenizer.encode
        ids = [encode(text)[0] for text in ("Paris", " Paris")]
        assert words.bias((("Paris", 2.0),)) == dict.fromkeys(ids, 2.0)
        assert words.bias(((" Paris", 2.0),)) == {ids[1]: 2.0}
        both = words.bias((("Paris", 2.0), (ids[1], -0.5), ("<|im_end|>", BAN)))
        assert both == {ids[0]: 2.0, ids[1]: 1.5, encode("<|im_end|>")[0]: BAN}

    def test_what_is_no_token_is_said_until_it_is_gone(self, real):
        odd = with_words(logit_bias=(("xylophone", 1.0), (10**6, 1.0), ("Paris", 0.0)))
        said = real.reply(FRANCE, odd).notes["logit_bias"]
        assert '"xylophone" is 3 tokens' in said[0]
        assert "it gets no bias" in said[0]
        assert "no token 1000000 (the last one is 49151)" in said[1]
        assert len(said) == 2
        assert real.reply(FRANCE, odd).notes == {}
        seen: list[Event] = []
        real.reply(FRANCE, GREEDY, watch=seen.append)
        assert [event.notes for event in seen if hasattr(event, "notes")] == [{}]

    def test_one_form_alone_is_said(self, real):
        encode = real.engine._worker._model().tokenizer.encode
        candidates = ("capital", "government", "nevertheless", "Monday", "quickly")
        word = next(w for w in candidates if (len(encode(w)), len(encode(f" {w}"))) == (2, 1))
        written = real.reply(FRANCE, with_words(logit_bias=((word, 0.0),)))
        assert f'" {word}" is biased; "{word}" is 2 tokens' in written.notes["logit_bias"][0]
        real.reply(FRANCE, GREEDY)

    def test_a_change_counts_from_the_second_token(self, real, monkeypatch):
        plain = real.reply(COUNT, Settings(max_tokens=24))
        two = plain.token_ids[8]
        after = Settings(max_tokens=24, logit_bias=((two, 100.0),))
        undo = changed_at(real, 4, after, monkeypatch)
        written = real.reply(COUNT, Settings(max_tokens=24))
        undo()
        assert written.token_ids[:5] == plain.token_ids[:5]
        assert written.token_ids[5:] == [two] * 19
        assert [bool(r.settings.logit_bias) for r in written.records] == [False] * 5 + [True] * 19

    def test_the_next_token_is_told_with_it(self, real):
        def likeliest(settings: Settings) -> str:
            return real.inspect(FRANCE, settings, reply_ids=ids).candidates[0].text

        ids = tuple(real.reply(FRANCE, GREEDY).token_ids[:5])
        assert likeliest(GREEDY) == " Paris"
        assert likeliest(with_words(logit_bias=(("Paris", BAN),))) != " Paris"
        assert likeliest(with_words(logit_bias=(("London", 100.0),))).strip() == "London"


class TestStopStrings:
    def test_the_reply_ends_before_it(self, real):
        plain = real.reply(FRANCE, GREEDY)
        for stop in ("of Fr", " is Paris", ".", "The"):
            written = real.reply(FRANCE, with_words(stop_strings=("never", stop)))
            assert written.text == plain.text[: plain.text.index(stop)]
            assert written.reason == "stop"
            assert written.token_ids == plain.token_ids[: len(written.token_ids)]

    def test_what_does_not_come_changes_nothing(self, real):
        plain = real.reply(FRANCE, GREEDY)
        held = real.reply(FRANCE, with_words(stop_strings=(" of Fra!", "Paris.\n", "s.x")))
        assert [r.text for r in held.records] == [r.text for r in plain.records]
        assert (held.text, held.end.unspoken) == (plain.text, 1)
        cut = real.reply(FRANCE, Settings(max_tokens=6, stop_strings=(" Paris.",)))
        assert (cut.text, cut.reason) == ("The capital of France is Paris", "length")

    @pytest.mark.parametrize("stop", ["1", "2 ", "he ", "ran", " is", "is.", "cial"])
    def test_the_next_turn_is_that_of_a_cold_start(self, real, cold, stop):
        """At the border of two tokens, within one, and after a space that waits for a word."""
        question = COUNT if stop in ("1", "2 ", "cial") else FRANCE
        written = real.reply(question, with_words(stop_strings=(stop,)))
        assert written.text
        assert written.end.unspoken
        rows = [*question, written.message, Message("user", "Go on.")]
        warm = real.reply(rows, Settings(max_tokens=8))
        assert warm.token_ids == cold.reply(rows, Settings(max_tokens=8)).token_ids
        assert warm.statistics.read_tokens < 20
        text_only = [question[0], Message("assistant", written.text), rows[2]]
        assert decoded(cold, rows) == decoded(cold, text_only)
        assert f"{written.text.lstrip()}<|im_end|>" in decoded(cold, rows)

    def test_characters_of_several_tokens(self, real):
        asked = [Message("user", "Repeat after me: 小说中的关系")]
        plain = real.reply(asked, Settings(max_tokens=30), prefill="小说中的关系是")
        text = plain.text
        assert len(text) < len(plain.token_ids), "no character of several tokens came"
        stop = text[3:5]
        settings = Settings(max_tokens=30, stop_strings=(stop,))
        written = real.reply(asked, settings, prefill="小说中的关系是")
        assert (written.text, written.reason) == (text[: text.index(stop)], "stop")
        assert "\N{REPLACEMENT CHARACTER}" not in written.text
        decode = real.engine._worker._model().tokenizer.decode
        assert written.text.startswith(decode(list(written.message.token_ids)))

    def test_a_change_counts_at_once(self, real, monkeypatch):
        plain = real.reply(COUNT, Settings(max_tokens=40))
        stop = plain.text[35:38]
        assert stop.strip()
        after = Settings(max_tokens=40, stop_strings=(stop,))
        undo = changed_at(real, 8, after, monkeypatch)
        written = real.reply(COUNT, Settings(max_tokens=40))
        undo()
        assert written.reason == "stop"
        assert 8 < len(written.token_ids) < len(plain.token_ids) - 1
        assert written.token_ids == plain.token_ids[: len(written.token_ids)]
        rest = plain.text[len("".join(r.text for r in plain.records[:8])) :]
        assert written.text == plain.text[: len(plain.text) - len(rest) + rest.index(stop)]


class TestEndTokens:
    @pytest.mark.parametrize("word", ["Ġof", " of", "3"])
    def test_a_reply_ends_there(self, real, word):
        plain = real.reply(FRANCE, GREEDY)
        of = plain.token_ids[2]
        word = str(of) if word == "3" else word
        written = real.reply(FRANCE, with_words(extra_eos_token=(word,)))
        assert (written.text, written.reason) == ("The capital", "stop")
        assert written.token_ids == plain.token_ids[:3]
        assert written.end.unspoken == 1
        assert real.reply(FRANCE, GREEDY).text == plain.text

    def test_the_next_turn_is_that_of_a_cold_start(self, real, cold):
        written = real.reply(FRANCE, with_words(extra_eos_token=("Ġof",)))
        rows = [*FRANCE, written.message, Message("user", "Go on.")]
        assert real.reply(rows, GREEDY).token_ids == cold.reply(rows, GREEDY).token_ids
        assert decoded(cold, rows).count("The capital<|im_end|>") == 1

    def test_an_earlier_reply_with_that_token_at_its_end_stays_whole(self, real):
        cut = real.reply(FRANCE, Settings(max_tokens=3))
        assert cut.text == "The capital of"
        rows = [*FRANCE, cut.message, Message("user", "Go on.")]
        before = real.count(rows).prompt_tokens
        real.reply(FRANCE, with_words(extra_eos_token=("Ġof",)))
        assert real.count(rows).prompt_tokens == before

    def test_a_change_counts_at_once(self, real, monkeypatch):
        plain = real.reply(COUNT, Settings(max_tokens=40))
        later = next(i for i in plain.token_ids[10:] if i not in plain.token_ids[:10])
        after = Settings(max_tokens=40, extra_eos_token=(str(later),))
        undo = changed_at(real, 8, after, monkeypatch)
        written = real.reply(COUNT, Settings(max_tokens=40))
        undo()
        assert written.reason == "stop"
        assert written.token_ids == plain.token_ids[: plain.token_ids.index(later) + 1]

    def test_what_is_no_token_is_said(self, real):
        written = real.reply(FRANCE, with_words(extra_eos_token=("<|nothing|>", "9" * 9)))
        said = written.notes["extra_eos_token"]
        assert '"<|nothing|>" is' in said[0]
        assert "it ends no reply" in said[0]
        assert "no token 999999999" in said[1]
        assert written.text == "The capital of France is Paris."
        real.reply(FRANCE, GREEDY)

    def test_xtc_never_removes_it(self, real):
        """As in mlx_lm.generate, where extra end tokens are among the special ones."""
        loaded = real.engine._worker._model()
        of = loaded.tokenizer.convert_tokens_to_ids("Ġof")
        assert of in loaded.xtc_special_tokens(Settings(extra_eos_token=("Ġof",)))
        assert of not in loaded.xtc_special_tokens(Settings())


def decoded(driver: Driver, messages: list[Message]) -> str:
    """The prompt of these messages as text."""
    from mlxchat.engine.prompt import build_prompt

    loaded = driver.engine._worker._model()
    ids = build_prompt(loaded.tokenizer, messages, loaded.spec).token_ids
    return str(loaded.tokenizer.decode(ids))


def test_a_change_while_nothing_is_written_is_looked_up(real):
    real.engine.change(with_words(logit_bias=(("xylophone", 1.0),)))
    event = real._until(lambda e: hasattr(e, "notes"))[-1]
    assert "xylophone" in event.notes["logit_bias"][0]
    real.engine.change(GREEDY)
    assert real._until(lambda e: hasattr(e, "notes"))[-1].notes == {}
