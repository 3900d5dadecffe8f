"""A reply that grows on a terminal: what stands there in the end, what is drawn anew, what it
costs."""

from __future__ import annotations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from mlxchat.files.theme_files import DEFAULT_THEME
from mlxchat.render.lines import Line, Span
from mlxchat.render.stream import MarkdownStream, render_markdown
from mlxchat.repl.live import LiveText
from mlxchat.repl.region import Region
from mlxchat.repl.styles import palette_of, style_of
from tests.render.markdown_texts import cut_texts
from tests.repl.screen import Screen

STYLE = style_of(palette_of(DEFAULT_THEME))
STATUS = Line((Span("↑↓ temp 0.70"),))
MIXED = (
    "# A title\n\nA paragraph with **bold** words that goes on for a while, so that it wraps.\n\n"
    "- one\n- two\n- three\n\n```python\nfor n in range(3):\n    print(n)\n```\n\n"
    "| a | b |\n|---|---|\n| one | 2 |\n| a longer one | 3 |\n\n> quoted\n\nThe end.\n"
)


def written(pieces: list[str], screen: Screen) -> LiveText:
    """A reply that came in pieces and is over."""
    live = growing(pieces, screen)
    live.finish([Line((Span("what it cost"),))])
    return live


def growing(pieces: list[str], screen: Screen) -> LiveText:
    region = Region(screen.output, STYLE)
    live = LiveText(region, MarkdownStream(region.width))
    live.tell([STATUS])
    for piece in pieces:
        live.grow(piece)
    return live


def plain(text: str, width: int) -> list[str]:
    return [line.text.rstrip() for line in render_markdown(text, width)]


@given(cut_texts(), st.integers(12, 60), st.integers(4, 40))
@example(["[a]", " link\n\n", "more\n\n" * 30, "[a]: http://x.org\n"], 20, 10)
@settings(max_examples=60)
def test_what_stands_there_in_the_end_is_the_whole_text(
    pieces: list[str], columns: int, rows: int
) -> None:
    screen = Screen(columns, rows)
    written(pieces, screen)
    lines = screen.lines
    assert lines[-1] == "what it cost"
    assert screen.cursor_shown
    assert screen.column == 0
    text = "".join(pieces)
    if "]:" not in text and text.isascii():
        assert lines[:-1] == plain(text, columns - 1)


@pytest.mark.parametrize(("columns", "rows"), [(120, 40), (80, 24), (40, 10), (20, 5)])
def test_a_mixed_text_comes_out_as_it_is_rendered(columns: int, rows: int) -> None:
    for size in (1, 3, 17):
        screen = Screen(columns, rows)
        written([MIXED[at : at + size] for at in range(0, len(MIXED), size)], screen)
        assert screen.lines == [*plain(MIXED, min(columns - 1, 100)), "what it cost"]


def test_the_status_stands_below_the_text_and_goes_away() -> None:
    screen = Screen(40, 10)
    live = growing(["Hello ", "there"], screen)
    assert screen.lines == ["Hello there", "↑↓ temp 0.70"]
    assert not screen.cursor_shown
    live.tell([])
    assert screen.lines == ["Hello there"]
    live.tell([STATUS, STATUS])
    live.finish()
    assert screen.lines == ["Hello there"]


def test_what_is_higher_than_the_terminal_is_shown_from_below() -> None:
    table = "| n | word |\n|---|---|\n" + "".join(f"| {n} | word{n} |\n" for n in range(30))
    screen = Screen(40, 10)
    live = growing([table], screen)
    assert "word29" in "\n".join(screen.shown)
    assert screen.shown[8].startswith("↑↓") or screen.shown[9].startswith("↑↓")
    live.finish()
    assert screen.lines == plain(table, 39)


def test_what_was_written_before_is_never_touched() -> None:
    screen = Screen(40, 8)
    region = Region(screen.output, STYLE)
    region.write([Line((Span(f"before {n}"),)) for n in range(20)])
    written(list(MIXED), screen)
    assert screen.lines[:20] == [f"before {n}" for n in range(20)]


@pytest.mark.parametrize("rows", [6, 30])
def test_another_size_loses_nothing(rows: int) -> None:
    screen = Screen(60, rows)
    live = growing([MIXED[:60]], screen)
    rest, at = MIXED[60:], 0
    for columns in (30, 45, 80, 24):
        screen.resize(columns, rows)
        live.resize()
        live.grow(rest[at : at + 60])
        at += 60
    live.grow(rest[at:])
    live.finish()
    found = " ".join(" ".join(screen.lines).split())
    for word in ("title", "bold", "three", "range(3):", "longer one", "quoted", "The end."):
        assert word in found, word


@pytest.mark.parametrize("unit", ["some words that go on and on, ", "n = n + 1  # again\n"])
def test_a_token_costs_a_few_lines_however_long_the_text_is(unit: str) -> None:
    screen = Screen(80, 24)
    live = growing(["```python\n"] if unit.endswith("\n") else [], screen)
    for _ in range(200):
        live.grow(unit)
    before, tokens = screen.written, [unit[at : at + 4] for at in range(0, len(unit), 4)] * 40
    for token in tokens:
        live.grow(token)
    assert (screen.written - before) / len(tokens) < 4 * 80


def test_a_theme_is_taken_over() -> None:
    screen = Screen(40, 10)
    region = Region(screen.output, STYLE)
    region.write([Line((Span("title", "heading1"),))])
    region.use(style_of(palette_of("paper")))
    region.write([Line((Span("title", "heading1"),))])
    colors = {screen._screen.buffer[row][0].fg for row in (0, 1)}
    assert len(colors) == 2
