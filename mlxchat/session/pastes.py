"""Long texts that stand in the editor as one short token until the message is sent."""

from __future__ import annotations

import re

_TOKEN = re.compile(r"\[pasted [\d,]+ characters #\d+\]")


FOLD_FROM = 10_000
"""From this many characters on, a text would make every key slow: it is shown as a token."""


class Pastes:
    """The texts behind the tokens of an editor. A token keeps its text for as long as the
    editor lives, so that undo brings both back."""

    def __init__(self) -> None:
        self._texts: dict[str, str] = {}

    def fold(self, text: str) -> str:
        """A token that stands for the text."""
        token = f"[pasted {len(text):,} characters #{len(self._texts) + 1}]"
        self._texts[token] = text
        return token

    def folded(self, text: str) -> str:
        """The text, or a token where it is a long one."""
        return self.fold(text) if len(text) > FOLD_FROM else text

    def expand(self, text: str) -> str:
        """The text with every token replaced by what it stands for."""
        return _TOKEN.sub(lambda match: self._texts.get(match.group(), match.group()), text)

    def token_around(self, line: str, column: int) -> tuple[int, int] | None:
        """Start and end of the token that has this column strictly inside it."""
        for match in _TOKEN.finditer(line):
            if match.start() < column < match.end() and match.group() in self._texts:
                return match.span()
        return None
