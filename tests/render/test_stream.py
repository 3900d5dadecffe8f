"""Streaming: what is shown at the end, what stays as it was, and what never reaches the screen."""

from __future__ import annotations

import unicodedata

from hypothesis import example, given, settings
from hypothesis import strategies as st

from mlxchat.render.document import Document, render_document
from mlxchat.render.lines import Line
from mlxchat.render.roles import ROLES
from mlxchat.render.stream import MarkdownStream, render_markdown
from tests.render.markdown_texts import cut_texts, texts, widths

TAGS = ("<think>", "</think>")


def streamed(pieces: list[str], width: int, **options: object) -> MarkdownStream:
    stream = MarkdownStream(width, **options)  # type: ignore[arg-type]
    for piece in pieces:
        stream.append(piece)
    stream.finish()
    return stream


def assert_same(lines: list[Line], expected: list[Line]) -> None:
    assert [line.spans for line in lines] == [line.spans for line in expected]


@given(cut_texts(), widths)
@example(list("# | x |\n--|--\n"), 30)
@settings(deadline=None, max_examples=400)
def test_streamed_equals_whole(pieces: list[str], width: int) -> None:
    text = "".join(pieces)
    assert_same(streamed(pieces, width).lines, render_markdown(text, width))


@given(cut_texts(), widths, st.booleans())
@settings(deadline=None, max_examples=200)
def test_streamed_equals_whole_with_reasoning(pieces: list[str], width: int, opens: bool) -> None:
    text = "".join(pieces)
    stream = streamed(pieces, width, think_tags=TAGS, open_reasoning=opens)
    assert_same(stream.lines, render_markdown(text, width, think_tags=TAGS, open_reasoning=opens))


@given(texts, widths)
@settings(deadline=None, max_examples=100)
def test_a_document_given_at_once_equals_the_reference(text: str, width: int) -> None:
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    document = Document(width)
    document.append(text)
    document.finish()
    assert_same(document.lines, render_document(text, width))


@given(cut_texts(), widths)
@settings(deadline=None, max_examples=200)
def test_lines_reported_as_unchanged_are_the_same_objects(pieces: list[str], width: int) -> None:
    stream = MarkdownStream(width, think_tags=TAGS)
    for piece in [*pieces, None]:
        before = list(stream.lines)
        first = stream.finish() if piece is None else stream.append(piece)
        assert 0 <= first <= len(stream.lines)
        assert all(a is b for a, b in zip(before[:first], stream.lines[:first], strict=True))


@given(cut_texts(), widths)
@settings(deadline=None, max_examples=200)
def test_no_line_is_too_wide_or_holds_control_characters(pieces: list[str], width: int) -> None:
    stream = MarkdownStream(width, think_tags=TAGS)
    for piece in pieces:
        stream.append(piece)
        for line in stream.lines:
            assert line.width <= width, line
            assert not any(unicodedata.category(c) in ("Cc", "Cs", "Zl", "Zp") for c in line.text)
            assert not set(line.text) & set(
                "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
            )
            assert {r for s in line.spans for r in s.role.split()} <= set(ROLES)


@given(cut_texts(), widths)
@settings(deadline=None, max_examples=150)
def test_settled_lines_stay_until_the_end(pieces: list[str], width: int) -> None:
    stream, before = MarkdownStream(width), 0
    seen: list[Line] = []
    for piece in pieces:
        stream.append(piece)
        assert stream.lines[:before] == seen
        before = stream.settled
        assert before <= len(stream.lines)
        seen = list(stream.lines[:before])
