"""Where two replies part, which words differ, and where one model moved from another."""

from __future__ import annotations

import math

import pytest
from hypothesis import given

from mlxchat.conversation.difference import first_difference, moved, word_diff
from mlxchat.conversation.entries import Reply
from mlxchat.conversation.token_list import TokenList
from mlxchat.conversation.vote import Vote, votes_summary
from mlxchat.engine.interface import FinishReason, TokenRecord
from mlxchat.settings.parameters import Settings
from tests.conversation.strategies import texts


def reply(
    *tokens: tuple[int, str],
    reason: FinishReason | None = "stop",
    vocabulary: int | None = 100,
    settings: Settings | None = None,
    **fields: object,
) -> Reply:
    """A reply of tokens that are each `e ** -1` probable."""
    under = settings or Settings()
    made = TokenList(TokenRecord(token, text, -1.0, 0, (), under) for token, text in tokens)
    return Reply(
        "m", None, 1, under, tokens=made, reason=reason, vocabulary_size=vocabulary, **fields
    )  # type: ignore[arg-type]


def test_they_part_at_the_first_other_token():
    a = reply((1, "The"), (2, " sea"), (3, "."))
    b = reply((1, "The"), (4, " seal"))
    assert first_difference(a, b) == (3, 3)


def test_without_a_common_vocabulary_they_part_at_a_character():
    a = reply((1, "The"), (2, " sea"), (3, "."))
    b = reply((1, "The sea"), (4, "l"), vocabulary=200)
    assert first_difference(a, b) == (7, 7)
    assert first_difference(reply((1, "Hi")), reply((9, "Hi"), vocabulary=None)) is None


def test_an_end_token_is_no_difference():
    said = reply((1, "Hi"), (2, " you"))
    ended = reply((1, "Hi"), (2, " you"), (0, "<end>"), unspoken=1)
    assert first_difference(said, reply((1, "Hi"), (2, " you"))) is None
    assert first_difference(ended, reply((1, "Hi"), (2, " you"), (0, "<end>"), unspoken=1)) is None


def test_one_that_goes_on_parts_where_the_other_ended():
    short, long = reply((1, "Hi")), reply((1, "Hi"), (2, " you"))
    assert first_difference(short, long) == (2, 2)


def test_one_that_is_written_still_has_not_parted_yet():
    growing, long = reply((1, "Hi"), reason=None), reply((1, "Hi"), (2, " you"))
    assert first_difference(growing, long) is None
    assert first_difference(reply(reason=None), reply(reason=None)) is None
    assert first_difference(reply((1, "Hi"), reason=None), reply((2, "Ho"))) == (0, 0)


def test_what_the_person_began_it_with_counts():
    a = reply((1, " one"), prefill="Sure")
    assert first_difference(a, reply((2, " two"), prefill="Sure")) == (4, 4)
    assert first_difference(a, reply((1, " one"), prefill="Sorry")) == (1, 1)


@pytest.mark.parametrize(
    ("a", "b", "ours", "theirs"),
    [
        ("The red sea.", "The blue sea.", ["red"], ["blue"]),
        ("one two three", "one three", ["two"], []),
        ("seal", "sea", ["seal"], ["sea"]),
        ("", "Hello there", [], ["Hello there"]),
        ("小说中的人", "小说里的人", ["中"], ["里"]),
        ("a b", "a  b", [], []),
    ],
)
def test_words_that_the_other_has_not(a, b, ours, theirs):
    found = word_diff(a, b)
    assert [a[r.start : r.stop] for r in found[0]] == ours
    assert [b[r.start : r.stop] for r in found[1]] == theirs


@given(texts, texts)
def test_without_those_both_say_the_same(a, b):
    ours, theirs = word_diff(a, b)

    def rest(text: str, gone: list[range]) -> str:
        kept = [c for at, c in enumerate(text) if not any(at in r for r in gone)]
        return "".join("".join(kept).split())

    assert rest(a, ours) == rest(b, theirs)
    assert word_diff(a, a) == ([], [])


def test_hostile_text_takes_no_time_to_speak_of():
    """Each of these words is everywhere: compared with each other they would be 10 ** 9 pairs."""
    a, b = "x " * 30_000, "y " + "x " * 29_000 + "z"
    ours, _ = word_diff(a, b)
    assert ours


def test_the_tokens_that_moved_most():
    written = reply((1, "The"), (2, " sea"), (3, "."))
    found = moved(written, (-1.0, -5.0, -0.5))
    assert found.mean == pytest.approx((0.0 + 4.0 - 0.5) / 3)
    assert [(m.place, m.text, m.difference) for m in found.most[:2]] == [
        (1, " sea", 4.0),
        (2, ".", -0.5),
    ]
    assert len(moved(written, (-1.0, -5.0, -0.5), most=1).most) == 1


def test_what_is_not_known_does_not_count():
    assert moved(reply(), ()).mean == 0
    assert moved(reply((1, "a"), (2, "b")), (-math.inf, -2.0)).mean == 1.0
    biased = reply((1, "a"), settings=Settings(logit_bias=((1, 2.0),)))
    assert moved(biased, (-3.0,)).most == []


def test_what_came_of_votes():
    names = ("base", "pirate ×1.00")
    turns = [("won", "lost"), ("lost", "won"), ("tie", "tie"), ("lost", "won")]
    votes = [
        Vote(outcome, False, names, name)  # type: ignore[arg-type]
        for turn in turns
        for outcome, name in zip(turn, names, strict=True)
    ]
    assert votes_summary(votes) == "base 1 · pirate ×1.00 2 · ties 1"
    assert votes_summary([]) == ""
    assert votes_summary([Vote("tie")]) == ""  # out of a file: it says of nothing
