"""Wrapping by cells."""

from __future__ import annotations

from hypothesis import example, given, settings
from hypothesis import strategies as st

from mlxchat.render.lines import Span
from mlxchat.render.safe import visible
from mlxchat.render.wrap import TOO_WIDE, wrap, wrap_code

texts = st.text(alphabet="ab cd  中文，（é👍🏽e\u0301\u200d❤\ufe0fไ.\n🇩🇪", max_size=60).map(visible)
spans = st.lists(st.builds(Span, texts, st.sampled_from(["", "strong", "link"])), max_size=5)


def texts_of(text: str, width: int) -> list[str]:
    return [line.text for line in wrap([Span(text)], width)]


def test_words_and_long_words() -> None:
    assert texts_of("one two three", 7) == ["one two", "three"]
    assert texts_of("abcdefghij kl", 4) == ["abcd", "efgh", "ij", "kl"]
    assert texts_of("x abcdefgh", 4) == ["x", "abcd", "efgh"]


def test_wide_characters_break_anywhere_but_before_punctuation() -> None:
    assert texts_of("小说中的关系", 4) == ["小说", "中的", "关系"]
    assert texts_of("小说中，的关系", 6) == ["小说", "中，的", "关系"]


def test_a_character_wider_than_the_line_is_replaced() -> None:
    assert texts_of("中a", 1) == [TOO_WIDE, "a"]


def test_roles_are_kept() -> None:
    lines = wrap([Span("one two ", "a"), Span("three four", "b")], 9)
    assert [line.spans for line in lines] == [
        (Span("one two", "a"),),
        (Span("three", "b"),),
        (Span("four", "b"),),
    ]


def test_newlines_break() -> None:
    assert texts_of("a\nb\n\nc", 10) == ["a", "b", "", "c"]


def test_an_emoji_family_stays_together() -> None:
    assert texts_of("👨\u200d👩\u200d👧👨\u200d👩\u200d👧", 2) == ["👨\u200d👩\u200d👧"] * 2


@given(spans, st.integers(1, 12))
@settings(deadline=None, max_examples=400)
@example([Span("❤"), Span("\u0301\ufe0f")], 1)
def test_nothing_is_too_wide_and_nothing_is_lost(given_spans: list[Span], width: int) -> None:
    source = "".join(span.text for span in given_spans)
    lines = wrap(given_spans, width)
    assert all(line.width <= width for line in lines)
    if width > 1:
        assert "".join("".join(line.text for line in lines).split()) == "".join(source.split())


@given(texts.map(lambda text: text.replace("\n", "")), st.integers(2, 12))
@settings(deadline=None)
def test_code_keeps_every_character(text: str, width: int) -> None:
    lines = wrap_code([Span(text, "code")], width)
    assert "".join(line.text for line in lines) == text
    assert all(line.width <= width for line in lines)


@given(st.lists(texts, max_size=6).map("".join), st.integers(2, 12))
@settings(deadline=None)
def test_going_on_from_the_last_line_gives_the_same(text: str, width: int) -> None:
    text = " ".join(text.split())
    *settled, last = wrap([Span(text)], width)
    whole = wrap([Span(text + " more 文 words")], width)
    resumed = settled + wrap([*last.spans, Span(" more 文 words")], width)
    assert [line.text for line in resumed] == [line.text for line in whole]
