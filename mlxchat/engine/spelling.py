"""From token ids to text and bytes, token by token."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import cache, cached_property
from typing import Any

Tokenizer = Any
"""mlx_lm.tokenizer_utils.TokenizerWrapper."""

_BYTE_TOKEN = re.compile("<0x([0-9A-Fa-f]{2})>")
_WORD_START = "\u2581"
"""Stands for a space in the vocabularies of SentencePiece."""


class Speller:
    """Spells a reply: each token gives the text that becomes readable with it.

    mlx_lm's detokenizers take off the space before a reply's first word; here it stays, or the
    text would not spell the reply's tokens, and a prefilled start would run into the first word.
    """

    def __init__(self, tokenizer: Tokenizer, token_ids: Iterable[int] = ()) -> None:
        self._tokenizer = tokenizer
        self._detokenizer = tokenizer.detokenizer
        self._begun = False
        for token_id in token_ids:
            self.add(token_id)

    def add(self, token_id: int) -> str:
        """The text that this token completes; empty in mid-character."""
        self._detokenizer.add_token(token_id)
        return self._led(str(self._detokenizer.last_segment))

    def rest(self) -> str:
        """What waits for a next token that will not come. Nothing can be added after it."""
        self._detokenizer.finalize()
        return self._led(str(self._detokenizer.last_segment))

    def _led(self, text: str) -> str:
        if self._begun or not text:
            return text
        self._begun = True
        return leading_space(self._tokenizer, self._detokenizer.tokens, text) + text


def leading_space(tokenizer: Tokenizer, token_ids: Sequence[int], text: str) -> str:
    """The space that belongs before `text`, the first that a reply of `token_ids` shows."""
    if not text or text[0].isspace():
        return ""
    return " " if tokenizer.decode(list(token_ids)).startswith(" ") else ""


class Vocabulary:
    """The exact bytes of each token."""

    def __init__(self, tokenizer: Tokenizer) -> None:
        self._tokenizer = tokenizer
        self._special = frozenset(tokenizer.all_special_ids)

    @cached_property
    def _byte_level(self) -> bool:
        """Whether it is written in GPT-2's alphabet of bytes. Looked up when it is first asked for:
        that spells out the whole vocabulary."""
        return "Ġ" in self._tokenizer.get_vocab()

    def bytes_of(self, token_id: int) -> bytes:
        """A token's bytes; the name of a special one, in UTF-8."""
        name = self._tokenizer.convert_ids_to_tokens(token_id)
        if name is None or token_id in self._special:
            return (name or "").encode()
        if self._byte_level:
            return b"".join(_byte_alphabet().get(c, c.encode()) for c in name)
        if found := _BYTE_TOKEN.fullmatch(name):
            return bytes([int(found[1], 16)])
        return str(name).replace(_WORD_START, " ").encode()


@cache
def _byte_alphabet() -> dict[str, bytes]:
    """The character for each byte: itself where it can be seen, else the next from U+0100 on.

    Source: Radford et al. 2019 (GPT-2), bytes_to_unicode.
    """
    seen = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    hidden = [byte for byte in range(256) if byte not in seen]
    alphabet = {chr(byte): bytes([byte]) for byte in seen}
    return alphabet | {chr(0x100 + place): bytes([byte]) for place, byte in enumerate(hidden)}
