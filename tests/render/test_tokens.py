"""Tokens in lines."""

from __future__ import annotations

from hypothesis import example, given
from hypothesis import strategies as st

from mlxchat.render.safe import visible
from mlxchat.render.tokens import EMPTY, LINE_BREAK, TokenLines
from mlxchat.render.wrap import cells


def lines_of(found: TokenLines) -> list[str]:
    return ["".join(piece.text for piece in line) for line in found.lines]


def laid(texts: list[str], width: int) -> TokenLines:
    found = TokenLines(width)
    for text in texts:
        found.add(text)
    return found


def test_words_are_not_broken():
    found = laid(["The", " cap", "ital", " of", " France"], 12)
    assert lines_of(found) == ["The capital ", "of France"]
    assert [found.line_of(n) for n in range(5)] == [0, 0, 0, 0, 1]
    assert found.token_at(1, 0) == 3
    assert found.token_at(0, 11) == 3


def test_a_word_of_several_tokens_moves_as_a_whole():
    found = laid(["aa", " bb", "cc", "dd"], 7)
    assert lines_of(found) == ["aa ", "bbccdd"]
    assert [found.line_of(n) for n in range(4)] == [0, 0, 1, 1]
    assert found.column_of(2) == 2


def test_line_breaks_and_empty_tokens_can_be_seen():
    found = laid(["a", "\n\n", "b", "", "c"], 10)
    assert lines_of(found) == [f"a{LINE_BREAK}", LINE_BREAK, f"b{EMPTY}c"]
    assert [found.line_of(n) for n in range(5)] == [0, 0, 2, 2, 2]
    assert found.token_at(1, 5) == 1
    assert found.first_from(1) == 2


def test_text_before_the_first_token():
    found = TokenLines(20)
    found.add_text("Sure")
    found.add(", here")
    assert lines_of(found) == ["Sure, here"]
    assert (found.token_at(0, 0), found.column_of(0)) == (0, 4)


TEXTS = st.lists(
    st.text(st.sampled_from(" abc\n海🐢é\t\x1b\u0301"), max_size=9) | st.just(" word"), max_size=30
)


@given(TEXTS, st.integers(1, 30))
@example(["  ", "   ", "aaaaaaaaaaaaaaaaaaaa", " "], 5)
def test_every_token_is_there_in_order_within_the_width(texts, width):
    found = laid(texts, width)
    assert all(cells(line) <= width for line in lines_of(found))
    pieces = [piece for line in found.lines for piece in line]
    assert [piece.token for piece in pieces] == sorted(piece.token for piece in pieces)
    assert {piece.token for piece in pieces} == set(range(len(texts)))
    for n, _ in enumerate(texts):
        line = found.line_of(n)
        assert any(piece.token == n for piece in found.lines[line])
        assert not any(piece.token == n for before in found.lines[:line] for piece in before)
        if sum(piece.width for piece in found.lines[line] if piece.token == n):
            assert found.token_at(line, found.column_of(n)) == n


@given(TEXTS, st.integers(2, 30))
def test_nothing_but_spaces_is_lost(texts, width):
    whole = "".join("".join(p.text for p in line) for line in laid(texts, width).lines)
    shown = "".join(visible(t.replace("\n", LINE_BREAK)) or EMPTY for t in texts)
    assert whole.replace(" ", "") == shown.replace(" ", "")


@given(TEXTS, st.integers(1, 30))
def test_what_it_says_has_changed_is_all_that_has(texts, width):
    found = TokenLines(width)
    for text in texts:
        before = [list(line) for line in found.lines]
        first = found.add(text)
        assert found.lines[:first] == before[:first]
