"""Random Markdown-ish text made of fragments that interact, and random ways to cut it up."""

from __future__ import annotations

from hypothesis import strategies as st

STARTS = (
    "", "", "", "- ", "* ", "+ ", "1. ", "2) ", "10. ", "> ", ">> ", "# ", "### ", "    ", "  ",
    "   ", "\t", "- [ ] ", "- [x] ", "   - ", "     ", "> - ", "- > ", "1. - ", ">", "-\t", "- - ",
)  # fmt: skip
BODIES = (
    "", "word", "two words", "some *em* and **strong**", "half *open", "closed* too", "`code`",
    "tick ` tick", "a longer line of prose that has to be wrapped somewhere around here",
    "===", "---", "-", "***", "```", "```python", "~~~", "`````", "x = '''", "'''", "/* open", "*/",
    "```js", "def f(x): return 1  # done", "| a | b |", "|---|:-:|", "| 1 | 2 |", "| x |", "a | b",
    "--|--", "[ref]", "[text][ref]", "[ref]: http://example.org/x", "[ref]: <y>", '"title"',
    "[link](http://a.b)", "![pic](p.png)", "<http://auto.link>", "<div>", "</div>", "<!-- c", "-->",
    "<b>bold</b>", "&amp; &#27; &copy;", "\\* escaped \\[", "中文字符，标点。", "混合 text 文字",
    "👨‍👩‍👧 family ❤️ 👍🏽", "e\u0301 combining", "مرحبا بالعالم", "~~gone~~", "line  ", "back\\",
    "tab\there", "\x1b[31mred", "[bold]x[/]", "[@click=app.bell]x[/]", "\u202eback", "1.", "2.",
    "#", "\x00", "\ud83d", "<think>", "</think>", "\u200b", "\x85", "\u2028", "\x0c",
)  # fmt: skip
ENDS = ("\n", "\n", "\n", "\n\n", "\r\n", "\n\n\n", "", " ", "\r", "  \n", "\n \n", "\n>\n")

lines = st.builds(
    lambda start, body, end: start + body + end,
    st.sampled_from(STARTS),
    st.sampled_from(BODIES),
    st.sampled_from(ENDS),
)
noise = st.text(alphabet="a b*_`~[]()<>#-=|\n\t\\!&;:1.>+\"'中é\r", max_size=12)
texts = st.lists(st.one_of(lines, lines, lines, noise), max_size=24).map("".join)
widths = st.sampled_from([1, 2, 3, 4, 5, 8, 13, 20, 40, 80])


@st.composite
def cut_texts(draw: st.DrawFn) -> list[str]:
    """A text cut into pieces of random lengths."""
    text = draw(texts)
    sizes = draw(st.lists(st.integers(1, 12), min_size=1, max_size=8))
    pieces, at, turn = [], 0, 0
    while at < len(text):
        size = sizes[turn % len(sizes)]
        pieces.append(text[at : at + size])
        at, turn = at + size, turn + 1
    return pieces
