"""Text as it is indexed and looked for. The index finds words; Chinese, Japanese and Korean have
none that a tokenizer could tell, so each of their characters is one, and a word a row of them."""

from __future__ import annotations

import re

MOST_WORDS = 32
"""Of what is looked for; the others are left out."""
EXCERPT = 90
"""Characters."""
LEAD = 30
"""How many of them stand before the word that was found."""

_CJK = re.compile(
    "[\u1100-\u11ff\u2e80-\u2fdf\u3005-\u3007\u3040-\u30ff\u3105-\u31bf\u31f0-\u31ff\u3400-\u4dbf"
    "\u4e00-\u9fff\uac00-\ud7a3\uf900-\ufaff\uff66-\uff9d\U0001b000-\U0001b16f"
    "\U00020000-\U0003ffff]"
)
_UNINDEXED = re.compile("[\x00\ud800-\udfff]")


def spaced(text: str) -> str:
    """The text with its words apart. What is indexed was made by this: it changes together with a
    migration that builds the index anew."""
    return _CJK.sub(r" \g<0> ", _UNINDEXED.sub(" ", text))


def words_of(query: str) -> list[str]:
    """The words that somebody looks for; what has neither letter nor digit is none."""
    clean = _UNINDEXED.sub(" ", query)
    return [word for word in clean.split() if any(map(str.isalnum, word))][:MOST_WORDS]


def match_of(query: str) -> str:
    """What FTS5 is asked for: all the words, the last of them perhaps not typed to its end. Nothing
    in it can be FTS5's syntax. Empty where there is no word."""
    quoted = ['"' + spaced(word).replace('"', " ") + '"' for word in words_of(query)]
    return f"{' '.join(quoted)}*" if quoted else ""


def excerpt(text: str, query: str) -> str:
    """A line of the text around the first of the words."""
    words = "|".join(sorted(map(re.escape, words_of(query)), key=len, reverse=True))
    ways = (rf"(?<!\w)(?:{words})", words) if words else ()
    looks = (re.search(way, text, re.IGNORECASE) for way in ways)
    found = next((look for look in looks if look), None)
    start = max(0, found.start() - LEAD) if found else 0
    line = " ".join(text[start : start + 2 * EXCERPT].split())
    cut = line[: EXCERPT - 1] + "…" if len(line) > EXCERPT else line
    return f"…{cut}" if start else cut
