"""Makes hostile text harmless: whatever a terminal would obey or hide becomes visible characters.

Ordinary text passes untouched, Chinese, Arabic, combining marks, variation selectors and emoji
joined by U+200D among it.
"""

from __future__ import annotations

import re

from wcwidth import wcswidth

TAB_STOP = 4

_SUSPECT = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u034f\u115f\u1160\u17b4\u17b5\u180e\u200b-\u200f"
    "\u2028-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\ud800-\udfff"
    "\U00013430-\U0001343f\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)
_FLAG = re.compile("\U0001f3f4[\U000e0020-\U000e007e]{1,7}\U000e007f")
_IDEOGRAPH = re.compile("[\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]")
_SPACELESS = re.compile("[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\ua9e0-\ua9ff\uaa60-\uaa7f]")
_KEYCAP = frozenset("0123456789#*©®")


def visible(text: str) -> str:
    """The text with nothing in it that a terminal would act upon, or that would hide text.

    Newlines stay (a carriage return before one is dropped); tabs become spaces up to the next
    multiple of `TAB_STOP` cells.
    """
    if _SUSPECT.search(text):
        if "\r" in text:
            text = text.replace("\r\n", "\n")
        text = "".join(_shown_parts(text))
    return _expand_tabs(text) if "\t" in text else text


def _shown_parts(text: str) -> list[str]:
    parts, position = [], 0
    for flag in _FLAG.finditer(text):
        parts.append(_SUSPECT.sub(_shown, text[position : flag.start()]))
        parts.append(flag.group())
        position = flag.end()
    parts.append(_SUSPECT.sub(_shown, text[position:]))
    return parts


def _shown(match: re.Match[str]) -> str:
    character = match.group()
    code = ord(character)
    if code < 0x20:
        return chr(0x2400 + code)
    if code == 0x7F:
        return "␡"
    if 0xD800 <= code <= 0xDFFF:
        return "\ufffd"
    before = match.string[match.start() - 1] if match.start() else ""
    if before and _is_ordinary(character, before):
        return character
    return f"⟨U+{code:04X}⟩"


def _is_ordinary(character: str, before: str) -> bool:
    """Whether an invisible character has a use in writing after the one before it."""
    if "\ufe00" <= character <= "\ufe0f":
        return before in _KEYCAP or (not before.isascii() and not _SUSPECT.match(before))
    if "\U000e0100" <= character <= "\U000e01ef":
        return _IDEOGRAPH.match(before) is not None
    if character == "\u200b":
        return _SPACELESS.match(before) is not None
    if character in "\u200c\u200d":
        joinable = before == "\ufe0f" or _SUSPECT.match(before) is None
        return joinable and not before.isascii() and not before.isspace()
    if character in "\u034f\u200e\u200f":
        return _SUSPECT.match(before) is None
    return False


def _expand_tabs(text: str) -> str:
    if text.isascii():
        return text.expandtabs(TAB_STOP)
    return "\n".join(_expand_line(line) for line in text.split("\n"))


def _expand_line(line: str) -> str:
    pieces = line.split("\t")
    shown, column = [], 0
    for piece in pieces[:-1]:
        column += max(0, wcswidth(piece))
        gap = TAB_STOP - column % TAB_STOP
        shown.append(piece + " " * gap)
        column += gap
    return "".join(shown) + pieces[-1]
