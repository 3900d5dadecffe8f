"""The last thing between a server and whoever shows what comes of it: no event holds the key.

What one piece of a stream says is rid of the key where it is read (see client.py). A reply's pieces
can spell it together, so those that may be its beginning are held back until it is clear.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import accumulate

from mlxchat.engine.interface import Event, ReplyFailed, ReplyFinished, TokenSampled
from mlxchat.engine.loading import LoadFailed
from mlxchat.engine.samples import SampleFinished, SamplesFailed, SampleToken
from mlxchat.engine.server.keys import HIDDEN, without_key

Token = TokenSampled | SampleToken
Stream = tuple[str, int]
"""What is written: a reply, or the samples of a request, which come one after the other."""


class Veil:
    """Takes events, and hands them on without the key."""

    def __init__(self, hand_on: Callable[[Event], None], key: Callable[[], str]) -> None:
        """`key` tells the key; empty where there is none that is a secret."""
        self._hand_on = hand_on
        self._key = key
        self._held: dict[Stream, list[Token]] = {}
        """The last tokens of each stream, as far as the key may begin in them."""

    def __call__(self, event: Event) -> None:
        """Hand an event on, and before the end of a reply what is held of it."""
        key = self._key()
        if not key:
            self._hand_on(event)
        elif isinstance(event, TokenSampled | SampleToken):
            self._take(event, key)
        else:
            for held in self._held.pop(_stream(event), ()):
                self._hand_on(held)
            if isinstance(event, ReplyFailed | SamplesFailed | LoadFailed):
                event = replace(event, message=without_key(event.message, key))
            self._hand_on(event)

    def _take(self, event: Token, key: str) -> None:
        stream = _stream(event)
        tokens = [*self._held.pop(stream, ()), event]
        texts = hidden([token.record.text for token in tokens], key)
        sure = sum(map(len, texts)) - _begun("".join(texts), key)
        for token, text, end in zip(tokens, texts, accumulate(map(len, texts)), strict=True):
            said = token if text == token.record.text else _saying(token, text)
            if end <= sure and stream not in self._held:
                self._hand_on(said)
            else:
                self._held.setdefault(stream, []).append(said)


def hidden(texts: Sequence[str], key: str) -> list[str]:
    """Texts that follow each other, with the key made unreadable in the one where it begins."""
    found = list(texts)
    while (start := "".join(found).find(key)) >= 0:
        found = _cut(found, start, start + len(key))
    return found


def _cut(texts: Sequence[str], start: int, end: int) -> list[str]:
    cut, place = [], 0
    for text in texts:
        first, last = (min(max(0, edge - place), len(text)) for edge in (start, end))
        begins = place <= start < place + len(text)
        cut.append(text[:first] + HIDDEN * begins + text[last:])
        place += len(text)
    return cut


def _begun(text: str, key: str) -> int:
    """How many characters at the end of a text are the beginning of the key."""
    most = min(len(text), len(key) - 1)
    return next((count for count in range(most, 0, -1) if text.endswith(key[:count])), 0)


def _saying(token: Token, text: str) -> Token:
    return replace(token, record=replace(token.record, text=text))


def _stream(event: Event) -> Stream:
    """What a token belongs to, or the end of what is written."""
    match event:
        case TokenSampled() | ReplyFinished() | ReplyFailed():
            return "reply", event.reply_id
        case SampleToken() | SampleFinished() | SamplesFailed():
            return "samples", event.request_id
        case _:
            return "", 0
