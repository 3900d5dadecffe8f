"""The records of a reply's tokens as bytes, and back: each number exactly as it was.

Of the text only the lengths are in the bytes: it is saved beside them. So are the settings, as runs
of tokens under the same ones. Numbers of a kind stand together, and of those the bytes of equal
weight: so they compress to about half. Everything is little-endian, as every machine that MLX
knows.
"""

from __future__ import annotations

import struct
import zlib
from array import array
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from typing import Literal, NamedTuple

from mlxchat.conversation.token_list import Run
from mlxchat.engine.alternatives import ID_BYTES, Alternatives
from mlxchat.engine.interface import TokenRecord
from mlxchat.errors import MlxchatError
from mlxchat.settings.parameters import Settings

FORMAT = 1
HEAD = struct.Struct("<BBIII")
"""Format, whether it is compressed, how many tokens, how many bytes without compression, and their
CRC-32."""
LEVEL = 6

INTEGER: Literal["q"] = "q"
FLOAT: Literal["d"] = "d"
WIDTH = 8
"""Types of a column, and the bytes of a number."""
FROM_DRAFT, KNOWN, PROCESSED = 1, 2, 4
"""Flags of a token; known is the probability with which it was drawn, and of a processed one the
model's own before bias and penalties."""


class DamagedTokens(MlxchatError):
    """The saved tokens cannot be read."""

    def __init__(self) -> None:
        super().__init__(
            "The saved tokens of this reply are damaged: its text is whole, write it again "
            "(/retry) to look into its tokens."
        )


class PackedPiece(NamedTuple):
    """Some tokens of a reply, as they were saved."""

    text: str
    packed: bytes


def pack(records: Sequence[TokenRecord]) -> bytes:
    """The records without their text and settings. Raises OverflowError where a number is larger
    than any model's."""
    lists = [record.kept_alternatives for record in records]
    halves = [one.halves for one in lists]
    body = b"".join(
        (
            _integers(r.kept_id for r in records),
            _integers(r.rank for r in records),
            _integers(len(r.text) for r in records),
            _integers(map(len, lists)),
            _floats(r.logprob for r in records),
            _floats(r.entropy for r in records),
            _floats(0.0 if r.drawn_logprob is None else r.drawn_logprob for r in records),
            bytes(map(_flags, records)),
            _together(b"".join(ids for ids, _ in halves), ID_BYTES),
            _together(b"".join(logprobs for _, logprobs in halves), ID_BYTES),
            _floats(r.model_logprob for r in records if r.model_logprob is not None),
        )
    )
    small = zlib.compress(body, LEVEL)
    pays = len(small) < len(body)
    return HEAD.pack(FORMAT, pays, len(records), len(body), zlib.crc32(body)) + (
        small if pays else body
    )


def unpack(pieces: Iterable[PackedPiece], runs: Sequence[Run]) -> list[TokenRecord]:
    """The records of a reply out of all its pieces. Raises DamagedTokens."""
    records: list[TokenRecord] = []
    settings = _settings_of_each(runs)
    try:
        for piece in pieces:
            records += _unpack(piece, settings)
    except (ValueError, struct.error, zlib.error):
        raise DamagedTokens from None
    return records


def unpack_ids(pieces: Iterable[PackedPiece]) -> list[int]:
    """The ids alone. Raises DamagedTokens."""
    ids: list[int] = []
    try:
        for piece in pieces:
            count, body = _body(piece.packed)
            found, _, lengths = (body.integers(count) for _ in range(3))
            if sum(lengths) != len(piece.text):
                raise ValueError("lengths that do not fit")
            ids += found
    except (ValueError, struct.error, zlib.error):
        raise DamagedTokens from None
    return ids


def _unpack(piece: PackedPiece, settings: Iterator[Settings]) -> Iterator[TokenRecord]:
    count, body = _body(piece.packed)
    ids, ranks, lengths, widths = (body.integers(count) for _ in range(4))
    logprobs, entropies, drawn = (body.floats(count) for _ in range(3))
    flags = body.take(count)
    total = sum(widths)
    if min((0, *lengths, *widths)) < 0 or sum(lengths) != len(piece.text):
        raise ValueError("lengths that do not fit")
    likely_ids, likely = (_apart(body.take(total * ID_BYTES), ID_BYTES) for _ in range(2))
    by_model = iter(body.floats(sum(bool(flag & PROCESSED) for flag in flags)))
    body.end()
    at = pair = 0
    for n in range(count):
        text = piece.text[at : at + lengths[n]]
        end = pair + widths[n] * ID_BYTES
        yield TokenRecord(
            ids[n], text, logprobs[n], ranks[n],
            Alternatives.packed(likely_ids[pair:end], likely[pair:end]),
            next(settings), entropies[n],
            drawn[n] if flags[n] & KNOWN else None,
            bool(flags[n] & FROM_DRAFT),
            next(by_model) if flags[n] & PROCESSED else None,
        )  # fmt: skip
        at, pair = at + lengths[n], end


class _Body:
    """Bytes that are read from the front."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def take(self, size: int) -> bytes:
        taken = self._data[self._at : self._at + size]
        if len(taken) != size:
            raise ValueError("cut off")
        self._at += size
        return taken

    def integers(self, count: int) -> array[int]:
        return array(INTEGER, self._apart(count))

    def floats(self, count: int) -> array[float]:
        return array(FLOAT, self._apart(count))

    def _apart(self, count: int) -> bytes:
        return _apart(self.take(count * WIDTH), WIDTH)

    def end(self) -> None:
        if self._at != len(self._data):
            raise ValueError("more than there should be")


def _body(packed: bytes) -> tuple[int, _Body]:
    form, compressed, count, size, checksum = HEAD.unpack_from(packed)
    if form != FORMAT or compressed not in (False, True):
        raise ValueError("another format")
    data = packed[HEAD.size :]
    if compressed:
        data = zlib.decompressobj().decompress(data, size)
    if len(data) != size or zlib.crc32(data) != checksum:
        raise ValueError("not what was saved")
    return count, _Body(data)


def _settings_of_each(runs: Sequence[Run]) -> Iterator[Settings]:
    """The settings of each token; the last ones for all that follow."""
    if not runs:
        raise ValueError("no settings")
    for run, after in pairwise(runs):
        for _ in range(run.first, after.first):
            yield run.settings
    while runs:
        yield runs[-1].settings


def _flags(record: TokenRecord) -> int:
    return (
        FROM_DRAFT * record.from_draft
        | KNOWN * (record.drawn_logprob is not None)
        | PROCESSED * (record.model_logprob is not None)
    )


def _integers(numbers: Iterable[int]) -> bytes:
    return _together(array(INTEGER, numbers).tobytes(), WIDTH)


def _floats(numbers: Iterable[float]) -> bytes:
    return _together(array(FLOAT, numbers).tobytes(), WIDTH)


def _together(data: bytes, width: int) -> bytes:
    """The first bytes of all numbers, then their second bytes, and so on."""
    return b"".join(data[place::width] for place in range(width))


def _apart(data: bytes, width: int) -> bytes:
    """The opposite of `_together`."""
    whole, count = bytearray(len(data)), len(data) // width
    for place in range(width):
        whole[place::width] = data[place * count : (place + 1) * count]
    return bytes(whole)
