"""A text field for texts that the person did not write."""

from __future__ import annotations

import re

from rich.text import Text
from textual.widgets import TextArea

_UNSAFE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")


class SafeTextArea(TextArea):
    """Shows a visible character for each one that a terminal would obey; the text has it still."""

    def get_line(self, line_index: int) -> Text:
        """A line as it is drawn, with as many characters as the text has."""
        line = super().get_line(line_index)
        if _UNSAFE.search(line.plain):
            line.plain = _UNSAFE.sub(_shown, line.plain)
        return line


def _shown(match: re.Match[str]) -> str:
    code = ord(match.group())
    return chr(0x2400 + code) if code < 0x20 else "\ufffd"
