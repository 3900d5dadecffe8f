"""Blocks of reasoning: found, folded, counted."""

from __future__ import annotations

import pytest

from mlxchat.render.stream import MarkdownStream, render_markdown

TAGS = ("<think>", "</think>")


def stream_of(*pieces: str, **options: object) -> MarkdownStream:
    stream = MarkdownStream(40, think_tags=TAGS, **options)  # type: ignore[arg-type]
    for piece in pieces:
        stream.append(piece)
    return stream


def texts(stream: MarkdownStream) -> list[str]:
    return [line.text for line in stream.lines]


def test_open_while_it_is_written_and_counted_after() -> None:
    stream = stream_of("<think>\none two")
    assert texts(stream) == ["▾ thinking…", "│ one two"]
    stream.append("</think>\n\nAnswer.")
    assert texts(stream) == ["▾ thought · 2 words", "│ one two", "", "Answer."]
    assert stream.reasoning_headers == [0]


def test_folding_leaves_the_header() -> None:
    stream = stream_of("before <think>one</think> after <think>two three")
    stream.folded = True
    assert texts(stream) == [
        "before", "", "▸ thought · 1 word", "", "after", "", "▸ thinking… · 2 words",
    ]  # fmt: skip
    assert stream.reasoning_headers == [2, 6]
    stream.append(" four")
    assert texts(stream)[6] == "▸ thinking… · 3 words"
    stream.append("</think>end")
    stream.finish()
    assert texts(stream)[6:] == ["▸ thought · 3 words", "", "end"]
    stream.folded = False
    assert stream.lines == render_markdown(stream.source, 40, think_tags=TAGS)


def test_tags_cut_into_single_characters() -> None:
    text = "<think>why</think>because"
    stream = stream_of(*text)
    stream.finish()
    assert texts(stream) == ["▾ thought · 1 word", "│ why", "", "because"]


def test_what_looks_like_a_tag_and_is_none_is_shown_at_the_end() -> None:
    stream = stream_of("a <thi")
    assert texts(stream) == ["a"]
    stream.finish()
    assert texts(stream) == ["a <thi"]


def test_open_from_the_start_and_never_closed() -> None:
    stream = stream_of("hm ", "hm", open_reasoning=True)
    stream.finish()
    assert texts(stream) == ["▾ thought · 2 words", "│ hm hm"]


def test_empty_reasoning_is_not_shown() -> None:
    stream = stream_of("<think>\n\n</think>\n\nHello")
    stream.finish()
    assert texts(stream) == ["Hello"]
    assert stream.reasoning_headers == []


@pytest.mark.parametrize("text", ["```\n<think>\n```", "the `<think>` tag"])
def test_tags_in_code_are_text(text: str) -> None:
    stream = stream_of(*text)
    stream.finish()
    assert stream.reasoning_headers == []
    assert "<think>" in "".join(texts(stream))


def test_without_tags_nothing_is_reasoning() -> None:
    stream = MarkdownStream(40)
    stream.append("a <think>b</think>")
    assert stream.reasoning_headers == []


def test_its_roles() -> None:
    stream = stream_of("<think>**why** \x1b[0m")
    assert [s.role for line in stream.lines for s in line.spans] == [
        "reasoning.header", "reasoning", "reasoning",
    ]  # fmt: skip
    assert "**why** ␛[0m" in stream.lines[1].text
