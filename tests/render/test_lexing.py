"""Highlighting line by line gives what Pygments gives for the whole text."""

from __future__ import annotations

import pytest
from pygments.lexers import get_lexer_by_name

from mlxchat.render.lexing import _NAMES, START, _class_of, highlight, lexer_for
from mlxchat.render.roles import CODE_CLASSES

SAMPLES = {
    "python": (
        'def f(x):\n    """A doc\n    of two lines."""\n'
        "    s = '''a\nb # no\n'''\n    return 1  # c\n"
    ),
    "javascript": (
        "const a = 1; /* one\n two // no\n*/ let b = `x\n${a}\n`; // c\n/* x */ f(/re/g);\n"
    ),
    "typescript": "interface A { x: number }\n/* a\n * b\n */\nconst s: string = 'x';\n",
    "c": '#include <stdio.h>\n/* a\n b */\nint main(void) { return "/*"[0]; } // x\n',
    "rust": 'fn main() {\n    /* a\n    b */ let s = "x\ny";\n}\n',
    "java": "class A {\n  /* a\n  b */ int x = 1;\n}\n",
    "css": "a { color: red; }\n/* x\ny */\nb { margin: 0 }\n",
    "go": "package main\n\nvar s = `raw\nstring`\n/* a\nb */\nfunc main() {}\n",
    "html": "<p>\n<!-- a\nb -->\n<b class='x'>y</b></p>\n",
    "sql": "SELECT a /* x\ny */ FROM t -- c\n",
    "bash": 'for x in a b; do\n  echo "$x\n  y" # c\ndone\n',
    "yaml": "a: 1\nb: |\n  text: no\n  more\nc: [1, 2]\n",
    "json": '{"a": [1, true, "x"]}\n',
    "lua": "--[[ a\nb ]]\nlocal x = 1\n",
}


def classes(pairs: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """One (character, class) for each visible character."""
    return [(c, kind) for text, kind in pairs for c in text if not c.isspace()]


@pytest.mark.parametrize("language", SAMPLES)
def test_line_by_line_equals_whole(language: str) -> None:
    source = SAMPLES[language]
    whole = [
        (text, _class_of(kind)) for kind, text in get_lexer_by_name(language).get_tokens(source)
    ]
    state, found = START, []
    for line in source.rstrip("\n").split("\n"):
        spans, state = highlight(language, state, line)
        assert "".join(span.text for span in spans) == line
        found += [(span.text, span.role.removeprefix("code").strip()) for span in spans]
    assert classes(found) == classes(whole)


def test_an_open_comment_is_one_before_its_end_is_seen() -> None:
    _, state = highlight("js", START, "a /* open")
    spans, _ = highlight("js", state, "still it")
    assert [span.role for span in spans] == ["code code.comment"]


def test_unknown_languages_and_very_long_lines_are_plain() -> None:
    assert highlight("no-such", START, "x = 1")[0][0].role == "code"
    assert len(highlight("python", START, "x=1;" * 1000)[0]) == 1
    assert lexer_for("../../etc") is None


@pytest.mark.slow
def test_no_lexer_of_pygments_fails() -> None:
    for language in sorted(_NAMES)[::7]:
        state = START
        for line in ("a = 'x'; /* b", "", "<c> \\ {{ % [[ #", "*/ end"):
            spans, state = highlight(language, state, line)
            assert "".join(span.text for span in spans) == line, language
            assert {r for s in spans for r in s.role.split()} <= {"code", *CODE_CLASSES}
