"""Texts as models write them, by kind of content. The same arguments give the same text."""

from __future__ import annotations

import random

PHRASE = (
    "the model of a *language* learns to tell what `comes` next and with **what** probability "
    "it would draw each token after temperature has been applied to the logits"
)
WORDS = PHRASE.split()
TOKEN = 4
"""Characters that count as a token."""


def _words(draw: random.Random, count: int) -> str:
    return " ".join(draw.choice(WORDS) for _ in range(count))


def prose(draw: random.Random) -> str:
    """A paragraph."""
    return _words(draw, 70) + ".\n\n"


def code(draw: random.Random) -> str:
    """A function, inside a fence that stays open."""
    n = draw.randrange(10**6)
    return (
        f'def f{n}(x: int, y="s") -> int:\n    """Say what {n} does."""\n'
        f"    return x * {n}  # {draw.choice(WORDS)}\n\n"
    )


def bullets(draw: random.Random) -> str:
    """An item of a list and three below it."""
    return "".join(f"{'  ' if n else ''}- {_words(draw, 9)}\n" for n in range(4))


def table(draw: random.Random) -> str:
    """A row of a table."""
    words = _words(draw, draw.randrange(1, 9))
    return f"| p{draw.randrange(999)} | {words} | {draw.random():.4f} | {draw.choice(WORDS)} |\n"


KINDS = {"prose": prose, "code": code, "list": bullets, "table": table}
HEADS = {
    "code": "```python\n",
    "table": "| name | what it does | value | note |\n|---|:--|--:|---|\n",
}
TAILS = {"code": "```\n\n", "list": "\n", "table": "\n"}


def text_of(kind: str, characters: int, seed: int = 1) -> str:
    """At least so many characters of one kind, as one block (but for prose)."""
    draw, parts, size = random.Random(seed), [HEADS.get(kind, "")], 0
    while size < characters:
        parts.append(KINDS[kind](draw))
        size += len(parts[-1])
    return "".join(parts)


def tokens_of(kind: str, count: int) -> list[str]:
    """So many tokens of one kind; none of the kind "idle"."""
    if kind == "idle":
        return []
    text = text_of(kind, count * TOKEN)
    return [text[at : at + TOKEN] for at in range(0, count * TOKEN, TOKEN)]


def answer(number: int) -> str:
    """A reply of about a hundred words with each kind of content in it."""
    parts = [text_of(kind, 120, number) + TAILS.get(kind, "") for kind in KINDS]
    return f"## Answer {number}\n\n" + "".join(parts)
