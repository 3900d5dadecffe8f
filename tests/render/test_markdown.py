"""What Markdown looks like as lines."""

from __future__ import annotations

import string

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlxchat.render.lines import Line
from mlxchat.render.stream import MarkdownStream, render_markdown, render_plain


def shown(text: str, width: int = 40) -> list[str]:
    return [line.text.rstrip() for line in render_markdown(text, width)]


def roles(text: str, width: int = 40) -> dict[str, str]:
    return {s.text.strip(): s.role for line in render_markdown(text, width) for s in line.spans}


def test_inline_markup_has_roles() -> None:
    found = roles("# A *b*\n\n**c `d`** ~~e~~ [f](g) ![h](i) <b>")
    assert found["A"] == "heading1"
    assert found["b"] == "heading1 emphasis"
    assert found["c"] == "strong"
    assert found["d"] == "strong code.inline"
    assert found["e"] == "strike"
    assert (found["f"], found["(g)"]) == ("link", "link.url")
    assert found["▨ h"] == "image"
    assert found["<b>"] == "html"


def test_addresses_are_shown_where_they_differ() -> None:
    assert shown("[a](http://b.c) <http://d.e> [http://f](http://f)") == [
        "a (http://b.c) http://d.e http://f"
    ]
    assert shown("[click](javascript:alert(1))") == ["click (javascript:alert(1))"]


def test_lists_nest_number_and_tick() -> None:
    text = "3. a\n3. b\n   - c\n     - d\n\n- [ ] e\n- [x] f\n"
    assert shown(text) == ["3. a", "4. b", "   • c", "     ◦ d", "", "☐ e", "☑ f"]


def test_blank_lines_between_items_are_kept_where_they_were() -> None:
    assert shown("- a\n- b\n\n- c\n") == ["• a", "• b", "", "• c"]


def test_quotes_have_bars() -> None:
    assert shown("> a\n>> b") == ["▎ a", "▎", "▎ ▎ b"]


def test_breaks_and_rules() -> None:
    assert shown("a  \nb\\\nc\nd", 20) == ["a", "b", "c d"]
    assert shown("---", 5) == ["─────"]


def test_code_is_highlighted_and_cut() -> None:
    assert shown("```python\nx = 'abcdefgh'\n```", 10) == [" python", " x = 'abcd", " efgh'"]
    assert roles("```python\nx = 'a' # c\n```")["# c"] == "code code.comment"


def test_tables_align_by_cells() -> None:
    text = "| 名 | n |\n|:-|-:|\n| 中文字 | 1 |\n| a | 100 |\n"
    lines = render_markdown(text, 40)
    assert [line.text for line in lines] == [
        "名     │   n",
        "───────┼────",
        "中文字 │   1",
        "a      │ 100",
    ]
    assert len({line.text.index("│") for line in lines[2:3]}) == 1


def test_wide_tables_wrap_their_cells() -> None:
    text = "| a | b |\n|-|-|\n| one two three four | five six seven eight |\n"
    lines = render_markdown(text, 25)
    assert len(lines) == 4
    assert all(line.width <= 25 for line in lines)


def test_hopelessly_narrow_tables_become_records() -> None:
    text = "| name | value | note |\n|-|-|-|\n| a | 1 | x |\n| b | 2 | y |\n"
    assert shown(text, 12) == [
        "name: a",
        "value: 1",
        "note: x",
        "",
        "name: b",
        "value: 2",
        "note: y",
    ]


def test_reference_links_are_resolved_at_the_end() -> None:
    stream = MarkdownStream(40)
    stream.append("See [it][r].\n\nMore.\n\n")
    assert stream.lines[0].text == "See [it][r]."
    stream.append("[r]: http://x.y\n")
    assert stream.finish() == 0
    assert [line.text for line in stream.lines] == ["See it (http://x.y).", "", "More."]


@pytest.mark.parametrize("text", ["[bold]x[/bold]", "[@click=app.quit]x[/]", "[link=file:///]x"])
def test_markup_of_others_is_text(text: str) -> None:
    assert shown(text) == [text]


def test_control_sequences_are_text_even_as_entities() -> None:
    text = "".join(shown("a\x1b]8;;http://x\x1b\\b &#27;[31m &#x202e;c `\x1b[0m`\n\n    \x1b[2J"))
    assert text == "a␛]8;;http://x␛\\b \ufffd[31m ⟨U+202E⟩c ␛[0m ␛[2J"


words = st.lists(st.text(string.ascii_letters, min_size=4, max_size=30), min_size=1, max_size=12)
frames = st.sampled_from(["", "- ", "> ", "# ", "1. ", "    ", "> - ", "| ", "```\n"])


@given(st.lists(st.tuples(frames, words), max_size=6), st.integers(2, 60))
@settings(deadline=None)
def test_no_text_is_lost(blocks: list[tuple[str, list[str]]], width: int) -> None:
    text = "\n\n".join(start + " ".join(words) for start, words in blocks)
    letters = "".join(c for line in render_markdown(text, width) for c in line.text if c.isalpha())
    assert letters == "".join(word for _, words in blocks for word in words)


def test_plain_text_is_not_markdown() -> None:
    assert [line.text for line in render_plain("# *a*\n\n\x1bb\tc\r\n", 20)] == [
        "# *a*", "", "␛b  c", "",
    ]  # fmt: skip
    assert render_plain("a", 5, "notice")[0].spans[0].role == "notice"
    assert render_plain("", 5) == [Line()]


def test_resizing_is_rendering_anew() -> None:
    text = "# Head\n\nSome *text* that is long enough to wrap.\n\n- a\n- b\n"
    stream = MarkdownStream(60)
    stream.append(text)
    stream.resize(12)
    stream.append("- c\n")
    stream.finish()
    assert stream.lines == render_markdown(text + "- c\n", 12)
    stream.resize(30)
    assert stream.lines == render_markdown(text + "- c\n", 30)
    assert stream.source == text + "- c\n"
