"""The page for a screen reader, a dumb terminal or a file: plain lines, each written once."""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence
from typing import TextIO

from mlxchat.conversation.entries import Reply
from mlxchat.render.lines import Line
from mlxchat.render.safe import visible
from mlxchat.repl.live import Body
from mlxchat.repl.page import Head, Item, Kind

_VERSION = re.compile(r"‹(\d+)/(\d+)›")
WORDS = {
    " · ": ", ",
    "↑ ↓": "Up and Down",
    "← →": "Left and Right",
    "→": " to ",
    "×": "times ",
    "▸ ": "",
    "▾ ": "",
    "±": "plus or minus ",
    "tok/s": "tokens a second",
    "− ": "minus ",
}  # fmt: skip
"""What stands for signs that a voice reads wrongly or not at all."""
_TOKENS = re.compile(r"\b(\d+) tok\b")


def in_words(text: str) -> str:
    """A statement without signs that have to be seen: `temp 0.70 to 1.10, seed 21`."""
    text = _VERSION.sub(r"version \1 of \2", text)
    for sign, word in WORDS.items():
        text = text.replace(sign, word)
    return _TOKENS.sub(lambda m: f"{m[1]} token{'' if m[1] == '1' else 's'}", text)


class PlainPage:
    """Writes to a stream and never goes back."""

    width = 80
    size = (80, 24)
    clipboard = None

    def __init__(self, out: TextIO, *, dialogue: bool = True) -> None:
        """Without `dialogue` nothing is written that only helps to talk: what goes on, who speaks,
        remarks, heads of lists; what is wrong and what was opened goes to error output."""
        self._out = out
        self.dialogue = dialogue
        self._status = ""
        self.failed = False
        """Whether an error was said."""

    def say(self, text: str, kind: Kind = "said") -> None:
        """Write a statement."""
        told = in_words(visible(text))
        self.failed = self.failed or kind == "error"
        if self.dialogue:
            lead = {"warning": "Warning: ", "error": "Error: "}.get(kind, "")
            self._write(f"{lead}{told}\n")
        elif kind in ("warning", "error"):
            print(f"mlxchat: {told}", file=sys.stderr)
        elif kind == "opened":
            print(told, file=sys.stderr)
        elif kind == "said":
            self._write(f"{told}\n")

    def list(self, items: Sequence[Item], *, numbered: bool = False) -> None:
        """Write a list, a line for each item."""
        for number, item in enumerate(items, 1):
            lead = f"{number}. " if numbered else ""
            mark = " (in use)" if item.marked else ""
            detail = f": {in_words(visible(item.detail))}" if item.detail else ""
            self._write(
                f"{lead}{in_words(visible(item.title))}{mark}{detail}\n".replace("\n ", " ")
            )

    def message(self, head: Head, text: str) -> None:
        """Write what the person said."""
        self._write(f"{self._named(head)}{visible(text)}\n")

    def reply(self, head: Head, body: Body, reply: Reply) -> PlainReply:
        """Begin a reply."""
        return PlainReply(self._out, self._named(head), dialogue=self.dialogue)

    def lines(self, lines: Sequence[Line]) -> None:
        """Write lines as they are, without their looks."""
        self._write("".join(f"{line.text.rstrip()}\n" for line in lines))

    def status(self, text: str) -> None:
        """Say what goes on, once: not how far it is."""
        what = re.split(r" \d| · ", text, maxsplit=1)[0]
        if self.dialogue and what and what != self._status:
            self._write(f"{in_words(visible(what))} …\n")
        self._status = what

    def _named(self, head: Head) -> str:
        if not self.dialogue:
            return ""
        parts = [head.name, *([in_words(head.branch)] if head.branch else [])]
        return f"{visible(', '.join(parts))}: "

    def _write(self, text: str) -> None:
        self._out.write(text)
        self._out.flush()


class PlainReply:
    """A reply that is written as it comes, word by word."""

    def __init__(self, out: TextIO, name: str, *, dialogue: bool) -> None:
        self._out = out
        self._dialogue = dialogue
        self._held = name
        """What waits until its word is complete."""
        self._at_start = True

    def grow(self, text: str) -> None:
        """Add text."""
        self._held += text
        end = max(self._held.rfind(" "), self._held.rfind("\n")) + 1
        self._put(end)

    def tell(self, status: Line) -> None:
        """Nothing: it would stand in the text."""

    def setting(self, text: str) -> None:
        """Say it on a line of its own."""
        if self._dialogue:
            self._put(len(self._held))
            self._out.write(f"\n[{in_words(text)}]\n")
            self._out.flush()

    def resize(self) -> None:
        """Lines are wrapped by the terminal."""

    def finish(self, footer: str) -> None:
        """Nothing follows."""
        self._put(len(self._held))
        told = in_words(visible(footer)).replace("\n", "\n  ")
        self._out.write("\n" + (f"({told})\n" if told and self._dialogue else ""))
        self._out.flush()

    def _put(self, end: int) -> None:
        ready, self._held = self._held[:end], self._held[end:]
        if ready:
            self._out.write(visible(ready))
            self._out.flush()
