"""Where two replies part, which words differ, and where one model's view moved from another's."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from mlxchat.conversation.entries import Reply

# A character of a script that puts no spaces between words is a word.
_UNSPACED = r"\u2e80-\u9fff\uac00-\ud7af\uf900-\ufaff"
_WORD = re.compile(rf"[{_UNSPACED}]|[^\W{_UNSPACED}]+|[^\w\s]")


def first_difference(a: Reply, b: Reply) -> tuple[int, int] | None:
    """The character in each reply's text where they part: by tokens where both have the same
    vocabulary, else by text. None where they are equal, or may become so: one of them is written
    still and agrees so far."""
    found = _by_tokens(a, b) if _comparable(a, b) else _by_text(a.text, b.text)
    if found is None:
        return None
    ended = [reply for reply, place in zip((a, b), found, strict=True) if place == len(reply.text)]
    return None if any(reply.reason is None for reply in ended) else found


def _comparable(a: Reply, b: Reply) -> bool:
    """Whether equal ids mean equal tokens in both, and nothing stands before those that differs."""
    sizes = a.vocabulary_size, b.vocabulary_size
    known = None not in sizes and sizes[0] == sizes[1] and bool(a.spoken_ids and b.spoken_ids)
    return known and a.prefill == b.prefill and not (a.damage or b.damage)


def _by_tokens(a: Reply, b: Reply) -> tuple[int, int] | None:
    ours, theirs = a.spoken_ids, b.spoken_ids
    if ours == theirs:
        return None if a.text == b.text else _by_text(a.text, b.text)
    same = _agreeing(ours, theirs)
    return tuple(  # type: ignore[return-value]
        len(reply.prefill) + sum(len(record.text) for record in reply.tokens[:same])
        for reply in (a, b)
    )


def _by_text(a: str, b: str) -> tuple[int, int] | None:
    same = _agreeing(a, b)
    return None if same == len(a) == len(b) else (same, same)


def _agreeing(a: Sequence[object], b: Sequence[object]) -> int:
    """How many items both begin with."""
    pairs = enumerate(zip(a, b, strict=False))
    return next((at for at, (one, other) in pairs if one != other), min(len(a), len(b)))


def word_diff(a: str, b: str) -> tuple[list[range], list[range]]:
    """The stretches of characters of each text that the other has not, in whole words."""
    ours, theirs = list(_WORD.finditer(a)), list(_WORD.finditer(b))
    words, others = [found[0] for found in ours], [found[0] for found in theirs]
    start = _agreeing(words, others)
    end = _agreeing(words[start:][::-1], others[start:][::-1])
    middle = slice(start, len(words) - end), slice(start, len(others) - end)
    # What is equal at both ends costs nothing. Of a long middle the words that are everywhere are
    # looked at only beside others: text that says one word for ever would take for ever.
    found = SequenceMatcher(None, words[middle[0]], others[middle[1]]).get_opcodes()
    changes = [change for change in found if change[0] != "equal"]
    return (
        [_stretch(ours, start + i, start + j) for _, i, j, _, _ in changes if i < j],
        [_stretch(theirs, start + i, start + j) for _, _, _, i, j in changes if i < j],
    )


def _stretch(words: Sequence[re.Match[str]], first: int, end: int) -> range:
    return range(words[first].start(), words[end - 1].end())


@dataclass(frozen=True, slots=True)
class MovedToken:
    """A token that two models find not equally probable; natural logarithms."""

    place: int
    """Among the reply's tokens."""
    text: str
    own_logprob: float
    """Of the model that wrote it, at temperature 1 without filters and penalties."""
    other_logprob: float

    @property
    def difference(self) -> float:
        """Above 0 where the model that wrote it finds it more probable."""
        return self.own_logprob - self.other_logprob


@dataclass(frozen=True, slots=True)
class Moved:
    """How far one model's view of a reply is from another's."""

    mean: float
    """Of the differences of all tokens, in natural logarithms; 0 where there are none."""
    most: list[MovedToken]
    """Those with the greatest differences, up or down, the greatest first."""


def moved(reply: Reply, other_logprobs: Sequence[float], most: int = 10) -> Moved:
    """How probable a reply's model finds its tokens against how probable another one does. Tokens
    of which it is not known what the model itself said do not count."""
    pairs = zip(reply.tokens, other_logprobs, strict=False)
    tokens = [
        MovedToken(place, record.text, record.own_logprob, other)
        for place, (record, other) in enumerate(pairs) if record.own_known
    ]  # fmt: skip
    finite = [token for token in tokens if math.isfinite(token.difference)]
    if not finite:
        return Moved(0.0, [])
    mean = math.fsum(token.difference for token in finite) / len(finite)
    ranked = sorted(finite, key=lambda token: -abs(token.difference))
    return Moved(mean, ranked[:most])
