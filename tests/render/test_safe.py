"""What becomes visible, and what ordinary text passes untouched."""

from __future__ import annotations

import pytest

from mlxchat.render.safe import visible

ORDINARY = [
    "plain text, with punctuation: (a) [b] {c} <d> & e",
    "小说中的关系，标点。",
    "مرحبا بالعالم",
    "می‌خواهم",
    "e\u0301 a\u030a",
    "👨\u200d👩\u200d👧 ❤\ufe0f\u200d🔥 👍🏽 1\ufe0f\u20e3",
    "🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f",
    "葛\U000e0100",
    "ไทย\u200bไทย",
    "[bold]x[/] [@click=app.bell]y[/]",
    "two\nlines\n",
]

HOSTILE = {
    "\x1b[31mred": "␛[31mred",
    "\x1b]8;;http://x\x07y": "␛]8;;http://x␇y",
    "a\rb": "a␍b",
    "a\r\nb": "a\nb",
    "\x00\x08\x7f": "␀␈␡",
    "\x9b31m": "⟨U+009B⟩31m",
    "abc\u202edef": "abc⟨U+202E⟩def",
    "\u2066x\u2069": "⟨U+2066⟩x⟨U+2069⟩",
    "pass\u200bword": "pass⟨U+200B⟩word",
    "a\u200d\u200d": "a⟨U+200D⟩⟨U+200D⟩",
    "x\U000e0041\U000e0042": "x⟨U+E0041⟩⟨U+E0042⟩",
    "a\ufe01": "a⟨U+FE01⟩",
    "\u2028": "⟨U+2028⟩",
    "half \ud83d": "half \ufffd",
    "\ufeffx": "⟨U+FEFF⟩x",
}


@pytest.mark.parametrize("text", ORDINARY)
def test_ordinary_text_is_untouched(text: str) -> None:
    assert visible(text) == text


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_becomes_visible(text: str) -> None:
    assert visible(text) == HOSTILE[text]


def test_every_control_character_is_shown() -> None:
    for code in [*range(0x20), *range(0x7F, 0xA0), *range(0xD800, 0xE000)]:
        if chr(code) not in "\n\t":
            assert visible(chr(code)).isprintable()


def test_tabs_become_spaces_by_column() -> None:
    assert visible("a\tb\n\tc") == "a   b\n    c"
    assert visible("中\tb") == "中  b"
