"""Texts made to break or to stall rendering."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from mlxchat.render.parse import markdown_parser
from mlxchat.render.stream import MarkdownStream, render_markdown

HEADER = "|".join(f"c{n}" for n in range(1000)) + "\n" + "|".join(["---"] * 1000) + "\n"

TEXTS = {
    "long word": "x" * 100_000,
    "long line": "word " * 20_000,
    "wide characters": "中" * 100_000,
    "quotes": ">" * 10_000 + "deep",
    "brackets": "[" * 10_000,
    "pairs of brackets": "[" * 5000 + "]" * 5000,
    "images": "![" * 10_000,
    "stars": "*" * 10_000,
    "open stars": "*a " * 10_000,
    "underscores": "_a" * 10_000,
    "backticks": " ".join("`" * (n % 300) for n in range(600)),
    "angles": "<" * 10_000,
    "open tags": "<a " * 10_000,
    "nested bullets": "- " * 10_000 + "deep",
    "wide table": HEADER + ("|".join(["v"] * 1000) + "\n") * 20,
    "short rows": HEADER + "|x|\n" * 200,
    "pipes": "|" * 100_000,
    "definitions": "".join(f"[a{n}]: /x\n" for n in range(3000)),
    "uses": "[a]: /x\n\n" + "[a] " * 10_000,
    "code line": "```js\n" + "/" * 100_000,
    "comments": "<!--" * 10_000,
    "combining": "a" + "\u0301" * 100_000,
    "joiners": "\u200d" * 10_000,
    "tabs": "\t" * 50_000 + "x",
    "entities": "&#x202e;" * 5000,
    "setext": "a\n" * 10_000 + "===",
    "lazy quote": "> a\n" + "b\n" * 10_000,
}


@pytest.mark.parametrize("kind", TEXTS)
def test_nothing_raises_and_both_ways_agree(kind: str) -> None:
    text = TEXTS[kind]
    stream = MarkdownStream(80)
    step = len(text) // 20 + 1
    for at in range(0, len(text), step):
        stream.append(text[at : at + step])
    stream.finish()
    assert stream.lines == render_markdown(text, 80)
    assert all(line.width <= 80 for line in stream.lines)


def test_what_is_nested_too_deeply_is_still_shown() -> None:
    for text in (">" * 500 + "deep", "- " * 500 + "deep"):
        assert "deep" in "".join(line.text for line in render_markdown(text, 80))


@contextmanager
def counted() -> Iterator[list[int]]:
    """Counts the characters that the parser is given."""
    work = [0]
    parser: Any = markdown_parser()
    originals: list[Callable[..., Any]] = [parser.block.parse, parser.inline.parse]

    def counting(parse: Callable[..., Any]) -> Callable[..., Any]:
        def counted_parse(source: str, *rest: Any) -> Any:
            work[0] += len(source)
            return parse(source, *rest)

        return counted_parse

    parser.block.parse, parser.inline.parse = map(counting, originals)
    try:
        yield work
    finally:
        parser.block.parse, parser.inline.parse = originals


GROWING: dict[str, Callable[[int], str]] = {
    "prose": lambda n: "some words *here* and " * n,
    "lines of prose": lambda n: "some words *here* and\n" * n,
    "unclosed": lambda n: "some words [here and " * n,
    "list": lambda n: "- an item of some words\n" * n,
    "loose list": lambda n: "1. an item of some words\n\n" * n,
    "nested list": lambda n: "- item\n" + "  - an item in it\n" * n,
    "table": lambda n: "| a | b |\n|-|-|\n" + "| some | words |\n" * n,
    "code": lambda n: "```python\n" + "x = 'some words'\n" * n,
    "quote": lambda n: "> some words of a quote\n" * n,
    "html": lambda n: "<div>\n" + "some words of html\n" * n,
    "definitions": lambda n: "[name]: http://address/x\n" * n,
    "one line of code": lambda n: "```python\n" + "x = 'some words'; " * n,
}


@pytest.mark.parametrize("kind", GROWING)
def test_work_grows_with_the_length_and_not_with_its_square(kind: str) -> None:
    costs = []
    for size in (600, 1200):
        text, stream = GROWING[kind](size), MarkdownStream(80)
        with counted() as work:
            for at in range(0, len(text), 20):
                stream.append(text[at : at + 20])
            stream.finish()
        costs.append(work[0])
    # The square would be four times as much.
    assert costs[1] < 2.8 * costs[0] + 200_000


def test_settled_lines_stay_while_a_long_block_grows() -> None:
    for kind in ("prose", "list", "table", "code"):
        text, stream = GROWING[kind](400), MarkdownStream(80)
        stream.append(text)
        for _ in range(20):
            first = stream.append(text[text.rfind("\n", 0, -1) + 1 :][-30:])
            assert first >= len(stream.lines) - 8, kind


def test_a_fault_in_the_parser_costs_the_formatting_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: object) -> None:
        raise IndexError("string index out of range")

    monkeypatch.setattr(markdown_parser().block, "parse", fails)
    stream = MarkdownStream(80)
    stream.append("# a\n\n- b")
    stream.finish()
    assert [line.text for line in stream.lines] == ["# a", "", "- b"]
    assert stream.lines == render_markdown("# a\n\n- b", 80)
